"""The access log as a source a pane can watch: followed while somebody looks, mended when it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.errors import GbtuiError
from gbtui.facts.feed import Watched, state_of
from gbtui.facts.log import Log, LogReader
from gbtui.facts.reading import Reading, State

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between attempts to follow a log that ended or could not be opened."""


class LogFeed(Watched[Log]):
    """A `Source[Log]` over `LogReader.follow`.

    `open_reader` finds the instance whose log it is: it is asked again until it succeeds, because
    the proxy may not exist yet when the cockpit opens. `refresh` tries again at once.
    """

    def __init__(self, name: str, open_reader: Callable[[], Awaitable[LogReader]]) -> None:
        super().__init__(name)
        self._open_reader = open_reader
        self._reader: LogReader | None = None

    def _arrived(self) -> None:
        if self._reader is None:
            return
        self._reading = Reading(State.OK, self._reader.log(), datetime.now(UTC))
        self._announcer.announce()

    def _failed(self, error: GbtuiError) -> None:
        state = state_of(error, seen=self._reading.value is not None)
        self._reading = replace(self._reading, state=state, error=error)
        self._announcer.announce()

    async def _work(self) -> None:
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
                self._failed(error)
            if not await self._pause_for(pause):
                pause = min(pause * 2, LONGEST_PAUSE)
