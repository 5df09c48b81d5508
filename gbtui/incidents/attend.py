"""The feeds that an incident's timeline is made from, listened to while a cockpit is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from gbtui.checks.base import Report
from gbtui.checks.drift import Change
from gbtui.facts.bans_types import Bans
from gbtui.facts.feed import Source
from gbtui.incidents.book import Incidents
from gbtui.incidents.recorder import Recorder


class Attendance:
    """Tells `recorder` what `checks`, `bans` and the drift (`changes`, newest first) say.

    While an incident runs, bans and checks are read whether or not a pane shows them.
    """

    def __init__(
        self,
        incidents: Incidents,
        recorder: Recorder,
        checks: Source[Report],
        bans: Source[Bans],
        changes: Callable[[], Sequence[Change]],
    ) -> None:
        self._incidents = incidents
        self._recorder = recorder
        self._checks = checks
        self._bans = bans
        self._changes = changes
        self._ends: list[Callable[[], None]] = []
        self._watching: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Listen. A second time changes nothing."""
        if not self._ends:
            self._incidents.changed.append(self._runs_or_not)
            self._ends = [
                self._checks.listen(self._checked),
                self._bans.listen(self._banned),
                lambda: self._incidents.changed.remove(self._runs_or_not),
            ]

    async def end(self) -> None:
        """Listen no more, and wait until what was noted is sent or cannot be."""
        for end in (*self._ends, *self._watching):
            end()
        self._ends, self._watching = [], []
        await self._recorder.close()

    def _runs_or_not(self) -> None:
        running = self._incidents.current is not None
        if running and not self._watching:
            self._watching = [self._checks.watch(), self._bans.watch()]
            self._checked()
        elif not running:
            for end in self._watching:
                end()
            self._watching = []

    def _checked(self) -> None:
        report = self._checks.reading.value
        if report is not None:
            self._recorder.report(report)
            if self._incidents.current is not None:
                self._recorder.drifted(self._changes())

    def _banned(self) -> None:
        reading = self._bans.reading
        if reading.value is not None:
            self._recorder.bans(reading.value, reading.taken_at or datetime.now(UTC))
