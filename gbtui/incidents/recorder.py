"""What happens while an incident runs, noted by itself: findings, operations, walks, bans, drift.

Nothing here ever fails a change or a look: what cannot be noted is said in `Incidents.error`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from gbtui.checks.base import Report
from gbtui.checks.drift import Change
from gbtui.errors import BadInput, GbtuiError
from gbtui.facts.bans_types import Bans
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.guard.story import Story
from gbtui.incidents import watch
from gbtui.incidents.book import Incidents
from gbtui.incidents.types import Entry
from gbtui.runbooks.walk import Walk


class Recorder:
    """Notes what is told to it on the incident that runs, if one does; the engine's `Witness`.

    `story` gives what the journal says of an operation.
    """

    def __init__(self, incidents: Incidents, story: Callable[[str], Story]) -> None:
        self._incidents = incidents
        self._story = story
        self._mine: set[str] = set()
        self._banned: watch.Banned | None = None
        self._walked: dict[str, int] = {}
        self._looked = False
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what the feeds say

    def report(self, report: Report) -> None:
        """A round of the checks."""
        running = self._incidents.current
        if running is not None:
            self._note(watch.flips(running, report, self._incidents.by, self._mine))
        self._mine = {watch.subject_of(one) for one in report.findings}

    def bans(self, bans: Bans, at: datetime) -> None:
        """Who is banned; what was so before the incident is not news."""
        now = watch.banned(bans)
        if self._banned is not None:
            self._note(watch.ban_changes(self._banned, now, self._incidents.by, at))
        self._banned = now

    def drifted(self, changes: Sequence[Change]) -> None:
        """What changed on the host lately, newest first: that of the incident's time is noted once."""
        running = self._incidents.current
        if running is not None:
            told = {(one.subject, one.lines) for one in running.entries if one.kind == "drift"}
            new = watch.drifted(
                (one for one in reversed(changes) if one.at >= running.started), self._incidents.by
            )
            self._note(tuple(one for one in new if (one.subject, one.lines) not in told))

    def walked(self, walk: Walk) -> None:
        """A walk was saved: steps that ended are noted, each once."""
        running, known = self._incidents.current, self._walked.get(walk.id)
        self._walked[walk.id] = len(walk.records)
        if running is None:
            return
        records = [one for one in walk.records[known or 0 :] if one.state != "begun"]
        if known is None:
            records = [one for one in records if datetime.fromisoformat(one.at) >= running.started]
        if not records:
            return
        from gbtui.runbooks.catalog import find  # noqa: PLC0415 - the reader of Markdown, when there was a walk

        with suppress(BadInput):  # a runbook that is not there any more
            book = find(walk.runbook)
            self._note(tuple(watch.stepped(book, one, self._incidents.by) for one in records))

    # -- what the engine says

    async def begins(self, plan: Plan, id: str, word: str) -> None:  # noqa: A002 - the port's name
        if await self._runs():
            await self._incidents.add(watch.begins(plan, id, self._incidents.by, word))

    async def ended(self, plan: Plan, outcome: Outcome) -> None:
        if await self._runs():
            story = None
            with suppress(GbtuiError):
                story = self._story(outcome.id) if outcome.id else None
            await self._incidents.add(watch.ended(plan, outcome, self._incidents.by, story))

    async def _runs(self) -> bool:
        """Whether an incident runs; asked of the host once where nobody has looked yet."""
        if self._incidents.current is None and not self._looked:
            self._looked = True
            with suppress(GbtuiError):
                await self._incidents.look()
        return self._incidents.current is not None

    # -- sending

    def _note(self, entries: tuple[Entry, ...]) -> None:
        """On the timeline now, on the host soon."""
        if self._incidents.current is None or not entries:
            return
        self._incidents.note(*entries)
        task = asyncio.get_running_loop().create_task(self._incidents.send(), name="send to the incident")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait until what was noted is sent, or cannot be."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
