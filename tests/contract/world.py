"""A host under test, whichever kind it is, and what a test may do to the world around it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gbtui.config import HostConfig
from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.hosts.base import Command, Completed, Host, inside

if TYPE_CHECKING:
    from tests.lab.twin.fixtures import Lab

FAULTS = Path(__file__).parent.parent / "lab" / "faults"


@dataclass
class World:
    """A host, and what a test may do to the world around it."""

    host: Host
    kind: str

    async def run(self, *argv: str, where: str = "host", timeout: float = 30.0) -> Completed:
        """A command as root on the host, or inside an instance."""
        if where == "host":
            return await self.host.run(Command(argv, root=True, timeout=timeout))
        return await self.host.run(inside(where, Command(argv, timeout=timeout)))

    async def pass_time(self, seconds: float) -> None:
        """Let the host's clock go on: at once on the simulated one."""
        if isinstance(self.host, DemoHost):
            await self.host.clock.sleep(seconds)
        else:
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def fault(self, name: str) -> AsyncIterator[None]:
        """A named fault for the length of the block."""
        await self._play(name, "inject")
        try:
            yield
        finally:
            await self._play(name, "undo")

    async def _play(self, name: str, action: str) -> None:
        if isinstance(self.host, DemoHost):
            (self.host.inject if action == "inject" else self.host.undo)(name)
        elif self.kind == "lab":
            play = lab().fault if action == "inject" else lab().undo
            await asyncio.to_thread(play, name)
        else:
            script = (FAULTS / f"{name}.sh").read_bytes()
            place = f"/run/contract-fault-{name}.sh"
            await self.host.write(place, script)
            done = await self.run("bash", "-eu", place, action, timeout=120)
            assert done.ok, done.stderr


@cache
def lab() -> Lab:
    """The twin, brought up once, as it was saved: what an earlier run left would break the contract."""
    from tests.lab.twin.fixtures import Lab
    from tests.lab.twin.lifecycle import Twin
    from tests.lab.twin.settings import Settings

    twin = Twin(Settings())
    twin.up()
    fresh = Lab(twin)
    fresh.reset()
    return fresh


def make_host(kind: str) -> Host:
    if kind == "demo":
        return DemoHost(clock=ManualClock(), faults=("snapshot-orphans",))
    if kind == "local":
        from gbtui.hosts.local import LocalHost

        return LocalHost(HostConfig("local", "local"))
    from gbtui.hosts.ssh import SshHost

    return SshHost(_lab_config() if kind == "lab" else _ssh_config())


def _lab_config() -> HostConfig:
    twin = lab()
    known = (str(twin.known_hosts),)
    return HostConfig("lab", "ssh", twin.host, twin.user, twin.port, known, str(twin.key))


def _ssh_config() -> HostConfig:
    address = urlsplit(os.environ["GBTUI_CONTRACT_SSH"])
    known = (os.environ["GBTUI_CONTRACT_KNOWN_HOSTS"],)
    key = os.environ["GBTUI_CONTRACT_KEY"]
    return HostConfig("ssh", "ssh", address.hostname or "", address.username or "", address.port, known, key)
