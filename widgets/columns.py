"""Columns of a virtual table and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from widgets.painting import Align, Cell, Elide

T = TypeVar("T")

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True)  # with slots `Column[Row](…)` fails: typing sets an attribute on the result
class Column(Generic[T]):
    """One column. `key` is stable (sorting, settings); `title` is what the header says.

    `width` is in cells; 0 takes what the others leave, at least `min_width`. Where there is not
    room for all, columns with the lowest `rank` vanish first. `sort_key` None: not sortable; a key
    that returns None sorts last either way. `first_descending` is how the first press sorts it.
    `elide` says which end of a long text is given up. `aging`: what it draws depends on the time as
    well as on the row.
    """

    key: str
    title: str
    render: Callable[[T], Cell]
    width: int = 0
    min_width: int = 12
    sort_key: Callable[[T], Any] | None = None
    first_descending: bool = False
    align: Align = "left"
    elide: Elide = "end"
    rank: int = 100
    aging: bool = False


def share_width(columns: Sequence[Column[T]], width: int) -> tuple[tuple[Column[T], int], ...]:
    """The columns that fit in `width` cells, in order, with the cells each gets."""
    shown = list(columns)

    def needed() -> int:
        return sum(c.width or c.min_width for c in shown) + GAP * (len(shown) - 1)

    while len(shown) > 1 and needed() > width:
        # Of two with the same rank the one further right goes.
        shown.remove(min(reversed(shown), key=lambda column: column.rank))
    takers = sum(not column.width for column in shown)
    spare = max(0, width - needed())
    result: list[tuple[Column[T], int]] = []
    for column in shown:
        if column.width:
            result.append((column, min(column.width, width)))
            continue
        extra = spare // takers
        spare -= extra
        takers -= 1
        result.append((column, min(column.min_width + extra, width)))
    return tuple(result)
