"""What the verbs do to the machine: up, down, reset, status; one at a time per port."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from .build import install_host_packages
from .machine import Machine
from .provision import SNAPSHOT, Provisioner
from .report import say, timed
from .settings import HOST, LabError, Settings
from .shell import Shell

_RESUME_SECONDS = 120
_SHUTDOWN_SECONDS, _BOOT_SECONDS = 300, 600


class Twin:
    """The one machine of this cache and port."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shell = Shell(settings)
        self._machine = Machine(settings)
        self._provisioner = Provisioner(settings)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two engineers may type at once; the second waits."""
        self.settings.cache.mkdir(parents=True, exist_ok=True)
        with (self.settings.cache / f"lock.{self.settings.port}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @property
    def running(self) -> bool:
        """True while our QEMU lives."""
        return self._machine.pid is not None

    def _running_key(self) -> str:
        try:
            return (self.settings.run / "state").read_text().strip()
        except FileNotFoundError:
            return ""

    def up(self) -> None:
        """Bring the twin to life from whatever is cached; nothing to do when it already is."""
        with self._locked():
            install_host_packages()
            state = self._provisioner.state()
            if self.running and self._answers():
                if self._running_key() != state.key:
                    say("kept: it runs, but from older files (`lab down`, then `lab up`, rebuilds)")
                return
            self._machine.stop()
            folder = state.ensure()
            self._provisioner.write_known_hosts()
            with timed("resume the saved state"):
                accelerator = self._provisioner.accelerator()
                self._machine.start(self._provisioner.disks(folder), accelerator, SNAPSHOT)
                (self.settings.run / "state").write_text(state.key)
                self.shell.wait(self._machine, _RESUME_SECONDS)

    def _answers(self) -> bool:
        return self.shell.run("true", seconds=60).returncode == 0

    def down(self) -> None:
        """End the machine; what happened since the saved state is dropped at the next `up`."""
        with self._locked():
            self._machine.stop()

    def reset(self) -> None:
        """Back to the saved state, in seconds: every fault and every change is gone."""
        with self._locked():
            if not self.running:
                raise LabError("the twin is not running: lab up")
            with timed("reset"):
                self._machine.tell(f"loadvm {SNAPSHOT}")
                self.shell.wait(self._machine, _RESUME_SECONDS)

    def reboot(self) -> None:
        """Shut the guest down and boot it from its disks, as they are now; a later reset still works."""
        with self._locked():
            if not self.running:
                raise LabError("the twin is not running: lab up")
            with timed("reboot"):
                self.shell.run("systemctl reboot", seconds=60)
                self._machine.await_end(_SHUTDOWN_SECONDS)
                folder = self._provisioner.state().ensure()
                self._machine.start(self._provisioner.disks(folder), self._provisioner.accelerator())
                self.shell.wait(self._machine, _BOOT_SECONDS)

    def status(self) -> dict[str, str]:
        """What an engineer wants to know before trusting the twin."""
        facts = {"running": "yes" if self.running else "no", "port": str(self.settings.port)}
        if self.running:
            facts["pid"] = str(self._machine.pid)
            facts["state"] = self._running_key()
            done = self.shell.run("lxc list -f csv -c ns4; uptime", seconds=60)
            facts["guest"] = "\n" + (done.stdout or done.stderr).rstrip()
        return facts

    def environment(self) -> dict[str, str]:
        """How to reach the twin, for tests and for people."""
        return {
            "GBTUI_LAB_HOST": HOST,
            "GBTUI_LAB_PORT": str(self.settings.port),
            "GBTUI_LAB_USER": os.environ.get("GBTUI_LAB_USER", "ops"),
            "GBTUI_LAB_KEY": str(self.settings.key),
            "GBTUI_LAB_KNOWN_HOSTS": str(self.settings.known_hosts),
        }
