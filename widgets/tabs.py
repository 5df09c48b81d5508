"""The tab line of the narrow cockpit: which panes there are, and how each of them is."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.message import Message

from widgets.bar import Bar
from widgets.names import SHORT
from widgets.pieces import SEPARATOR, Piece, words
from widgets.roles import Badge, Part


class Tabs(Bar):
    """`1 cont ●  2 snap ▲  3 fw ✖  4 bans ●  5 log ●`: a badge per pane, the current one in brackets."""

    DEFAULT_CSS = "Tabs { background: $surface; }"

    class Wanted(Message):
        """A click on the tab of pane `name`."""

        def __init__(self, tabs: Tabs, name: str) -> None:
            super().__init__()
            self.tabs = tabs
            self.name = name

        @property
        def control(self) -> Tabs:
            return self.tabs

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._names: tuple[str, ...] = ()

    def show(self, badges: Mapping[str, Badge], current: str) -> None:
        """Show these panes in their order, `current` marked."""
        self._names = tuple(badges)
        self.say([_tab(n, name, badge, name == current) for n, (name, badge) in enumerate(badges.items(), 1)])

    def on_click(self, event: events.Click) -> None:
        left = 0
        for name, one in zip(self._names, self._left, strict=True):
            if left <= event.x < left + one.width:
                self.post_message(self.Wanted(self, name))
            left += len(words((one,))) + SEPARATOR


def _tab(number: int, name: str, badge: Badge, current: bool) -> Piece:
    label = f"{number} {SHORT.get(name, name)}"
    parts: list[Part] = [(f"[{label} " if current else f" {label} ", "title" if current else "")]
    parts.append((badge.glyph, badge.role))
    parts.append(("]" if current else " ", "title" if current else ""))
    return Piece(tuple(parts), rank=100 if current else 90 - number)
