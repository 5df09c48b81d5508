"""`?`: every key there is, those that matter where it was pressed first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from screens.actions import Action, Scope, actions_in
from screens.page import Page
from widgets.safe import safe

KEYS, LABEL = 10, 20
"""Cells for the keys and for the label."""


class KeyLine(Horizontal):
    """One action: keys, label, sentence; a long sentence wraps under itself."""

    DEFAULT_CSS = f"""
    KeyLine {{ height: auto; }}
    KeyLine .keys {{ width: {KEYS}; text-style: bold; }}
    KeyLine .label {{ width: {LABEL}; }}
    KeyLine .sentence {{ width: 1fr; color: $text-muted; }}
    """

    def __init__(self, action: Action, keys: str) -> None:
        super().__init__(
            Static(safe(keys), classes="keys"),
            Static(safe(action.label), classes="label"),
            Static(safe(action.sentence), classes="sentence"),
        )


class HelpScreen(Page[None]):
    """All keys by scope; `here` are the scopes of the screen it was opened from."""

    SCOPES: ClassVar = ()
    BINDINGS: ClassVar = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen VerticalScroll { padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self, here: tuple[Scope, ...]) -> None:
        super().__init__()
        self._order = tuple(dict.fromkeys((*here, *Scope)))

    def body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            for scope in self._order:
                yield Static(safe(scope.value.capitalize(), "bold $text-accent"))
                for action in actions_in(scope):
                    yield KeyLine(action, action.shown(self.cockpit.remapped))
                yield Static()

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
