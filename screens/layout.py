"""Where the five panes stand: side by side, or one at a time where there is no room.

The first frame draws the same places without a single pane (`first_frame.places`).
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from screens.first_frame import LEAST, LOWER, UPPER
from widgets.tabs import Tabs

BOXES = ("#left", "#right", "#upper")


LAYOUT = f"""
    CockpitFace #panes {{ height: 1fr; }}
    CockpitFace #upper {{ height: {UPPER}%; }}
    CockpitFace.-one #upper {{ height: 1fr; }}
    CockpitFace #left, CockpitFace #right {{ width: 1fr; height: 1fr; }}
    CockpitFace #containers, CockpitFace #firewall {{ height: 1fr; }}
    CockpitFace #snapshots, CockpitFace #bans {{ height: {LOWER}%; min-height: {LEAST}; }}
    CockpitFace.-one #snapshots, CockpitFace.-one #bans {{ height: 1fr; }}
    CockpitFace #log {{ height: 1fr; }}
"""


def compose_panes(panes: Mapping[str, Widget]) -> ComposeResult:
    """Tabs and panes (by id) in their boxes."""
    yield Tabs(id="tabs")
    with Vertical(id="panes"):
        with Horizontal(id="upper"):
            with Vertical(id="left"):
                yield panes["containers"]
                yield panes["snapshots"]
            with Vertical(id="right"):
                yield panes["firewall"]
                yield panes["bans"]
        yield panes["log"]


def arrange(screen: Screen[None], panes: Mapping[str, Widget], current: str, *, one: bool) -> None:
    """Show all panes of `screen`, or only the `current` one with the tabs above it."""
    for name, pane in panes.items():
        pane.display = not one or name == current
    for name in BOXES:
        box = screen.query_one(name)
        box.display = any(pane.display for pane in panes.values() if box in pane.ancestors)
    screen.set_class(one, "-one")
    screen.query_one(Tabs).display = one
