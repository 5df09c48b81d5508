"""The footer: the few keys that matter here, from the table, as remapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.content import Content
from textual.widgets import Static

from screens.actions import Action
from widgets.safe import safe


class KeyBar(Static):
    """One line of `key label` pairs; those that do not fit are left out from the right."""

    DEFAULT_CSS = """
    KeyBar {
        height: 1; dock: bottom; background: $panel; color: $text; padding: 0 1;
        text-wrap: nowrap; text-overflow: clip;
    }
    """

    def __init__(self, actions: Iterable[Action], keymap: Mapping[str, str]) -> None:
        super().__init__()
        self._actions = tuple(actions)
        self._keymap = keymap

    def on_mount(self) -> None:
        self.show(self._actions)

    def show(self, actions: Iterable[Action]) -> None:
        """Show the keys of other actions."""
        self._actions = tuple(actions)
        self.update(Content("  ").join(self._pair(action) for action in self._actions))

    def _pair(self, action: Action) -> Content:
        key = action.shown(self._keymap).split(" ")[0]
        return Content.assemble(safe(key, "bold $text-accent"), safe(f" {action.label.lower()}"))
