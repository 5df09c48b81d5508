"""What a virtual table holds: rows, sorted once per set, filtered, and found again by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Rows(Generic[T]):
    """A sequence of rows as shown. Drawing needs `shown[index]` only; nothing here looks at cells."""

    def __init__(self, key: Callable[[T], Hashable], search: Callable[[T], str]) -> None:
        self.key = key
        self.shown: Sequence[T] = ()
        self.total = 0
        self.filter_text = ""
        self._search = search
        self._given: Sequence[T] = ()
        self._sorted: Sequence[T] = ()
        self._sort_key: Callable[[T], Any] | None = None
        self._reverse = False
        self._searched: dict[int, str] = {}

    def set(self, rows: Sequence[T]) -> None:
        """Take new rows. The old ones stay referenced until their searched text was carried over."""
        if self.filter_text and self._searched:
            # An id names the same object only while the old rows are alive, as they are here.
            old = self._searched
            self._searched = {id(row): old[id(row)] for row in rows if id(row) in old}
        else:
            self._searched = {}
        self._given = rows
        self.total = len(rows)
        self._sort()

    def sort(self, key: Callable[[T], Any] | None, reverse: bool) -> None:
        """Order by `key` (None: as given). Rows whose key is None come last either way."""
        self._sort_key, self._reverse = key, reverse
        self._sort()

    def filter(self, text: str) -> None:
        """Show rows whose searched text contains `text`, in any case; `!text`: those that do not."""
        self.filter_text = text.strip()
        self._filter()

    def _sort(self) -> None:
        key = self._sort_key
        self._sorted = self._given if key is None else _ordered(self._given, key, self._reverse)
        self._filter()

    def _filter(self) -> None:
        wanted = self.filter_text.casefold()
        inverted = wanted.startswith("!")
        wanted = wanted[1:].strip() if inverted else wanted
        if not wanted:
            self.shown = self._sorted
            return
        self.shown = [row for row in self._sorted if (wanted in self._text(row)) is not inverted]

    def _text(self, row: T) -> str:
        text = self._searched.get(id(row))
        if text is None:
            text = self._searched[id(row)] = self._search(row).casefold()
        return text

    def at(self, index: int) -> T | None:
        """The row shown at `index`, None outside."""
        return self.shown[index] if 0 <= index < len(self.shown) else None

    def find(self, key: Hashable, near: int) -> int | None:
        """The index of the row with `key`, looking outward from `near`: cheap where little moved."""
        shown, count = self.shown, len(self.shown)
        low, high = min(near, count - 1), min(near, count - 1) + 1
        while low >= 0 or high < count:
            if low >= 0:
                if self.key(shown[low]) == key:
                    return low
                low -= 1
            if high < count:
                if self.key(shown[high]) == key:
                    return high
                high += 1
        return None

    def nearest(self, before: Sequence[T], index: int) -> int:
        """Where the row at `index` of `before` is now; if it vanished, the nearest that is left."""
        if not self.shown:
            return 0
        if not 0 <= index < len(before):
            return max(0, min(index, len(self.shown) - 1))
        found = self.find(self.key(before[index]), index)
        if found is not None:
            return found
        places = {self.key(row): place for place, row in enumerate(self.shown)}
        for distance in range(1, len(before)):
            for neighbour in (index + distance, index - distance):
                if 0 <= neighbour < len(before):
                    place = places.get(self.key(before[neighbour]))
                    if place is not None:
                        return place
        return max(0, min(index, len(self.shown) - 1))


def _ordered(rows: Sequence[T], key: Callable[[T], Any], reverse: bool) -> list[T]:
    """`rows` by `key`, those whose key is None last; every key is asked for once."""
    keys = [key(row) for row in rows]
    known = (
        [place for place, value in enumerate(keys) if value is not None] if None in keys else range(len(keys))
    )
    ordered = [rows[place] for place in sorted(known, key=keys.__getitem__, reverse=reverse)]
    if len(ordered) < len(keys):
        ordered += [row for row, value in zip(rows, keys, strict=True) if value is None]
    return ordered
