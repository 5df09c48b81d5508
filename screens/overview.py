"""The strip's words, from the latest readings: what is wrong and since when, and what answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gbtui.checks.base import Severity
from gbtui.session import Session
from screens.feeding import Feeding
from screens.troubles import Since, Trouble, told_in, worst_first
from widgets.roles import STATE_ROLES
from widgets.strip import Light, StripState

BESIDE_WORST = 76
"""Cells of the strip that the worst trouble leaves to everything else."""


class Overview:
    """Sums up the feeds of one session; remembers when each trouble was first seen."""

    def __init__(self, session: Session, feeds: Mapping[str, Feeding]) -> None:
        self._session = session
        self._feeds = feeds
        self._since = Since()

    def strip_state(self, width: int, *, opened: bool, notice: str) -> StripState:
        """The strip on a terminal of `width` cells. `notice` is something pending, in words."""
        session, now = self._session, datetime.now(UTC)
        since = self._told()
        troubles = worst_first(since)
        first = self._since.of(troubles, now) | {one: at for one, at in since.items() if at is not None}
        count = {role: sum(t.role == role for t in troubles) for role in ("error", "warn", "unknown")}
        worst = troubles[0] if troubles else None
        return StripState(
            host=session.host.name,
            kind=session.host.kind,
            tenant=session.tenant or "",
            errors=count["error"],
            warnings=count["warn"],
            unknowns=count["unknown"],
            notices=self._notices(),
            worst=worst.in_cells(width - BESIDE_WORST) if worst else "",
            worst_role=worst.role if worst else "ok",
            since=first[worst] if worst else None,
            lights=self._lights(),
            round_trip=session.host.link.round_trip if opened else None,
            read_only=session.read_only,
            notice=notice,
            now=now,
        )

    def _notices(self) -> int:
        report = self._session.checks().reading.value
        return 0 if report is None else report.counted.get(Severity.NOTICE, 0)

    def _told(self) -> dict[Trouble, datetime | None]:
        """What is wrong and, where a check says it, since when; the checks' words first."""
        told = dict(told_in(self._session.checks().reading))
        amiss = self._session.waivers.error
        if amiss is not None:
            told[Trouble("unknown", "waivers", str(amiss))] = None
        for feed in self._feeds.values():
            told |= {one: None for one in feed.troubles if one not in told}
        return told

    def _lights(self) -> tuple[Light, ...]:
        lights = [
            Light("LXD", STATE_ROLES[self._feeds["containers"].reading.state]),
            Light("ZFS", STATE_ROLES[self._feeds["snapshots"].reading.state]),
        ]
        if self._session.host.kind == "ssh":
            link = self._session.host.link
            lights.append(Light("SSH", "ok" if link.connected else "error", link.why))
        return tuple(lights)
