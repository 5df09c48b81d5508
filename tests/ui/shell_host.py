"""The cockpit over a demo host that claims to be real and whose shell is a local one: for a test in a pty."""

from __future__ import annotations

import sys
from pathlib import Path

from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.profiles import load
from gbtui.session import Session
from screens.app import CockpitApp


class ShellHost(DemoHost):
    """Opens a shell of this machine instead of one in a container."""

    def shell(self, instance: str) -> tuple[str, ...]:
        return ("sh", "-c", f"echo shell in {instance}; read line; echo said $line; read line; exit 3")


class Ticking(CockpitApp):
    """Writes a line for every second that it noticed."""

    def tick(self) -> None:
        super().tick()
        with Path(sys.argv[1], "ticks").open("a") as ticks:
            ticks.write("aside\n" if self.aside else "in sight\n")


if __name__ == "__main__":
    host = ShellHost()
    host.kind = "local"
    Ticking(Session(host, load(), Journal(Path(sys.argv[1])), user="alice", tenant="acme")).run()
