"""The palette: everything the keys do here, and every operation, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from gbtui.operations.catalog import OPERATIONS
from screens.actions import Action, Scope, actions_in
from screens.page import Page
from screens.parameters import ask_parameters
from widgets.safe import safe

if TYPE_CHECKING:
    from screens.app import CockpitApp


class Everything(Provider):
    """Palette entries from the table of actions and the catalogue of operations."""

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, about, run in self._entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, text=name, help=about)

    async def discover(self) -> Hits:
        for name, about, run in self._entries():
            yield DiscoveryHit(safe(name), run, text=name, help=about)

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        app = cast("CockpitApp", self.app)
        page = self.screen
        scopes = page.SCOPES if isinstance(page, Page) else ()
        for action in actions_in(*scopes, Scope.EVERYWHERE):
            if action.palette:
                keys = action.shown(app.remapped)
                yield f"{action.label}  ({keys})", action.sentence, partial(self._press, action)
        for operation in OPERATIONS:
            yield operation.title, operation.summary, partial(ask_parameters, app, operation)

    def _press(self, action: Action) -> None:
        """Do what the key does, where it would have been pressed."""
        app = cast("CockpitApp", self.app)
        key = app.remapped.get(action.id, action.keys).split(",")[0]
        app.simulate_key(key)
