"""Leaving gbtui: at once where nothing is pending, with a question where something is."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, Static

from screens.look import mark
from screens.page import Asking, Dialog
from widgets.safe import safe


class Leave(Asking[bool], Dialog[bool]):
    """Says what is pending and asks; Stay has the focus, `y` leaves."""

    BINDINGS: ClassVar = [("y", "leave", "Leave")]
    AUTO_FOCUS = "#stay"
    DEFAULT_CSS = """
    Leave { align: center middle; }
    Leave > Vertical {
        width: 90%; max-width: 90; height: auto; border: round $warning; background: $surface; padding: 0 1;
    }
    Leave Static { margin-bottom: 1; }
    """

    def __init__(self, pending: str) -> None:
        super().__init__()
        self._pending = pending

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(mark("warn", self._pending))
            yield Static(
                safe(
                    "Leaving does not stop what runs on the host. An armed change is put back by the host"
                    " itself; the next start of gbtui says what became of it. y leaves, esc stays."
                )
            )
            yield Button(Content("Stay"), id="stay", compact=True)

    @on(Button.Pressed, "#stay")
    def _stay(self) -> None:
        self.dismiss(False)

    def action_leave(self) -> None:
        self.dismiss(True)
