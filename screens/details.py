"""Details of one row: everything known about it, exact, as it was when it was opened."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.details_words import Group, of_row, plain
from screens.look import say
from screens.page import Page
from widgets.safe import safe, safe_lines

NAME = 24
"""Cells for the names on the left."""


class DetailsScreen(Page[None]):
    """What is known about `row` of the pane `pane`."""

    BINDINGS: ClassVar = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]
    DEFAULT_CSS = """
    DetailsScreen VerticalScroll { padding: 0 1; scrollbar-size-vertical: 1; }
    DetailsScreen .heading { text-style: bold; color: $text-accent; margin-top: 1; }
    """

    def __init__(self, pane: str, row: Any) -> None:
        super().__init__()
        self._pane = pane
        self._row = row

    def _groups(self) -> tuple[str, tuple[Group, ...]]:
        return of_row(self._row, self.cockpit.session.events)

    def body(self) -> ComposeResult:
        title, groups = self._groups()
        with VerticalScroll(can_focus=False):
            yield Static(Content.assemble(say("dim", f"{self._pane}  "), safe(title, "bold")))
            for heading, lines in groups:
                if heading:
                    yield Static(safe(f"{heading} {len(lines)}"), classes="heading")
                yield Static(Content("\n").join(_line(name, value) for name, value in lines) or safe("—"))

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        title, groups = self._groups()
        self.cockpit.copy(f"{title}\n{plain(groups)}\n", "the details")


def _line(name: str, value: str) -> Content:
    return Content.assemble(
        say("dim", f"{name:<{NAME}} "),
        safe_lines(value.replace("\n", f"\n{' ' * (NAME + 1)}")),
    )
