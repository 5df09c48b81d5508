"""This machine as a host: asyncio subprocesses, and LXD on its own socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from gbtui.config import HostConfig
from gbtui.errors import Denied, MissingTool, Unreachable
from gbtui.hosts import batch, files, process
from gbtui.hosts.base import MIB, Command, Completed, HostKind, Link, Lxd, inside
from gbtui.hosts.collect import ProgramStream, collect
from gbtui.hosts.errors import SUDO_HINT, explain, missing_tool, refused_by_sudo
from gbtui.hosts.guardian import KILL_AFTER, bounded, guarded
from gbtui.hosts.lxd import LxdSocket, find_lxd_socket, no_socket

#: The interactive shell inside a container: bash where there is one.
SHELL = ("sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash -l; exec sh -l")
#: Seconds that sudo and the guardian may need on top of the command's own time.
_OUTER = KILL_AFTER + 3


class LocalHost:
    """This machine (`gbtui.hosts.base.Host`). Nothing to open; closing ends what was started."""

    kind: HostKind = "local"

    def __init__(self, config: HostConfig) -> None:
        self.name = config.name
        self.address = "local"
        self.on_link: list[Callable[[Link], None]] = []
        self._link = Link(connected=True, since=datetime.now(UTC))
        self._sudo = os.geteuid() != 0
        self._programs: set[process.LocalProgram] = set()
        self._closed = False
        self._lxd = LxdSocket(lambda: _socket(config.lxd_socket))
        self.lxd: Lxd = self._lxd

    @property
    def link(self) -> Link:
        return self._link

    async def open(self) -> None:
        self._closed = False

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*(program.end() for program in tuple(self._programs)))
        self._lxd.close()

    async def run(self, command: Command) -> Completed:
        sudo = command.root and self._sudo
        timeout = command.timeout + _OUTER if sudo else command.timeout
        async with self._started(command, sudo=sudo, seconds=command.timeout) as program:
            completed = await collect(program, command, timeout=timeout)
        return told(completed) if sudo else completed

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        if not commands:
            return ()
        made = batch.compose(commands, sudo=self._sudo and instance is None)
        whole = made.on_host() if instance is None else inside(instance, made.in_shell())
        return unpacked(made, await self.run(whole), instance)

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[ProgramStream]:
        sudo = command.root and self._sudo
        async with self._started(command, sudo=sudo, seconds=0) as program:
            stream = ProgramStream(program, command)
            try:
                yield stream
            finally:
                await stream.close()

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        return await files.read(self.run, path, instance=instance, limit=limit)

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        await files.write(self.run, path, data, instance=instance, mode=mode)

    def shell(self, instance: str) -> tuple[str, ...]:
        return ("lxc", "exec", instance, "-t", "--", *SHELL)

    @asynccontextmanager
    async def _started(
        self, command: Command, *, sudo: bool, seconds: float
    ) -> AsyncIterator[process.LocalProgram]:
        """A started program that is ended in every case. `seconds` bounds it where only root can."""
        if sudo and not command.hold_stdin:
            argv = guarded(bounded(command.argv, seconds), command.stdin, sudo=True)
            program = await process.start(argv, held=True)
        else:
            argv = ("sudo", "-n", "--", *command.argv) if sudo else command.argv
            held = command.hold_stdin
            program = await process.start(argv, stdin=command.stdin is not None, held=held)
        self._programs.add(program)
        try:
            if self._closed:  # while it was being started
                raise Unreachable(f"running {command.argv[0]}", why="the host was closed")
            yield program
        finally:
            await program.end()
            self._programs.discard(program)


def told(completed: Completed) -> Completed:
    """`completed` of a command that ran behind sudo or `timeout`, read the way a bare one would be.

    Raises:
        Denied: sudo did not let it run.
        MissingTool: there is no such program.
    """
    command = completed.command
    if refused_by_sudo(completed):
        raise Denied(
            f"running {command.shown()}", why="sudo wants a password or does not allow it", hint=SUDO_HINT
        )
    if completed.status == 127 and b"timeout: failed to run command" in completed.stderr:
        tool = missing_tool(completed) or command.argv[0]
        raise MissingTool(f"running {command.argv[0]}", why=f"{tool} is not installed there")
    return completed


def unpacked(made: batch.Batch, whole: Completed, instance: str | None) -> tuple[Completed, ...]:
    """The parts of a batch. When the batch itself could not run, the words of why."""
    if not whole.ok and made.boundary.encode() not in whole.stdout:
        where = f"in {instance}" if instance is not None else "on the host"
        raise explain(whole, f"running commands {where}")
    return batch.split(made, whole)


async def _socket(configured: str | None) -> str:
    found = find_lxd_socket(configured)
    if found is None:
        raise no_socket(configured)
    return found
