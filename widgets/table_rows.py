"""The updating half of the virtual table: other rows, another order, a filter; nothing jumps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from textual.geometry import Size
from textual.widget import Widget

from widgets.columns import Column
from widgets.roles import Role
from widgets.table_lines import HEADER, TableLines
from widgets.table_messages import Following, Highlighted, Sorted

T = TypeVar("T")


class TableRows(TableLines[T]):
    """Keeps cursor, marks and scroll on their rows while rows change, and draws only what differs."""

    def __init__(
        self,
        columns: Sequence[Column[T]],
        *,
        key: Callable[[T], Hashable],
        search: Callable[[T], str] | None = None,
        row_role: Callable[[T], Role] | None = None,
        flash_on: Callable[[T], object] | None = None,
        follow: bool = False,
        empty: str = "",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(
            columns, key=key, search=search, row_role=row_role, empty=empty, id=id, classes=classes
        )
        self.following = follow
        self._follow = follow
        self._flash_on = flash_on
        self._scrolling = False
        self._marked_rows: tuple[T, ...] | None = None

    @property
    def _cursor_shown(self) -> bool:
        # While rows stream by and nobody holds the table, a cursor at the end says nothing.
        return self.has_focus or not (self._follow and self.following)

    # -- what is shown

    @property
    def rows(self) -> Sequence[T]:
        """The rows as shown: sorted and filtered."""
        return self._rows.shown

    @property
    def total(self) -> int:
        """How many rows there are, filtered away or not."""
        return self._rows.total

    @property
    def filter_text(self) -> str:
        return self._rows.filter_text

    @property
    def cursor(self) -> int:
        """Index of the cursor in `rows`."""
        return self._cursor

    @property
    def selected(self) -> T | None:
        """The row under the cursor."""
        return self._rows.at(self._cursor)

    @property
    def marked(self) -> tuple[T, ...]:
        """The marked rows among those shown, in their order."""
        if self._marked and self._marked_rows is None:
            self._marked_rows = tuple(row for row in self.rows if self._rows.key(row) in self._marked)
        return self._marked_rows or ()

    def set_rows(self, rows: Sequence[T]) -> None:
        """Show other rows. Nothing moves under the cursor; only lines that differ are drawn again."""
        self._change(lambda: self._rows.set(rows), flash=True)

    def sort_by(self, key: str, reverse: bool = False) -> None:
        """Order by the column `key`; "" or a column that does not sort: as given."""
        column = next((c for c in self.columns if c.key == key and c.sort_key), None)
        self.sort_column, self.sort_reverse = (column.key, reverse) if column else ("", False)
        self._change(lambda: self._rows.sort(column.sort_key if column else None, reverse))
        self._redraw(0)
        self.post_message(Sorted(self))

    def cycle_sort(self) -> None:
        """Sort by the next column that sorts, in its natural direction."""
        sortable = [column for column in self.columns if column.sort_key]
        keys = [column.key for column in sortable]
        if sortable:
            place = keys.index(self.sort_column) + 1 if self.sort_column in keys else 0
            chosen = sortable[place % len(sortable)]
            self.sort_by(chosen.key, chosen.first_descending)

    def filter(self, text: str) -> None:
        """Show only rows containing `text`, in any case; `!text`: only the others; "": all."""
        self._change(lambda: self._rows.filter(text))

    def age(self) -> None:
        """Draw again the visible lines whose aging columns say something else by now."""
        if self._aging:
            for y in range(HEADER, self.size.height):
                row = self._rows.at(self._index_at(y))
                if row is not None and self._aged.get(y) != self._ages(row):
                    self._redraw(y)

    # -- how a change reaches the screen

    def _change(self, act: Callable[[], None], *, flash: bool = False) -> None:
        before, top, was = self.rows, self.scroll_offset.y, self.selected
        act()
        self._marked_rows = None
        self._fit_height()
        if self._follow and self.following:
            self._cursor = max(0, len(self.rows) - 1)
            self._scroll(self.max_scroll_y)
        else:
            anchor = self._cursor if top <= self._cursor < top + self.lines else top
            moved = self._rows.nearest(before, anchor) - anchor
            self._cursor = self._rows.nearest(before, self._cursor)
            self._scroll(top + moved)
        self._redraw_changed(before, top, flash)
        self._say_highlighted(was)

    def _redraw_changed(self, before: Sequence[T], top: int, flash: bool) -> None:
        flashed, self._flashed = self._flashed, self._changed_keys(before, top) if flash else set()
        if top != self.scroll_offset.y or bool(before) != bool(self.rows) or not self.rows:
            self.refresh()
            return
        for y in range(HEADER, self.size.height):
            index = self._index_at(y)
            old, new = before[index] if index < len(before) else None, self._rows.at(index)
            if old is None and new is None:
                break
            key = None if new is None else self._rows.key(new)
            same = (old is new or old == new) and (key in flashed) == (key in self._flashed)
            if not same or (self._aging and self._aged.get(y) != self._ages(new)):
                self._redraw(y)

    def _changed_keys(self, before: Sequence[T], top: int) -> set[Hashable]:
        if self._flash_on is None:
            return set()
        flash_on, key = self._flash_on, self._rows.key
        old = {key(row): flash_on(row) for row in before[top : top + self.lines]}
        start = self.scroll_offset.y
        visible = self.rows[start : start + self.lines]
        return {key(row) for row in visible if key(row) in old and old[key(row)] != flash_on(row)}

    def _fit_height(self) -> None:
        height, old, view = len(self.rows) + HEADER, self.virtual_size.height, self.size.height
        if height == old:
            return
        if self.is_mounted and view and (height > view) == (old > view):
            # Setting `virtual_size` would draw the whole widget again; only the scrollbar differs.
            self.set_reactive(Widget.virtual_size, Size(0, height))
            if height > view:
                self.vertical_scrollbar.window_virtual_size = height
        else:
            self.virtual_size = Size(0, height)

    def _say_highlighted(self, was: T | None) -> None:
        now, key = self.selected, self._rows.key
        if was is now or (was is not None and now is not None and key(was) == key(now)):
            return
        self.post_message(Highlighted(self, now))

    def _scroll(self, y: float) -> None:
        if self.is_mounted:
            self._scrolling = True
            self.scroll_to(y=max(0, min(y, self.max_scroll_y)), animate=False, force=True)
            self._scrolling = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._scrolling:
            # The reader turned the wheel or dragged the bar.
            self._follow_if(round(new_value) >= self.max_scroll_y)

    def _follow_if(self, following: bool) -> None:
        if self._follow and following != self.following:
            self.following = following
            self.post_message(Following(self))
