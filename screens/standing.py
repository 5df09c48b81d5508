"""What goes on while the operator does something else: an incident, a drill. In words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from widgets.format import age

if TYPE_CHECKING:
    from gbtui.session import Session


def standing(session: Session) -> str:
    """For the strip: the drill or the incident that runs, how long already, and its key; "" for none."""
    now, practice, incident = datetime.now(UTC), session.practice, session.incidents.current
    if practice is not None and practice.over is None:
        return f"drill {age(practice.timeline.started, now)} (d)" if practice.timeline else ""
    if incident is not None:
        return f"incident {age(incident.started, now)} (i)"
    return ""
