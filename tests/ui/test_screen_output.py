"""What goes over the line for a change: the changed cells, and nothing left of them."""

from __future__ import annotations

import io

import pyte
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from screens.output import ChangedCells

LINE = Strip([Segment("┌ 1 containers "), Segment("────── "), Segment("3s "), Segment("● ┐")], 28)


def sent(spans: list[tuple[int, int, int]]) -> str:
    """The bytes for these spans of two boxes that stand side by side."""
    update = ChopsUpdate([{0: LINE, 28: LINE}], spans, [[28, 56]])
    return ChangedCells.of(update).render_segments(Console(file=io.StringIO()))


def test_a_ticking_age_is_one_cell() -> None:
    assert sent([(0, 22, 23)]) == "\x1b[1;23H3"
    assert sent([(0, 50, 51)]) == "\x1b[1;51H3"


def test_a_span_over_two_boxes_writes_both_and_no_more() -> None:
    screen = pyte.Screen(56, 1)
    screen.draw("x" * 56)
    pyte.Stream(screen).feed(sent([(0, 22, 31)]))
    assert screen.display[0] == "x" * 22 + (LINE.text * 2)[22:31] + "x" * 25


def test_a_whole_box_is_sent_as_it_is() -> None:
    assert sent([(0, 28, 56)]) == f"\x1b[1;29H{LINE.text}"
