"""Build stages: a result is kept under a key made from the files that made it.

A stage builds into a temporary folder that is renamed when complete, so an interrupted build
never looks finished, and an edit rebuilds only the stage it touches and those that use it.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .report import timed
from .settings import LAB, LabError, Settings


def digest(files: Iterable[Path], *words: str) -> str:
    """A short key over file contents, their names, and further words."""
    total = hashlib.sha256()
    # What lies elsewhere (a cache anywhere) comes first, so that no folder's name changes the order.
    for path in sorted(files, key=lambda path: (LAB in path.parents, path)):
        total.update(str(path.relative_to(LAB) if LAB in path.parents else path.name).encode())
        total.update(path.read_bytes())
    for word in words:
        total.update(b"\0" + word.encode())
    return total.hexdigest()[:12]


def tree(folder: str) -> list[Path]:
    """Every file under a folder of the lab (not what interpreters leave there)."""
    return [path for path in (LAB / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@dataclass(frozen=True)
class Stage:
    """One cached step: `build(out)` fills the folder `out`."""

    name: str
    key: str
    build: Callable[[Path], None]
    settings: Settings

    @property
    def out(self) -> Path:
        """Where the finished result lies."""
        return self.settings.stages / f"{self.name}-{self.key}"

    @property
    def ready(self) -> bool:
        """True when the result exists, complete."""
        return self.out.is_dir()

    def ensure(self) -> Path:
        """Build unless cached; older results of the same stage are dropped afterwards."""
        if self.ready:
            return self.out
        temporary = self.settings.stages / f".{self.name}-{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            with timed(f"build {self.name}"):
                self.build(temporary)
            temporary.rename(self.out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._drop_older()
        return self.out

    def _drop_older(self) -> None:
        for other in self.settings.stages.glob(f"{self.name}-*"):
            if other != self.out and len(other.name) == len(self.out.name):
                shutil.rmtree(other, ignore_errors=True)


def run_script(name: str, out: Path, log: Path, extra: Mapping[str, str] | None = None) -> str:
    """Run `build/<name>` with OUT set; its chatter goes to a log, its stdout comes back."""
    environment = os.environ | {"OUT": str(out)} | dict(extra or {})
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as chatter:
        done = subprocess.run(
            ["bash", str(LAB / "build" / name)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=chatter,
            text=True,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise LabError(f"build/{name} failed ({done.returncode}), see {log}:\n{tail}")
    return done.stdout.strip()
