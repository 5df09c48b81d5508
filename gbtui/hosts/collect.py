"""What local and remote programs have in common: bounded capture, timeout, an end in every case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Protocol

from gbtui.hosts.base import TIMED_OUT, Command, Completed
from gbtui.hosts.errors import explain
from gbtui.hosts.guardian import KILLED

CHUNK = 65536
#: Seconds that a finished program's children may go on holding its output.
LINGER = 1.0
#: Bytes of stderr that a stream keeps to explain its end.
COMPLAINT = 8192

_ending: set[asyncio.Task[None]] = set()


class Reader(Protocol):
    """One output of a program."""

    async def read(self, n: int = -1, /) -> bytes: ...


class Program(Protocol):
    """A running program, wherever it runs."""

    @property
    def stdout(self) -> Reader: ...

    @property
    def stderr(self) -> Reader: ...

    async def feed(self, data: bytes) -> None:
        """Write to stdin; a program that does not read it is no error."""

    async def wait(self) -> int:
        """The exit status. Raises Unreachable when the link broke before it was known."""

    async def end(self) -> None:
        """Leave nothing running. Idempotent."""


class Capture:
    """At most `limit` bytes of one output."""

    def __init__(self, reader: Reader, limit: int) -> None:
        self.reader = reader
        self.limit = limit
        self.data = bytearray()
        self.truncated = False

    async def drain(self) -> None:
        """Read until the end or until there is more than the limit."""
        while chunk := await self.reader.read(CHUNK):
            room = self.limit - len(self.data)
            self.data += chunk[:room]
            if len(chunk) > room:
                self.truncated = True
                return


async def shielded(work: Coroutine[None, None, None]) -> None:
    """Do `work` to its end even when the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.shield(task)


async def collect(program: Program, command: Command, *, timeout: float) -> Completed:
    """Run `program` to its end, at most `timeout` seconds, and end it in every case.

    Status 124: ended by its time. `truncated`: it said more than `command.limit` (137 when it was
    ended for that).
    """
    started = time.monotonic()
    out, err = Capture(program.stdout, command.limit), Capture(program.stderr, command.limit)
    feed = asyncio.ensure_future(program.feed(command.stdin or b""))
    drains = {asyncio.ensure_future(out.drain()), asyncio.ensure_future(err.drain())}
    leaving = asyncio.ensure_future(program.wait())
    try:
        finished = await _watch(leaving, drains, (out, err), started + timeout)
        if not finished:
            await shielded(program.end())
        await asyncio.wait(drains, timeout=LINGER)
        truncated = out.truncated or err.truncated
        status = await leaving if finished else KILLED if truncated else TIMED_OUT
    finally:
        await shielded(program.end())
        tasks = (feed, leaving, *drains)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Completed(command, status, bytes(out.data), bytes(err.data), time.monotonic() - started, truncated)


async def _watch(
    leaving: asyncio.Task[int],
    drains: set[asyncio.Task[None]],
    captures: tuple[Capture, Capture],
    deadline: float,
) -> bool:
    """Wait until the program left by itself: True. Time is up or there is too much output: False."""
    pending: set[asyncio.Task[int] | asyncio.Task[None]] = {leaving, *drains}
    while not leaving.done():
        left = deadline - time.monotonic()
        _, pending = await asyncio.wait(pending, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
        if any(capture.truncated for capture in captures):
            return False
        if left <= 0 and not leaving.done():
            return False
    return True


class ProgramStream:
    """The output of a long-running program as chunks (`gbtui.hosts.base.Stream`).

    Iteration ends when the program ends with status 0 or the stream is closed, and raises the
    words of its stderr when it ends otherwise. `complaint` is the end of what it said on stderr
    so far: `tail -F` keeps waiting for a file that it may not read and says so only there.
    """

    def __init__(self, program: Program, command: Command) -> None:
        self._program = program
        self._command = command
        self._stderr = bytearray()
        self._closed = False
        self._listen = asyncio.ensure_future(self._listen_to_stderr())
        self._feed = asyncio.ensure_future(program.feed(command.stdin or b""))

    @property
    def complaint(self) -> bytes:
        return bytes(self._stderr)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._program.stdout.read(CHUNK):
            yield chunk
        if self._closed:
            return
        status = await self._program.wait()
        await asyncio.wait((self._listen,), timeout=LINGER)
        if status != 0 and not self._closed:
            ended = Completed(self._command, status, b"", self.complaint, 0.0)
            raise explain(ended, f"following {self._command.shown()}")

    async def write(self, data: bytes) -> None:
        await self._program.feed(data)

    async def close(self) -> None:
        """End the program and what listens to it. Idempotent."""
        self._closed = True
        await shielded(self._program.end())
        for task in (self._listen, self._feed):
            task.cancel()
        await asyncio.gather(self._listen, self._feed, return_exceptions=True)

    async def _listen_to_stderr(self) -> None:
        while chunk := await self._program.stderr.read(CHUNK):
            self._stderr += chunk
            del self._stderr[:-COMPLAINT]
