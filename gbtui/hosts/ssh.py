"""A host over SSH: one connection, eight channels at most, nothing left behind on the other side."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gbtui.config import HostConfig
from gbtui.errors import Malformed, TimedOut
from gbtui.hosts import batch, files, ssh_forward
from gbtui.hosts.base import MIB, TIMED_OUT, Command, Completed, HostKind, Link, Lxd, inside
from gbtui.hosts.collect import ProgramStream, collect
from gbtui.hosts.guardian import KILL_AFTER, KILLED, bounded, ends_by_itself, guarded
from gbtui.hosts.local import SHELL, told, unpacked
from gbtui.hosts.lxd import LxdSocket
from gbtui.hosts.ssh_link import SshLink
from gbtui.hosts.ssh_program import Sessions, SshProgram

#: Seconds on top of a command's own time before the host counts as not answering.
_OUTER = KILL_AFTER + 5


class SshHost:
    """A remote machine (`gbtui.hosts.base.Host`), reached with what ~/.ssh/config and the agent give."""

    kind: HostKind = "ssh"

    def __init__(self, config: HostConfig) -> None:
        self.name = config.name
        self.address = config.address
        self._config = config
        self._sudo = False
        self._forward: ssh_forward.Forward | None = None
        self._forwarding = asyncio.Lock()
        self._link = SshLink(config, self._greet, self._part)
        self._lxd = LxdSocket(self._lxd_socket)
        self.lxd: Lxd = self._lxd

    @property
    def link(self) -> Link:
        return self._link.link

    @property
    def on_link(self) -> list[Callable[[Link], None]]:
        """Who is told of every change of `link`."""
        return self._link.on_link

    async def open(self) -> None:
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()
        self._lxd.close()

    async def run(self, command: Command) -> Completed:
        return await self._run(self._link.sessions, command, sudo=command.root and self._sudo)

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
        prefix = ("sudo", "-n", "--") if sudo else ()
        by_itself = ends_by_itself(command)
        argv = (*prefix, *command.argv)
        if not by_itself:
            argv = guarded(bounded(command.argv, 0), command.stdin, sudo=sudo)
        program = await self._link.sessions.start(
            argv, held=command.hold_stdin, guarded=not by_itself, stream=True
        )
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
        """ssh with the same trust as the connection; the rest is in ~/.ssh/config for both."""
        config = self._config
        argv = ["ssh", "-t", "-o", "StrictHostKeyChecking=yes", "-o", "RemoteCommand=none"]
        if config.known_hosts:
            quoted = " ".join(f'"{file}"' for file in config.known_hosts)
            argv += ["-o", f"UserKnownHostsFile={quoted}"]
        if config.port is not None:
            argv += ["-p", str(config.port)]
        if config.user:
            argv += ["-l", config.user]
        if config.identity is not None:
            argv += ["-i", config.identity]
        return (*argv, "--", config.host, shlex.join(("lxc", "exec", instance, "-t", "--", *SHELL)))

    async def _run(self, sessions: Sessions, command: Command, *, sudo: bool) -> Completed:
        argv = guarded(bounded(command.argv, command.timeout), command.stdin, sudo=sudo)
        program: SshProgram = await sessions.start(argv, held=False, guarded=True)
        outer = command.timeout + _OUTER
        completed = await collect(program, command, timeout=outer)
        if completed.timed_out and completed.seconds >= outer:
            why = f"neither it nor its timeout answered within {outer:g} s"
            raise TimedOut(f"running {command.argv[0]} on {self.name}", why=why, hint="is the link alive?")
        if completed.status == KILLED and completed.seconds >= command.timeout:
            completed = Completed(
                command,
                TIMED_OUT,
                completed.stdout,
                completed.stderr,
                completed.seconds,
                completed.truncated,
            )
        return told(completed)

    async def _greet(self, sessions: Sessions) -> None:
        """Ask who we are over there; the answer also measures how far away it is."""
        answer = await self._run(sessions, Command(("id", "-u"), timeout=30.0), sudo=False)
        uid = answer.stdout.strip()
        if not answer.ok or not uid.isdigit():
            raise Malformed(
                f"connecting to {self.name}", why="`id -u` printed no number", hint="see the shell"
            )
        self._sudo = uid != b"0"

    def _part(self) -> None:
        """The connection is gone, and with it what was forwarded through it."""
        if self._forward is not None:
            self._forward.close()
            self._forward = None

    async def _lxd_socket(self) -> str:
        """The path here of LXD's socket over there, forwarded when first wanted."""
        connection = self._link.connection
        async with self._forwarding:
            if self._forward is None:
                answer = await self.run(ssh_forward.find_command(self._config.lxd_socket))
                remote = ssh_forward.found_socket(answer)
                made = await ssh_forward.forward(connection.ssh, remote)
                if connection.ssh.is_closed():
                    made.close()
                    raise self._link.sessions.lost("forwarding LXD's socket")
                self._forward = made
            return self._forward.path
