"""What a virtual table says to whoever holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from widgets.table_rows import TableRows


class TableMessage(Message, namespace="virtual_table"):
    """A message about `table`."""

    def __init__(self, table: TableRows[Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> TableRows[Any]:
        return self.table


class RowMessage(TableMessage, namespace="virtual_table"):
    """A message about one `row` of `table`."""

    def __init__(self, table: TableRows[Any], row: Any) -> None:
        super().__init__(table)
        self.row = row


class Highlighted(RowMessage, namespace="virtual_table"):
    """The cursor is on another row (None: no rows are left)."""


class Chosen(RowMessage, namespace="virtual_table"):
    """Enter, or a double click, on a row."""


class Marked(RowMessage, namespace="virtual_table"):
    """A row was marked or unmarked; `table.marked` has all that are."""


class Sorted(TableMessage, namespace="virtual_table"):
    """The order changed; `table.sort_column` says by what."""


class Following(TableMessage, namespace="virtual_table"):
    """`table.following` changed: it stays at the end, or the reader went up to look."""
