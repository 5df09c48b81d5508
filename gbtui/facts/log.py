"""The proxy's access log: Caddy's JSON lines, decoded once (guide items 73, 91)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from gbtui.errors import Denied, Failed, GbtuiError, NotFound, Unreachable
from gbtui.facts.failure import failure
from gbtui.facts.log_book import LogBook
from gbtui.facts.log_decode import LineSplitter, decode_line, mask_query
from gbtui.facts.log_types import Entry, Log, Tally
from gbtui.hosts.base import Command, Host, inside
from gbtui.profiles import Profile

__all__ = ["Entry", "LineSplitter", "Log", "LogBook", "LogReader", "Tally", "decode_line", "mask_query"]

BACKLOG = 500
"""Lines of the past shown when following begins."""

EVERY = 0.1
"""Seconds between two calls of `on_change`, at least."""

KEPT_PER_INTERVAL = 5_000
"""Lines decoded per `EVERY`; what comes faster is counted only, so that keys stay quick."""


class LogReader:
    """Reads and follows the access log of `instance` ("" : of the host itself)."""

    def __init__(self, host: Host, profile: Profile, instance: str) -> None:
        self._host = host
        self._path = profile.access_log
        self._instance = instance
        self._where = f"access log {self._path} of {instance or 'the host'}"
        self._book = LogBook(self._path)
        self._backlog = 0

    def log(self) -> Log:
        """What was gathered so far."""
        return self._book.log()

    async def read(self, lines: int = BACKLOG) -> Log:
        """The last `lines` of the log, once.

        Raises:
            NotFound: there is no such file. Denied: it cannot be read. Failed: anything else.
        """
        done = await self._host.run(self._tail("-n", str(lines)))
        if not done.ok:
            await self._probe()
            raise failure(done, self._where)
        book, splitter = LogBook(self._path, capacity=max(lines, 1)), LineSplitter()
        book.take(splitter.feed(done.stdout + b"\n"), backlog=True)
        book.lost(splitter.dropped)
        return book.log()

    async def follow(self, on_change: Callable[[], None]) -> None:
        """Gather lines as they come, through rotation and truncation, until cancelled.

        `on_change` is called once the log is open, and then at most every `EVERY` seconds. Called
        again after an end, it goes on counting, and does not count a line twice.

        Raises:
            NotFound, Denied: the log is not there or cannot be read.
            Unreachable: the stream ended (`tail -F` never ends by itself).
        """
        await self._probe()
        # tail -F, capital: Caddy's roller renames the file and makes a new one
        command = self._tail("-F", "-n", str(BACKLOG))
        told = _Throttle(on_change)
        self._backlog, after = BACKLOG, self._book.newest
        try:
            async with self._host.stream(command) as stream:
                told.now()
                splitter, budget = LineSplitter(), _Budget()
                async for chunk in stream:
                    self._take(splitter, chunk, after, budget)
                    told.soon()
                    await asyncio.sleep(0)  # a full pipe must not starve the screen
        finally:
            told.close()
        await self._probe()
        raise Unreachable(self._where, why="the stream ended", hint="it is opened again by itself")

    def _take(self, splitter: LineSplitter, chunk: bytes, after: float, budget: _Budget) -> None:
        dropped = splitter.dropped
        lines = splitter.feed(chunk)
        self._book.lost(splitter.dropped - dropped)
        if self._backlog:
            old, lines = lines[: self._backlog], lines[self._backlog :]
            self._backlog -= len(old)
            self._book.take(old, backlog=True, after=after)
        kept = budget.grant(len(lines))
        self._book.sample(lines[: len(lines) - kept])
        self._book.take(lines[len(lines) - kept :])

    async def _probe(self) -> None:
        """Whether the log is there and readable, in words; tail itself would wait for it in silence."""
        tests = tuple(
            Command(("test", flag, self._path), root=not self._instance) for flag in ("-e", "-f", "-r")
        )
        exists, plain, readable = await self._host.run_many(tests, instance=self._instance or None)
        error: GbtuiError | None = None
        if exists.status > 1:
            error = failure(exists, self._where)
        elif not exists.ok:
            error = NotFound(self._where, why="no such file", hint="is access logging on in the proxy?")
        elif not readable.ok:
            error = Denied(self._where, why="cannot be read", hint="its owner and mode: ls -l there")
        elif not plain.ok:
            error = Failed(self._where, why="not a regular file")
        if error is not None:
            raise error

    def _tail(self, *options: str) -> Command:
        command = Command(("tail", *options, self._path), root=not self._instance)
        return inside(self._instance, command) if self._instance else command


class _Budget:
    """How many lines may still be decoded in the present interval."""

    def __init__(self) -> None:
        self._since = 0.0
        self._left = 0

    def grant(self, wanted: int) -> int:
        now = monotonic()
        if now - self._since >= EVERY:
            self._since, self._left = now, KEPT_PER_INTERVAL
        given = min(wanted, self._left)
        self._left -= given
        return given


class _Throttle:
    """Calls `tell` at most every `EVERY` seconds, and never leaves the last change untold."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def now(self) -> None:
        self._timer = None
        self._last = monotonic()
        self._tell()

    def soon(self) -> None:
        if self._timer is None:
            wait = max(self._last + EVERY - monotonic(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait, self.now)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
