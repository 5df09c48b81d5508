"""The face of a pane: a title with count, age and state, notices, and one table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from gbtui.facts.reading import Reading
from widgets import format as figures
from widgets.bar import Bar
from widgets.columns import Column
from widgets.pane_messages import Changed
from widgets.pane_title import Verdict, notice_parts, role_of, state_pieces, state_word
from widgets.pieces import Piece, piece
from widgets.roles import STYLES, Badge, Part, Role
from widgets.safe import safe
from widgets.virtual_table import VirtualTable

T = TypeVar("T")

_EPOCH = datetime.fromtimestamp(0, UTC)


class PaneFace(Widget, Generic[T], inherit_bindings=False):
    """What a pane shows of a reading. Subclasses give columns, rows and words.

    `start_sort` is (column key, descending) at the start; `follow` is for rows that keep arriving.
    """

    subject: ClassVar[str] = ""
    number: ClassVar[int] = 0
    title: ClassVar[str] = ""
    empty: ClassVar[str] = "nothing here"
    start_sort: ClassVar[tuple[str, bool]] = ("", False)
    follow: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, classes=classes)
        self.reading: Reading[T] = Reading()
        self.badge = Badge()
        self.paused = False
        self.now = _EPOCH
        self.table: VirtualTable[Any] = VirtualTable(
            self.columns(),
            key=self.row_key,
            search=self.search_text,
            row_role=self.row_role,
            flash_on=self.flash_on,
            follow=self.follow,
            empty="loading…",
        )
        self._bar = Bar(framed=True)
        self._notice = Static(classes="pane--notice")
        self._drawn: T | None = None
        self._verdict = Verdict()
        self._said: list[Part] = []
        if self.start_sort[0]:
            self.table.sort_by(*self.start_sort)

    # -- what a subclass says

    def columns(self) -> Sequence[Column[Any]]:
        """The columns; they may look at `self.now`."""
        raise NotImplementedError

    def rows_of(self, value: T) -> Sequence[Any]:
        """The rows of a value, immutable."""
        raise NotImplementedError

    def row_key(self, row: Any) -> Hashable:
        """What makes a row the same row in the next reading."""
        raise NotImplementedError

    def row_role(self, row: Any) -> Role:
        """The role a whole row is drawn in."""
        return ""

    def flash_on(self, row: Any) -> object:
        """The part of a row whose change is worth a glance."""
        return None

    def verdict(self, value: T) -> Verdict:
        """What the value says about its subject."""
        return Verdict()

    def notes(self, value: T) -> list[tuple[Role, str]]:
        """What the value lacks: lines above the rows."""
        return []

    def summary(self, value: T | None) -> list[Piece]:
        """What stands after name and count in the title."""
        return []

    def tail(self, value: T | None) -> list[Piece]:
        """What stands before the age in the title."""
        return []

    def search_text(self, row: Any) -> str:
        """What a filter looks at in a row. Override where there are many rows."""
        return self.table.plain_row(row)

    def copy_text(self, row: Any) -> str:
        """A row as text for the clipboard."""
        return self.table.plain_row(row)

    # -- what a screen uses

    @property
    def selected(self) -> Any | None:
        """The row under the cursor."""
        return self.table.selected

    @property
    def title_words(self) -> str:
        """All the title would say, given the room."""
        return self._bar.words

    def show(self, reading: Reading[T]) -> None:
        """Show another reading; while paused only its state, and the rows once it goes on."""
        self.reading = reading
        if reading.taken_at is not None:
            self.now = max(self.now, reading.taken_at)
        if not self.paused:
            self._show_rows()
        self._show_words()

    def tick(self, now: datetime) -> None:
        """Let ages grow: in the title, and in the visible cells that say one."""
        self.now = now
        self._show_title()
        if not self.paused:
            self.table.age()

    def on_mount(self) -> None:
        self._show_words()

    # -- drawing

    def _show_rows(self) -> None:
        value = self.reading.value
        if value is not None and value is not self._drawn:
            self._drawn = value
            self.table.empty = self.empty
            self.table.set_rows(self.rows_of(value))
        elif value is None:
            self.table.empty = "" if self.reading.error else "loading…"

    def _show_words(self) -> None:
        value, error = self.reading.value, self.reading.error
        said = notice_parts(error, self.notes(value) if value is not None else ())
        if said != self._said:
            self._said = said
            self._notice.update(Content("\n").join(safe(text, STYLES[role]) for text, role in said))
            self._notice.set_class(bool(said), "-said")
        # Once per reading: it may look at every row, and the title is drawn every second.
        self._verdict = verdict = self.verdict(value) if value is not None else Verdict()
        self._show_title()
        role = role_of(self.reading, verdict)
        word = verdict.words if role == verdict.role and verdict.words else state_word(self.reading)
        badge = Badge(role, word, self._count())
        if badge != self.badge:
            self.badge = badge
            self.post_message(Changed(self))

    def _count(self) -> str:
        if self.reading.value is None:
            return ""
        table = self.table
        total = figures.count(table.total)
        return f"{figures.count(len(table.rows))}/{total}" if table.filter_text else total

    def _beside_name(self) -> str:
        return self._count()

    def _show_title(self) -> None:
        value = self.reading.value
        left = [
            piece(f"{self.number} {self.title}" if self.number else self.title, "title"),
            piece(self._beside_name(), gap=1),
            *self.summary(value),
        ]
        if self.table.filter_text:
            left.append(piece(f"/{self.table.filter_text}", "warn", rank=90))
        if self.table.marked:
            left.append(piece(f"✓ {len(self.table.marked)} marked", rank=85))
        right = [*self.tail(value), *state_pieces(self.reading, self._verdict, self.now, paused=self.paused)]
        self._bar.say(left, right)
