"""The access log as a source a pane can watch: followed while somebody looks, mended when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.errors import GbtuiError
from gbtui.facts.feed import Announcer, state_of
from gbtui.facts.log import Log, LogReader
from gbtui.facts.reading import Reading, State

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between attempts to follow a log that ended or could not be opened."""


class LogFeed:
    """A `Source[Log]` over `LogReader.follow`.

    `open_reader` finds the instance whose log it is: it is asked again until it succeeds, because
    the proxy may not exist yet when the cockpit opens.
    """

    def __init__(self, name: str, open_reader: Callable[[], Awaitable[LogReader]]) -> None:
        self.name = name
        self._open_reader = open_reader
        self._reader: LogReader | None = None
        self._reading: Reading[Log] = Reading()
        self._announcer = Announcer()
        self._watchers = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def reading(self) -> Reading[Log]:
        return self._reading

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        return self._announcer.listen(changed)

    def watch(self) -> Callable[[], None]:
        self._watchers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(), name=f"feed {self.name}")
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._watchers -= 1
                if self._watchers == 0 and self._task is not None:
                    self._task.cancel()
                    self._task = None

        return end

    def refresh(self) -> None:
        """Try again now, where the log could not be followed."""
        self._wake.set()

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _arrived(self) -> None:
        if self._reader is None:
            return
        self._reading = Reading(State.OK, self._reader.log(), datetime.now(UTC))
        self._announcer.announce()

    async def _follow(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._wake.clear()
            try:
                if self._reader is None:
                    self._reader = await self._open_reader()
                await self._reader.follow(self._arrived)
            except GbtuiError as error:
                if self._reading.state is State.OK:
                    pause = FIRST_PAUSE
                state = state_of(error, seen=self._reading.value is not None)
                self._reading = replace(self._reading, state=state, error=error)
                self._announcer.announce()
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pause = min(pause * 2, LONGEST_PAUSE)
