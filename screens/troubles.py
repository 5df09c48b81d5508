"""What is wrong at a glance, from the latest readings: for the strip, worst first. Pure but for `Since`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gbtui.checks.base import Report
from gbtui.checks.catalog import of_item
from gbtui.facts.bans import Bans
from gbtui.facts.containers import Containers
from gbtui.facts.firewall import Firewall
from gbtui.facts.reading import Reading, State
from gbtui.facts.snapshots import Snapshots
from widgets.findings_rows import SEVERITY_ROLES
from widgets.roles import Role

FULL, FILLING = 90, 80
"""Percent of a pool: from here ZFS slows down and deleting gets hard; from there it is time to look."""

POOL, HALVES, SAVED = 5, 83, 34
"""Items of the guide that troubles are about."""

_ORDER: tuple[Role, ...] = ("error", "warn", "unknown")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong. `role` is error, warn or unknown (could not be looked at)."""

    role: Role
    subject: str
    message: str
    item: int = 0
    """The guide's item it is about: where a check stands for that, the check tells it."""

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
        case Snapshots() as snapshots:
            yield from _snapshots(snapshots)
        case Firewall() as firewall:
            yield from _firewall(firewall)
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


def not_checked(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Without those that a check tells: nothing is told twice."""
    return tuple(trouble for trouble in troubles if not (trouble.item and of_item(trouble.item)))


def worst_first(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Errors, then warnings, then what is unknown; otherwise in the order found."""
    return tuple(sorted(dict.fromkeys(troubles), key=lambda trouble: _ORDER.index(trouble.role)))


def _snapshots(snapshots: Snapshots) -> Iterator[Trouble]:
    for pool in snapshots.pools:
        if pool.health != "ONLINE":
            yield Trouble("error", pool.name, f"pool is {pool.health}", POOL)
        if pool.capacity >= FILLING:
            role: Role = "error" if pool.capacity >= FULL else "warn"
            yield Trouble(role, pool.name, f"pool is {pool.capacity}% full", POOL)
    halves = sum(bool(row.missing) for row in snapshots.snapshots)
    if halves:
        yield Trouble("warn", "snapshots", f"{halves} known to only one of LXD and ZFS", HALVES)


def _firewall(firewall: Firewall) -> Iterator[Trouble]:
    saved = firewall.saved
    if saved is not None and saved.state == "differs":
        yield Trouble("warn", firewall.where, f"running rules differ from {saved.path}", SAVED)
    if saved is not None and saved.state == "unreadable":
        yield Trouble("unknown", firewall.where, f"{saved.path}: {saved.why}")


class Since:
    """Remembers when each trouble was first seen; forgets it when it is gone."""

    def __init__(self) -> None:
        self._first: dict[Trouble, datetime] = {}

    def of(self, troubles: Iterable[Trouble], now: datetime) -> dict[Trouble, datetime]:
        """Every trouble with the moment it was first seen here."""
        self._first = {trouble: self._first.get(trouble, now) for trouble in troubles}
        return self._first
