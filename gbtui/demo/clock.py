"""The demo host's time: the machine's own, or one that only moves when somebody waits."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the simulated host lives by."""

    def now(self) -> float:
        """Seconds since the epoch."""

    async def sleep(self, seconds: float) -> None:
        """Return when that much time has passed for the host: what a command takes."""

    async def wait(self, seconds: float) -> None:
        """The same for what goes on in the background (a followed log): it never moves the time."""


class RealClock:
    """The machine's own time: the demo lives at the speed of a real host."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """Time for tests and drills replayed: waiting moves it at once, nothing else does.

    The default start is a Monday morning in UTC, so that names made from dates never change.
    """

    def __init__(self, start: float = 1_795_417_200.0) -> None:
        self._now = start
        self._waiting: list[asyncio.Future[None]] = []

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; timers that fall due fire at the next look at the host."""
        self._now += seconds
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Moves the time and lets other tasks run once; takes no real time."""
        self.advance(max(seconds, 0.0))
        await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        due = self._now + seconds
        while self._now < due:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
