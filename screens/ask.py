"""A box with one line to type into, and the parameters of an operation asked one by one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from screens.page import Dialog
from widgets.safe import safe


class AskText(Dialog[str]):
    """Answers what was typed, None where it was left. Typing is literal: letters are no keys here."""

    BINDINGS: ClassVar = [("escape", "go_back", "Back")]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    AskText { align: center middle; }
    AskText > Vertical {
        width: 90%; max-width: 90; height: auto; border: round $primary; background: $surface; padding: 0 1;
    }
    AskText Input { border: none; height: 1; margin: 1 0; }
    AskText .keys { color: $text-muted; }
    """

    def __init__(self, question: str, *, form: str = "") -> None:
        super().__init__()
        self._question = question
        self._form = form

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(safe(self._question, "bold"))
            yield Input(placeholder=self._form)
            yield Static(safe("enter go on · esc back"), classes="keys")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
