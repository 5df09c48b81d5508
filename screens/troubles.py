"""What the strip says is wrong: what the checks found, and what could not be read. Pure but for `Since`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gbtui.checks.base import Report
from gbtui.facts.bans import Bans
from gbtui.facts.containers import Containers
from gbtui.facts.reading import Reading, State
from widgets.findings_rows import SEVERITY_ROLES
from widgets.roles import Role

_ORDER: tuple[Role, ...] = ("error", "warn", "unknown")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong. `role` is error, warn or unknown (could not be looked at)."""

    role: Role
    subject: str
    message: str

    @property
    def words(self) -> str:
        return f"{self.subject}: {self.message}"

    def in_cells(self, width: int) -> str:
        """The words in about `width` cells, at least as many as tell the subject and a little more."""
        width = max(24, width)
        return self.words if len(self.words) <= width else f"{self.words[: width - 1].rstrip()}…"


def troubles_in(name: str, reading: Reading[Any]) -> Iterator[Trouble]:
    """What one reading of the pane `name` says is wrong."""
    if reading.error is not None and reading.state is not State.OK:
        yield Trouble("unknown", name, f"cannot be read: {reading.error.why or reading.error.what}")
    elif reading.value is None and name != "log":  # the log is read only while somebody looks
        yield Trouble("unknown", name, "not read yet")
    match reading.value:
        case Containers(malformed=lost) if lost:
            yield Trouble("unknown", "containers", f"{lost} entries could not be read")
        case Bans() as bans:
            yield from (Trouble("unknown", place, f"bans: {why}") for place, why in bans.notes)


def told_in(reading: Reading[Report]) -> Iterator[tuple[Trouble, datetime | None]]:
    """What the checks say is wrong, each with since when, worst and oldest first."""
    yield from ((trouble, None) for trouble in troubles_in("checks", reading))
    report = reading.value
    if report is None:
        return
    for finding in report.findings:
        role = SEVERITY_ROLES[finding.severity]
        if role in _ORDER:
            yield Trouble(role, finding.failing.subject, finding.failing.message), finding.since
    for one in report.unknown:
        yield Trouble("unknown", one.place, f"{one.check.id}: {one.why}"), None


def worst_first(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Errors, then warnings, then what is unknown; otherwise in the order found."""
    return tuple(sorted(dict.fromkeys(troubles), key=lambda trouble: _ORDER.index(trouble.role)))


class Since:
    """Remembers when each trouble was first seen; forgets it when it is gone."""

    def __init__(self) -> None:
        self._first: dict[Trouble, datetime] = {}

    def of(self, troubles: Iterable[Trouble], now: datetime) -> dict[Trouble, datetime]:
        """Every trouble with the moment it was first seen here."""
        self._first = {trouble: self._first.get(trouble, now) for trouble in troubles}
        return self._first
