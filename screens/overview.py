"""The strip's words, from the latest readings: what is wrong and since when, and what answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from gbtui.session import Session
from screens.feeding import Feeding
from screens.troubles import Since, worst_first
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
        troubles = worst_first(trouble for feed in self._feeds.values() for trouble in feed.troubles)
        first = self._since.of(troubles, now)
        count = {role: sum(t.role == role for t in troubles) for role in ("error", "warn", "unknown")}
        worst = troubles[0] if troubles else None
        return StripState(
            host=session.host.name,
            kind=session.host.kind,
            tenant=session.tenant or "",
            errors=count["error"],
            warnings=count["warn"],
            unknowns=count["unknown"],
            worst=worst.in_cells(width - BESIDE_WORST) if worst else "",
            worst_role=worst.role if worst else "ok",
            since=first[worst] if worst else None,
            lights=self._lights(),
            round_trip=session.host.link.round_trip if opened else None,
            read_only=session.read_only,
            notice=notice,
            now=now,
        )

    def _lights(self) -> tuple[Light, ...]:
        lights = [
            Light("LXD", STATE_ROLES[self._feeds["containers"].reading.state]),
            Light("ZFS", STATE_ROLES[self._feeds["snapshots"].reading.state]),
        ]
        if self._session.host.kind == "ssh":
            link = self._session.host.link
            lights.append(Light("SSH", "ok" if link.connected else "error", link.why))
        return tuple(lights)
