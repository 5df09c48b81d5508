"""Feeds: facts read again and again, only while somebody looks.

At most one fetch in flight; an interval per feed; back-off with jitter after a failure, and it
never gives up; the last good value stays. A feed yields immutable `Reading`s.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Generic, Protocol, TypeVar

from gbtui.errors import Denied, GbtuiError, Unreachable
from gbtui.facts.reading import Reading, State

T = TypeVar("T")

LONGEST_PAUSE = 60.0
"""Seconds: a feed that keeps failing, or takes long, asks no more seldom than this."""
PEACE = 2.0
"""How long a host is left in peace, in times of how long it took to answer."""


class Source(Protocol[T]):
    """What a pane watches: the latest reading, and a call whenever there is another."""

    name: str

    @property
    def reading(self) -> Reading[T]: ...

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every new reading; returns what ends it."""

    def watch(self) -> Callable[[], None]:
        """Poll while at least one watcher is there; returns what ends this one."""

    def refresh(self) -> None:
        """Look again as soon as possible (an event hinted at a change, or the user asked)."""


def state_of(error: GbtuiError, *, seen: bool) -> State:
    """How a failed attempt is shown; `seen`: there is an older value to show."""
    if isinstance(error, Unreachable):
        return State.DISCONNECTED
    if isinstance(error, Denied):
        return State.DENIED
    return State.STALE if seen else State.LOADING


class Announcer:
    """The listeners of one source."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed) if changed in self._listeners else None

    def announce(self) -> None:
        for changed in tuple(self._listeners):
            changed()


class Watched(Generic[T]):
    """A source that works only while somebody watches: `_work` runs until the last one leaves."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._reading: Reading[T] = Reading()
        self._announcer = Announcer()
        self._watchers = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def _work(self) -> None:
        raise NotImplementedError

    @property
    def reading(self) -> Reading[T]:
        return self._reading

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        return self._announcer.listen(changed)

    def watch(self) -> Callable[[], None]:
        self._watchers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"feed {self.name}")
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._watchers -= 1
                if self._watchers == 0:
                    self._cancel()

        return end

    def refresh(self) -> None:
        self._wake.set()

    async def close(self) -> None:
        """Stop for good and wait until nothing of it runs."""
        task = self._task
        self._cancel()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _pause_for(self, seconds: float) -> bool:
        """Wait that long; True where somebody asked to look again before."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True


class Feed(Watched[T]):
    """Polls `fetch` every `interval` seconds while watched and not resting."""

    def __init__(self, name: str, fetch: Callable[[], Awaitable[T]], interval: float) -> None:
        super().__init__(name)
        self.interval = interval
        self._fetch = fetch
        self._resting = 0
        self._failures = 0

    @contextmanager
    def rest(self) -> Iterator[None]:
        """No polling meanwhile (an operation is changing the subject); a fresh look afterwards."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1
            self.refresh()

    async def once(self) -> Reading[T]:
        """One look now, whoever watches. Never raises a GbtuiError: the reading carries it."""
        began = monotonic()
        try:
            value = await self._fetch()
        except GbtuiError as error:
            self._failures += 1
            old = self._reading
            self._reading = Reading(
                state=state_of(error, seen=old.value is not None),
                value=old.value,
                taken_at=old.taken_at,
                seconds=monotonic() - began,
                error=error,
            )
        else:
            self._failures = 0
            self._reading = Reading(State.OK, value, datetime.now(UTC), monotonic() - began)
        self._announcer.announce()
        return self._reading

    def _pause(self) -> float:
        """Seconds until the next look. A host that answers slowly is left in peace for twice as long as
        its answer took: looking must not be what keeps it busy."""
        if not self._failures:
            return max(self.interval, min(self._reading.seconds * PEACE, LONGEST_PAUSE))
        longest = max(LONGEST_PAUSE, self.interval)
        pause: float = min(self.interval * 2 ** min(self._failures, 10), longest)
        return pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret

    async def _work(self) -> None:
        while True:
            if not self._resting:
                self._wake.clear()
                await self.once()
            await self._pause_for(self._pause())
            if self._resting:
                self._wake.clear()
