"""What tests get: the running twin, as an object and as pytest fixtures.

Any test folder may import `lab` and `fresh_lab` from here; without GBTUI_LAB=1 they skip.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import faults
from .lifecycle import Twin
from .settings import HOST, Settings
from .shell import Finished

WANTED = os.environ.get("GBTUI_LAB") == "1"
FULL = os.environ.get("GBTUI_LAB_FULL") == "1"
"""The longer suites too (`make lab-full`): they would take the gate more than its forty minutes."""
full = pytest.mark.skipif(not FULL, reason="make lab-full runs it")
"""For a test of the longer suites."""


class Lab:
    """The twin as tests see it: where it is, what runs in it, what goes wrong in it."""

    host = HOST
    user = "ops"

    as_saved = False
    """It was put back for a file of tests, and none of them has begun."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    @property
    def port(self) -> int:
        """The forwarded SSH port on loopback."""
        return self._twin.settings.port

    @property
    def key(self) -> Path:
        """The operator's private key."""
        return self._twin.settings.key

    @property
    def known_hosts(self) -> Path:
        """The guest's host keys, for strict verification."""
        return self._twin.settings.known_hosts

    def run(self, *words: str, user: str = "ops", seconds: float = 120) -> Finished:
        """Run one program in the guest with exactly these arguments."""
        return self._twin.shell.argv(words, user=user, seconds=seconds)

    def inside(self, role: str, *words: str, seconds: float = 120) -> Finished:
        """Run one program inside the container of a role."""
        return self.run("lxc", "exec", f"acme-{role}", "--", *words, seconds=seconds)

    def script(self, text: str, *, user: str = "root", seconds: float = 300) -> Finished:
        """Run a shell script in the guest."""
        return self._twin.shell.run("bash -eu -s", user=user, stdin=text, seconds=seconds)

    def fault(self, name: str) -> None:
        """Inject a named fault."""
        faults.play(self._twin.shell, name, "inject")

    def undo(self, name: str) -> None:
        """Take a named fault back."""
        faults.play(self._twin.shell, name, "undo")

    @contextmanager
    def faulty(self, name: str) -> Iterator[None]:
        """A fault for the length of a block."""
        self.fault(name)
        try:
            yield
        finally:
            self.undo(name)

    def reboot(self) -> None:
        """Boot anew from its disks as they are; open SSH connections are gone afterwards."""
        self._twin.reboot()

    def reset(self) -> None:
        """Back to the saved state; open SSH connections are gone afterwards."""
        self._twin.reset()


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The twin, brought up once per session."""
    if not WANTED:
        pytest.skip("needs the lab: GBTUI_LAB=1")
    twin = Twin(Settings())
    twin.up()
    return Lab(twin)


@pytest.fixture
def fresh_lab(lab: Lab) -> Lab:
    """The twin as it was saved, whatever earlier tests did."""
    if not lab.as_saved:
        lab.reset()
    return lab
