"""Cells to segments: cleaning, fitting to a width, aligning. No state, no widget."""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.content import Content

from gbtui.text import clean
from widgets.roles import Parts, Role

Align = Literal["left", "right"]
Elide = Literal["end", "start"]

Cell = str | Parts | Text | Content
"""What a column draws in one row. A `str` is literal text, never markup."""

Run = tuple[str, "Role | Style"]
"""A piece of text and how it looks: a role, or the style a Text or Content brought along."""


def runs_of(cell: Cell) -> list[Run]:
    """The pieces of a cell, cleaned."""
    if isinstance(cell, str):
        return [(clean(cell), "")]
    if isinstance(cell, tuple):
        return [(clean(text), role) for text, role in cell]
    content = Content.from_rich_text(cell) if isinstance(cell, Text) else cell
    # Without meta: what a cell carries can be looked at, never clicked.
    return [
        (clean(segment.text), "" if segment.style is None else _looks_of(segment.style))
        for segment in content.render_segments()
    ]


def _looks_of(style: Style) -> Style:
    return Style(
        color=style.color,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
    )


def plain(cell: Cell) -> str:
    """The text of a cell, for filtering and copying."""
    return cell if isinstance(cell, str) else "".join(text for text, _ in runs_of(cell))


def fit(runs: list[Run], width: int, align: Align = "left", elide: Elide = "end") -> list[Run]:
    """`runs` in exactly `width` terminal cells: padded, or cut with an ellipsis."""
    length = sum(cell_len(text) for text, _ in runs)
    if length < width:
        pad: Run = (" " * (width - length), "")
        return [*runs, pad] if align == "left" else [pad, *runs]
    if length == width:
        return runs
    if width <= 0:
        return []
    return _keep_start(runs, width) if elide == "end" else _keep_end(runs, width)


def drop(runs: list[Run], cells: int) -> list[Run]:
    """`runs` without their first `cells` terminal cells, an ellipsis where some went."""
    if cells <= 0 or not runs:
        return runs
    width = sum(cell_len(text) for text, _ in runs)
    return _keep_end(runs, max(1, width - cells)) if width > 1 else runs


def _keep_start(runs: list[Run], width: int) -> list[Run]:
    kept: list[Run] = []
    room = width - 1
    for text, look in runs:
        length = cell_len(text)
        if length >= room:
            kept.append((set_cell_size(text, room) + "…", look))
            return kept
        kept.append((text, look))
        room -= length
    return kept


def _keep_end(runs: list[Run], width: int) -> list[Run]:
    kept: list[Run] = []
    room = width - 1
    for text, look in reversed(runs):
        length = cell_len(text)
        if length >= room:
            tail = text[::-1]
            kept.append(("…" + set_cell_size(tail, room)[::-1], look))
            break
        kept.append((text, look))
        room -= length
    return kept[::-1]
