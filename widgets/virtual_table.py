"""One table for every pane: any number of rows, work only for the lines on screen."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, TypeVar

from textual import events
from textual.binding import Binding, BindingType

from widgets import table_messages
from widgets.columns import GAP, Column
from widgets.roles import role_css
from widgets.table_lines import GUTTER, HEADER
from widgets.table_rows import TableRows

__all__ = ["Column", "VirtualTable"]

T = TypeVar("T")

FURTHEST = 400
"""Cells a long text can be shifted to the left."""


class VirtualTable(TableRows[T], can_focus=True, inherit_bindings=False):
    """Rows of immutable values under fixed titles.

    `key` tells rows apart through updates: cursor, marks and scroll stay on the same key. `search`
    is the text a filter looks at (default: what the columns draw). `row_role` colours a whole row;
    what it means must also stand in the row as a glyph or a word. `flash_on` is the part of a row
    whose change is worth a glance: such a row is drawn in the flash style until the next update.
    `follow`: stay at the end as rows arrive, until the cursor is moved up.
    """

    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr; background: $surface; color: $foreground;
        overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        scrollbar-background: $surface; scrollbar-color: $foreground 25%;
    }
    VirtualTable > .table--header { color: $text-muted; text-style: bold; }
    VirtualTable > .table--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
    }
    VirtualTable:nocolor > .table--cursor { text-style: bold reverse; }
    VirtualTable > .table--cursor-blurred { background: $foreground 8%; }
    VirtualTable > .table--marked { text-style: bold; }
    VirtualTable > .table--flash { text-style: underline; }
    VirtualTable > .table--empty { color: $text-muted; }
    """ + role_css("VirtualTable")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="pane.up"),
        Binding("down,j", "move(1)", "down", show=False, id="pane.down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="pane.page-up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="pane.page-down"),
        Binding("home,g", "first", "first", show=False, id="pane.first"),
        Binding("end,G", "last", "last", show=False, id="pane.last"),
        Binding("left,h", "shift(-8)", "left", show=False, id="pane.left"),
        Binding("right,l", "shift(8)", "right", show=False, id="pane.right"),
        Binding("enter", "choose", "details", show=False, id="pane.details"),
        Binding("space", "mark", "mark", show=False, id="pane.mark"),
    ]

    Highlighted: TypeAlias = table_messages.Highlighted
    Chosen: TypeAlias = table_messages.Chosen
    Marked: TypeAlias = table_messages.Marked
    Sorted: TypeAlias = table_messages.Sorted
    Following: TypeAlias = table_messages.Following

    def move_to(self, index: int) -> None:
        """Put the cursor on the row at `index`, and that row on the screen."""
        was, old, top = self.selected, self._cursor, self.scroll_offset.y
        self._cursor = index = max(0, min(index, len(self.rows) - 1))
        if index < top:
            self._scroll(index)
        elif index >= top + self.lines:
            self._scroll(index - self.lines + 1)
        for place in (old, index):
            self._redraw(place - self.scroll_offset.y + HEADER)
        self._follow_if(index >= len(self.rows) - 1)
        self._say_highlighted(was)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self._follow and self.following:
            self._scroll(self.max_scroll_y)
        elif self.rows:
            self.move_to(self._cursor)

    def on_focus(self) -> None:
        self._redraw(self._cursor - self.scroll_offset.y + HEADER)

    def on_blur(self) -> None:
        self._redraw(self._cursor - self.scroll_offset.y + HEADER)

    def action_move(self, by: int) -> None:
        self.move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self._cursor + by * max(1, self.lines - 1))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self.rows) - 1)

    def action_shift(self, by: int) -> None:
        """Look further into what the widest columns cut off."""
        shift = max(0, min(self._shift + by, FURTHEST))
        if shift != self._shift:
            self._shift = shift
            self.refresh()

    def action_choose(self) -> None:
        if self.selected is not None:
            self.post_message(self.Chosen(self, self.selected))

    def action_mark(self) -> None:
        row = self.selected
        if row is not None:
            self._marked ^= {self._rows.key(row)}
            self._marked_rows = None
            self.post_message(self.Marked(self, row))
            self.move_to(self._cursor + 1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER:
            self._sort_at(offset.x)
        elif self._rows.at(self._index_at(offset.y)) is not None:
            self.move_to(self._index_at(offset.y))
            if event.chain == 2:
                self.action_choose()

    def _sort_at(self, x: int) -> None:
        left = GUTTER
        for column, share in self._shares:
            if left <= x < left + share + GAP and column.sort_key:
                again = column.key == self.sort_column
                self.sort_by(column.key, not self.sort_reverse if again else column.first_descending)
            left += share + GAP
