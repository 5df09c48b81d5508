"""What is painted before anything heavy is imported: the strip and the frames of the panes.

It promises nothing: every pane says "loading", and keys typed meanwhile are kept for the cockpit,
which takes its place as soon as there is one. One widget that draws lines, because thirty widgets
and their style sheets cost more than all of Textual's own start (measured: 70 of 110 ms).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from widgets.names import SHORT, TITLES

NARROW_BELOW = 120
"""Columns below which one pane is shown at a time."""
UPPER, LOWER, LEAST = 62, 40, 6
"""Percent of the height for the four upper panes, percent of that for the lower two, their least lines."""

LOADING = "? loading"

Part = tuple[str, str]
"""Text and the component it is drawn as, "" for plain."""


class Place(NamedTuple):
    """Where a pane's frame stands, in cells."""

    name: str
    x: int
    y: int
    width: int
    height: int


def places(width: int, height: int) -> tuple[Place, ...]:
    """The frames on a screen of that size; as `layout` has them for the real panes (a test compares)."""
    if width < NARROW_BELOW:
        return (Place("containers", 0, 2, width, height - 3),)
    room = height - 2
    upper = room * UPPER // 100
    lower = max(LEAST, upper * LOWER // 100)
    left, top = width // 2, 1 + upper - lower
    return (
        Place("containers", 0, 1, left, upper - lower),
        Place("firewall", left, 1, width - left, upper - lower),
        Place("snapshots", 0, top, left, lower),
        Place("bans", left, top, width - left, lower),
        Place("log", 0, 1 + upper, width, room - upper),
    )


class Outline(Widget):
    """Draws the lines of the first frame."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--frame",
        "outline--bar",
        "outline--title",
        "outline--unknown",
    }
    DEFAULT_CSS = """
    Outline { height: 1fr; background: $surface; color: $foreground; }
    Outline > .outline--frame { color: $foreground 35%; }
    Outline > .outline--bar { background: $panel; }
    Outline > .outline--title { text-style: bold; }
    Outline > .outline--unknown { color: $text-secondary; }
    """

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if y in (0, height - 1):
            parts: list[Part] = [(" gbtui  ", "title"), ("? starting…", "unknown")] if y == 0 else []
            return self._drawn([*parts, (" " * (width - _width(parts)), "")], "bar")
        if y == 1 and width < NARROW_BELOW:
            tabs = _tabs()
            return self._drawn([(tabs.ljust(width)[:width], "")])
        found = [place for place in places(width, height) if place.y <= y < place.y + place.height]
        return self._drawn([part for place in found for part in _edge(place, y - place.y)])

    def _drawn(self, parts: list[Part], base: str = "") -> Strip:
        style = self.get_component_rich_style(f"outline--{base}") if base else self.rich_style
        segments = [Segment(text, style + self._look(look) if look else style) for text, look in parts]
        return Strip(segments, self.size.width)

    def _look(self, name: str) -> Style:
        # The whole style, because a colour with transparency is mixed with the background in it only.
        full = self.get_component_rich_style(f"outline--{name}")
        return Style(color=full.color, bold=full.bold)


def _edge(place: Place, line: int) -> Iterator[Part]:
    """One line of a frame: its title, its sides or its bottom."""
    if line == place.height - 1:
        yield f"└{'─' * (place.width - 2)}┘", "frame"
    elif line:
        yield f"│{' ' * (place.width - 2)}│", "frame"
    else:
        title = f"{list(TITLES).index(place.name) + 1} {TITLES[place.name]}"
        rest = place.width - 6 - len(title) - len(LOADING)
        yield "┌ ", "frame"
        yield title, "title"
        yield f" {'─' * rest} ", "frame"
        yield LOADING, "unknown"
        yield " ┐", "frame"


def _tabs() -> str:
    labels = [f"{number} {SHORT.get(name, name)} ?" for number, name in enumerate(TITLES, 1)]
    return f"[{labels[0]}]" + "".join(f"   {label} " for label in labels[1:])


def _width(parts: list[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)


class FirstFrame(Screen[None]):
    """The cockpit's outline."""

    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield Outline()
