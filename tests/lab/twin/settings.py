"""Where things are: the lab's own files, its cache outside the repository, its port."""

import os
from dataclasses import dataclass, field
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
REPOSITORY = LAB.parent.parent
HOST = "127.0.0.1"
MEMORY_MB = 3072
CPUS = 2


class LabError(Exception):
    """Something the caller has to know, in words; the command prints it and exits 1."""


def _cache() -> Path:
    chosen = os.environ.get("GBTUI_LAB_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gbtui-lab"


@dataclass(frozen=True)
class Settings:
    """Everything that depends on the machine or its environment."""

    cache: Path = field(default_factory=_cache)
    port: int = field(default_factory=lambda: int(os.environ.get("GBTUI_LAB_PORT", "2222")))

    @property
    def key(self) -> Path:
        """The operator's private key."""
        return self.cache / "id_lab"

    @property
    def public_key(self) -> Path:
        """Its public half, built into the guest."""
        return self.cache / "id_lab.pub"

    @property
    def known_hosts(self) -> Path:
        """The guest's host keys for this port, for strict verification."""
        return self.cache / f"known_hosts.{self.port}"

    @property
    def stages(self) -> Path:
        """Results of the build stages, one folder per stage and key."""
        return self.cache / "stages"

    @property
    def run(self) -> Path:
        """What the running machine leaves: pid, monitor socket, console."""
        return self.cache / f"run.{self.port}"
