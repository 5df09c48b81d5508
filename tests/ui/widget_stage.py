"""A bare app that puts widgets on a screen, and what the screen then says."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # read when Textual is imported

from textual import on
from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from widgets import pane_messages, table_messages
from widgets.firewall_pane import FirewallPane
from widgets.safe import SafeFilter

NARROW, WIDE = (80, 24), (160, 50)


class Stage(App[None]):
    """Shows `widgets` below one another and keeps every message that reached the top."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self.shown = widgets
        self.heard: list[Message] = []
        self.quits = 0

    def compose(self) -> ComposeResult:
        yield from self.shown

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), SafeFilter()]

    async def action_quit(self) -> None:
        self.quits += 1

    @on(table_messages.Highlighted)
    @on(table_messages.Chosen)
    @on(table_messages.Marked)
    @on(table_messages.Following)
    @on(pane_messages.Chosen)
    @on(pane_messages.ActionsWanted)
    @on(pane_messages.Changed)
    @on(pane_messages.CopyWanted)
    @on(FirewallPane.PlaceWanted)
    def _hear(self, message: Message) -> None:
        self.heard.append(message)

    def said(self, kind: type[Message]) -> list[Any]:
        """The messages of a kind, oldest first."""
        return [message for message in self.heard if isinstance(message, kind)]

    def lines(self) -> list[str]:
        """The screen as text, without trailing blanks."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())

    def line_with(self, part: str) -> str:
        """The first line that contains `part`."""
        found = [line for line in self.lines() if part in line]
        assert found, f"{part!r} is not on the screen:\n{self.text()}"
        return found[0]


@asynccontextmanager
async def on_stage(
    *widgets: Widget, size: tuple[int, int] = NARROW
) -> AsyncIterator[tuple[Stage, Pilot[None]]]:
    """An app with these widgets, running, settled."""
    app = Stage(*widgets)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot
