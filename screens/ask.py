"""A box with one line to type into, and the parameters of an operation asked one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from screens.look import mark
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
    AskText Input { margin: 1 0; }
    AskText .keys { color: $text-muted; }
    """

    def __init__(
        self,
        question: str,
        *,
        form: str = "",
        check: Callable[[str], str] = lambda _: "",
        unseen: bool = False,
    ) -> None:
        """`check` gives "" for what can be accepted, else why it cannot; `unseen`: a secret is typed."""
        super().__init__()
        self._unseen = unseen
        self._check = check
        self._question = question
        self._form = form

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(safe(self._question, "bold"))
            yield Input(placeholder=self._form, compact=True, password=self._unseen)
            yield Static(safe("enter go on · esc back"), classes="keys")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        why_not = self._check(typed) if typed else "nothing typed"
        if why_not:
            self.query_one(".keys", Static).update(mark("error", f"{why_not}; expected {self._form}"))
        else:
            self.dismiss(typed)
