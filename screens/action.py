"""What a key is: bindings, footer and help are made from the table in `actions`.

Keys avoid Ctrl combinations, which tmux, screen and readline own. A key is remapped by the `id`
of its action (`keymap = {"pane.filter": "f3"}`), never by the key itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Scope(StrEnum):
    """Where an action applies: the heading above it in help."""

    EVERYWHERE = "everywhere"
    COCKPIT = "cockpit"
    PANE = "in a pane"
    PLAN = "plan approval"
    JOURNAL = "journal"
    RECOVERY = "recovery"
    FINDINGS = "findings"
    DRIFT = "drift"
    RUNBOOK = "runbook"
    INCIDENT = "incident"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a key does.

    `keys` is Textual's spelling, alternatives separated by commas. `does` is the Textual action;
    "" where the widget that owns the key binds it itself, with this `id` and `label`. `footer`
    ranks it in the footer of its scope, 0 keeps it out.
    """

    id: str
    keys: str
    label: str
    sentence: str
    scope: Scope
    does: str = ""
    footer: int = 0
    palette: bool = True

    def shown(self, keymap: Mapping[str, str]) -> str:
        """The keys, as remapped, as a person reads them: `tab`, `↑ k`."""
        return " ".join(show_key(key) for key in keymap.get(self.id, self.keys).split(","))

    def binding(self) -> Binding:
        return Binding(self.keys, self.does, self.label, show=False, tooltip=self.sentence, id=self.id)


_NAMES = {
    "colon": ":",
    "slash": "/",
    "question_mark": "?",
    "exclamation_mark": "!",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def show_key(key: str) -> str:
    """One key as a person reads it."""
    return _NAMES.get(key, key)
