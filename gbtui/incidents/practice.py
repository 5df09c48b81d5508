"""A drill under way: its fault, its incident, the hints that were given, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gbtui.incidents import watch
from gbtui.incidents.book import Incidents
from gbtui.incidents.score import Score, hints, score
from gbtui.incidents.types import Incident

if TYPE_CHECKING:
    from gbtui.runbooks.drills import Drill

GIVEN_UP = "given up"


@runtime_checkable
class TakesFaults(Protocol):
    """A host that a drill's fault can be put into: only a simulated one is."""

    def only(self, fault: str) -> None:
        """Take out every other fault, and put this one in afresh."""


class Practice:
    """One drill on the incident `incidents.current` of its host."""

    def __init__(self, drill: Drill, incidents: Incidents) -> None:
        self.drill = drill
        self.given: tuple[str, ...] = ()
        """The hints so far."""
        self._over: Incident | None = None
        self._incidents = incidents
        self._id = ""

    async def begin(self) -> None:
        """Begin its incident. Raises what `Incidents.begin` raises."""
        self._id = (await self._incidents.begin(f"Drill: {self.drill.title}")).id

    @property
    def over(self) -> Incident | None:
        """Its timeline once it is over: repaired, given up, or ended by whoever ended its incident.

        As the host has it: an end whose answer was lost is one. Kept, because another may run by then.
        """
        latest = self._incidents.latest
        if self._over is None and latest is not None and latest.id == self._id and latest.end is not None:
            self._over = latest
        return self._over

    @property
    def given_up(self) -> bool:
        """Whether it was ended without a repair, by who practised."""
        over = self.over
        return over is not None and over.end is not None and over.end.title.startswith(GIVEN_UP)

    @property
    def timeline(self) -> Incident | None:
        """What happened so far; None before its incident was begun."""
        current = self._incidents.current
        return self.over or (current if current is not None and current.id == self._id else None)

    def score(self) -> Score | None:
        """How it goes; None before it has begun."""
        return self._score(given_up=self.given_up)

    def _score(self, *, given_up: bool) -> Score | None:
        timeline = self.timeline
        if timeline is None:
            return None
        count, now = len(self.given), datetime.now(UTC)
        return score(timeline, self.drill.book, hints=count, given_up=given_up, now=now)

    @property
    def repaired(self) -> bool:
        """What rang has cleared, and the drill is not over yet: it can be ended."""
        found = self.score() if self.over is None else None
        return found is not None and found.repaired

    async def hint(self) -> str:
        """The next hint; "" where there is none left. It is noted on the timeline."""
        left = [one for one in hints(self.drill.book) if one not in self.given]
        if not left or self.over is not None:
            return ""
        self.given = (*self.given, left[0])
        await self._incidents.add(watch.note(self._incidents.by, f"hint {len(self.given)}: {left[0]}"))
        return left[0]

    async def end(self, *, given_up: bool = False) -> Score | None:
        """End it and its incident, with the score in its summary. Raises what `Incidents.end` raises."""
        if self.over is None and self.timeline is not None:
            found = self._score(given_up=given_up)
            points = found.points if found else 0
            how = GIVEN_UP if given_up else "repaired"
            await self._incidents.end(f"{how}: {points} of 100 points")
        return self.score()
