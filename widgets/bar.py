"""A line of pieces: the title of a pane in its frame, the strip on top, the tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.looks import Looks
from widgets.painting import Run, fit, runs_of
from widgets.pieces import Piece, choose, flat, words
from widgets.roles import ROLE_CLASSES, role_css

NEAR = 12
"""Cells that cost less to send again than to go around: moving the cursor and a style take thirty bytes."""


class Bar(Widget):
    """Pieces at the left and at the right of one line; `framed`: as the top edge of a box.

    Drawn as plain segments, so nothing in it can be markup; drawn again only when it says
    something else, because a bar shows ages and changes every second.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bar--frame", *ROLE_CLASSES}
    DEFAULT_CSS = """
    Bar { height: 1; background: $surface; color: $foreground; }
    Bar > .bar--frame { color: $foreground 35%; }
    Bar.-focused > .bar--frame { color: $border; }
    """ + role_css("Bar")

    def __init__(self, *, framed: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._framed = framed
        self._left: tuple[Piece, ...] = ()
        self._right: tuple[Piece, ...] = ()
        self._looks = Looks(self)

    def say(self, left: Sequence[Piece], right: Sequence[Piece] = ()) -> None:
        """Show these pieces. Only the cells that differ are sent to the terminal."""
        if (tuple(left), tuple(right)) == (self._left, self._right):
            return
        before = self._runs() if self.size else []
        self._left, self._right = tuple(left), tuple(right)
        self.refresh(*(_differing(before, self._runs()) if before else ()))

    @property
    def words(self) -> str:
        """Everything it would say, given the room."""
        return words((*self._left, *self._right))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()

    def render_line(self, y: int) -> Strip:
        return Strip(self._looks.segments(self._runs(), self._looks.of()), self.size.width)

    def _runs(self) -> list[Run]:
        """The whole line, as wide as the bar."""
        width = self.size.width
        inner = max(0, width - (4 if self._framed else 0))
        left, right = choose(self._left, self._right, inner)
        ends = fit(runs_of(flat(right)), _width(right, inner)) if right else []
        used = sum(cell_len(text) for text, _ in ends)
        starts = fit(runs_of(flat(left)), min(_width(left, inner), max(0, inner - used)))
        used += sum(cell_len(text) for text, _ in starts)
        if not self._framed:
            return fit([*starts, (" " * (inner - used), ""), *ends], width)
        frame = self._looks.attributes("bar--frame")
        fill = "─" * max(0, inner - used - bool(starts) - bool(ends))
        runs: list[Run] = [("┌", frame), (" ", ""), *starts, (" " if starts else "", ""), (fill, frame)]
        runs += [(" " if ends else "", ""), *ends, (" ", ""), ("┐", frame)]
        return fit(runs, width)


def _differing(before: list[Run], after: list[Run]) -> list[Region]:
    """The runs of cells that differ, near ones as one; none given: the whole line."""
    old, new = ([(sign, look) for text, look in runs for sign in text] for runs in (before, after))
    if len(old) != len(new) or any(cell_len(text) != len(text) for text, _ in (*before, *after)):
        return []
    regions: list[Region] = []
    for place, (was, now) in enumerate(zip(old, new, strict=True)):
        if was == now:
            continue
        if regions and place - regions[-1].right <= NEAR:
            first = regions.pop().x
            regions.append(Region(first, 0, place - first + 1, 1))
        else:
            regions.append(Region(place, 0, 1, 1))
    return regions


def _width(side: Sequence[Piece], most: int) -> int:
    return min(most, sum(cell_len(text) for text, _ in runs_of(flat(side))))
