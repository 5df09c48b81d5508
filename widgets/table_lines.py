"""The drawing half of the virtual table: one row, one line, only when it is on screen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.columns import GAP, Column, share_width
from widgets.looks import Looks
from widgets.painting import Run, drop, fit, plain, runs_of
from widgets.roles import ROLE_CLASSES, Role
from widgets.rows import Rows

T = TypeVar("T")

GUTTER = 1
"""Cells at the left for the glyph of the cursor and of a mark."""
HEADER = 1
"""Lines at the top for the titles."""


class TableLines(ScrollView, Generic[T], inherit_bindings=False):
    """Draws `rows` between a fixed header and the bottom of the widget, at the scroll offset."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--cursor-blurred",
        "table--marked",
        "table--flash",
        "table--empty",
        *ROLE_CLASSES,
    }

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], Hashable],
        search: Callable[[T], str] | None = None,
        row_role: Callable[[T], Role] | None = None,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self.sort_column = ""
        self.sort_reverse = False
        self._rows: Rows[T] = Rows(key, search or self.plain_row)
        self._row_role = row_role
        self._cursor = 0
        self._marked: set[Hashable] = set()
        self._flashed: set[Hashable] = set()
        self._looks = Looks(self)
        self._shift = 0
        self._shares: tuple[tuple[Column[T], int], ...] = ()
        self._aging = tuple(column for column in self.columns if column.aging)
        self._aged: dict[int, tuple[str, ...]] = {}

    @property
    def shown_columns(self) -> tuple[Column[T], ...]:
        """The columns there is room for."""
        return tuple(column for column, _ in self._shares)

    def plain_row(self, row: T) -> str:
        """What the columns say about a row, as text: for filtering and copying."""
        return "  ".join(filter(None, (plain(column.render(row)).strip() for column in self.columns)))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()

    @property
    def _width(self) -> int:
        """Cells a line may use: the scrollbar has its own."""
        return self.scrollable_content_region.width

    def on_resize(self, event: events.Resize) -> None:
        self._shares = share_width(self.columns, self._width - GUTTER)
        self.refresh()  # lines drawn before the width was known are blank

    @property
    def lines(self) -> int:
        """How many rows fit on the screen."""
        return max(0, self.size.height - HEADER)

    @property
    def _cursor_shown(self) -> bool:
        return True

    def _index_at(self, y: int) -> int:
        return y - HEADER + self.scroll_offset.y

    def _redraw(self, y: int) -> None:
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _ages(self, row: T | None) -> tuple[str, ...]:
        return () if row is None else tuple(plain(column.render(row)) for column in self._aging)

    def render_line(self, y: int) -> Strip:
        width = self._width
        if y < HEADER:
            return self._header(width)
        index = self._index_at(y)
        row = self._rows.at(index)
        if row is not None:
            return self._line(row, index, y, width)
        self._aged.pop(y, None)
        if y == HEADER and not self._rows.shown:
            words = f"nothing matches {self._rows.filter_text}" if self._rows.total else self.empty
            runs = fit(runs_of(" " * GUTTER + words), width)
            return Strip(self._looks.segments(runs, self._looks.of("table--empty")), width)
        return Strip.blank(width, self._looks.of())

    def _header(self, width: int) -> Strip:
        if not (self._rows.total or self.empty):
            # Titles over nothing would look like an answer.
            return Strip.blank(width, self._looks.of())
        runs: list[Run] = [(" " * GUTTER, "")]
        for place, (column, share) in enumerate(self._shares):
            arrow = ("▼" if self.sort_reverse else "▲") if column.key == self.sort_column else ""
            title = f"{column.title}{arrow}" if column.align == "left" else f"{arrow}{column.title}"
            runs += [(" " * GAP, "")] if place else []
            runs += fit(runs_of(title), share, column.align)
        return Strip(self._looks.segments(fit(runs, width), self._looks.of("table--header")), width)

    def _line(self, row: T, index: int, y: int, width: int) -> Strip:
        key = self._rows.key(row)
        marked, here = key in self._marked, index == self._cursor
        here = here and self._cursor_shown
        role: Role = self._row_role(row) if self._row_role else ""
        runs: list[Run] = [("✓" if marked else "›" if here else " ", "")]
        for place, (column, share) in enumerate(self._shares):
            cell = runs_of(column.render(row))
            if self._shift and not column.width:
                cell = drop(cell, self._shift)
            cell = fit(cell, share, column.align, column.elide)
            runs += [(" " * GAP, "")] if place else []
            runs += [(text, look or role) for text, look in cell]
        if self._aging:
            self._aged[y] = self._ages(row)
        return Strip(self._styled(fit(runs, width), here, marked, key in self._flashed), width)

    def _styled(self, runs: list[Run], here: bool, marked: bool, flashed: bool) -> list[Segment]:
        looks = self._looks
        if here and self.has_focus:
            return looks.segments(runs, looks.of("table--cursor"), colour=False)
        base = looks.of("table--cursor-blurred") if here else looks.of()
        if marked:
            base += looks.attributes("table--marked")
        if flashed:
            base += looks.attributes("table--flash")
        return looks.segments(runs, base)
