"""Programs on the far side of a connection: channels counted, ended by stdin, no wait without a bound."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import time
from typing import TYPE_CHECKING

from gbtui.errors import Failed, GbtuiError, TimedOut, Unreachable
from gbtui.hosts.guardian import KILL_AFTER
from gbtui.text import clean

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientProcess, SSHReader

#: Session channels in use at once: sshd allows ten (MaxSessions) and refuses the next one.
CHANNELS = 8
#: How many of them may be long streams, so that short commands always find one.
STREAMS = 6
#: Seconds: to open a channel, to get a turn, and for a closed one to be really gone.
OPEN_TIMEOUT, TURN_TIMEOUT, GONE_TIMEOUT = 15.0, 60.0, KILL_AFTER + 10.0
#: Seconds that a program whose stdin was held has to see its end and leave.
FAREWELL = 5.0


class Sessions:
    """The session channels of one connection. `round_trip` is the latest measure, in seconds."""

    def __init__(self, ssh: SSHClientConnection, name: str) -> None:
        self.ssh = ssh
        self.name = name
        self.round_trip: float | None = None
        self.most = 0
        self._used = 0
        self._channels = asyncio.Semaphore(CHANNELS)
        self._streams = asyncio.Semaphore(STREAMS)
        self._programs: set[SshProgram] = set()
        self._background: set[asyncio.Task[None]] = set()

    async def start(
        self, argv: tuple[str, ...], *, held: bool, guarded: bool, stream: bool = False
    ) -> SshProgram:
        """Start `argv`. `held`: only closing the program ends its stdin; `guarded`: that ends it.

        Raises:
            Unreachable: the link broke.
            TimedOut: all channels stay busy, or the host does not open one.
        """
        turns = [self._streams, self._channels] if stream else [self._channels]
        await self._turn(turns, argv[0])
        opening = asyncio.ensure_future(self._open(argv))
        try:
            process = await asyncio.shield(opening)
        except BaseException:
            # A channel that opens after nobody wants it any more is closed, and only then free.
            self._in_background(self._abandon(opening, turns))
            raise
        program = SshProgram(self, process, turns, held=held, guarded=guarded)
        self._programs.add(program)
        return program

    async def close(self) -> None:
        """End every program and give the ends a moment to arrive."""
        for program in tuple(self._programs):
            await program.end()
        if self._background:
            await asyncio.wait(tuple(self._background), timeout=GONE_TIMEOUT if self.alive else 0.1)
        for task in tuple(self._background):
            task.cancel()

    @property
    def alive(self) -> bool:
        return not self.ssh.is_closed()

    async def _turn(self, turns: list[asyncio.Semaphore], name: str) -> None:
        taken: list[asyncio.Semaphore] = []
        try:
            async with asyncio.timeout(TURN_TIMEOUT):
                for turn in turns:
                    await turn.acquire()
                    taken.append(turn)
        except BaseException as error:
            for turn in taken:
                turn.release()
            if isinstance(error, TimeoutError):
                raise TimedOut(f"running {name}", why="all channels of the connection are busy") from error
            raise
        self._used += 1
        self.most = max(self.most, self._used)

    async def _open(self, argv: tuple[str, ...]) -> SSHClientProcess[bytes]:
        import asyncssh  # noqa: PLC0415

        what = f"running {argv[0]} on {self.name}"
        started = time.monotonic()
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                process: SSHClientProcess[bytes] = await self.ssh.create_process(
                    shlex.join(argv), encoding=None, request_pty=False
                )
        except TimeoutError as error:
            raise Unreachable(what, why=f"no channel within {OPEN_TIMEOUT:g} s") from error
        except asyncssh.ChannelOpenError as error:
            if self.alive:
                hint = "is MaxSessions in sshd_config below 10?"
                raise Failed(what, why=f"sshd refused a channel: {clean(str(error))}", hint=hint) from error
            raise self.lost(what) from error
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(what, why=clean(str(error))) from error
        # Opening is two round trips: the channel, then the command.
        self.round_trip = (time.monotonic() - started) / 2
        return process

    async def _abandon(
        self, opening: asyncio.Task[SSHClientProcess[bytes]], turns: list[asyncio.Semaphore]
    ) -> None:
        with contextlib.suppress(GbtuiError):
            process = await opening
            process.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait_closed(), GONE_TIMEOUT)
        self.release(turns)

    def release(self, turns: list[asyncio.Semaphore]) -> None:
        """Give the turns back."""
        self._used -= 1
        for turn in turns:
            turn.release()

    def ended(self, program: SshProgram) -> None:
        """`program` is closed: its channel is free when it is really gone."""
        if program in self._programs:
            self._programs.discard(program)
            self._in_background(program.gone())

    def lost(self, what: str) -> Unreachable:
        """The words for a link that broke on the way."""
        return Unreachable(what, why=f"the link to {self.name} broke", hint="reconnecting")

    def _in_background(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]  # a coroutine
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class SshProgram:
    """A remote program (`gbtui.hosts.collect.Program`).

    Nothing here relies on signals: sshd delivers none to privileged sessions. Closing the channel
    closes the program's stdin; its guardian, `tail -F` or `timeout` do the rest over there.
    """

    def __init__(
        self,
        sessions: Sessions,
        process: SSHClientProcess[bytes],
        turns: list[asyncio.Semaphore],
        *,
        held: bool,
        guarded: bool,
    ) -> None:
        self._sessions = sessions
        self._process = process
        self._turns = turns
        self._held = held
        self._keep_stdin = held or guarded
        self._closing = False
        self.stdout = _Output(process.stdout, sessions)
        self.stderr = _Output(process.stderr, sessions)

    async def feed(self, data: bytes) -> None:
        """Write to stdin, and close it unless it is held. A program that stopped reading is no error."""
        import asyncssh  # noqa: PLC0415

        with contextlib.suppress(OSError, asyncssh.Error):
            if data:
                self._process.stdin.write(data)
                await self._process.stdin.drain()
            if not self._keep_stdin:
                self._process.stdin.write_eof()

    async def wait(self) -> int:
        """The exit status; 128 + n when a signal ended it.

        Raises:
            Unreachable: the link broke before it was known.
        """
        await self._process.wait_closed()
        status = self._process.returncode
        if status is None:
            raise self._sessions.lost("waiting for the end of a command")
        return status if status >= 0 else 128 - status

    async def end(self) -> None:
        """Let go of it: at once, since what ends it happens on the other side."""
        if self._closing:
            return
        self._closing = True
        if self._held:
            with contextlib.suppress(OSError):
                self._process.stdin.write_eof()
        else:
            self._process.close()
        self._sessions.ended(self)

    async def gone(self) -> None:
        """Wait until the channel is closed on both sides, and free its turn."""
        try:
            if self._held:
                # its stdin has ended; it may have something to put right before it leaves
                await _in_time(self._process, FAREWELL)
                self._process.close()
            await _in_time(self._process, GONE_TIMEOUT)
        finally:
            self._sessions.release(self._turns)


class _Output:
    """One output of a remote program: asyncssh's exceptions become ours."""

    def __init__(self, reader: SSHReader[bytes], sessions: Sessions) -> None:
        self._reader = reader
        self._sessions = sessions

    async def read(self, n: int = -1, /) -> bytes:
        import asyncssh  # noqa: PLC0415

        try:
            return await self._reader.read(n)
        except (OSError, asyncssh.Error) as error:
            raise self._sessions.lost("reading the output of a command") from error


async def _in_time(process: SSHClientProcess[bytes], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait_closed(), seconds)
