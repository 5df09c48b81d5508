"""What every full screen has: the same strip on top, its own body, the keys that matter below."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.events import ScreenResume
from textual.screen import ModalScreen, Screen
from textual.worker import Worker

from screens.actions import Scope, footer
from screens.keybar import KeyBar
from widgets.strip import Strip

if TYPE_CHECKING:
    from screens.app import CockpitApp

R = TypeVar("R")


class Page(Screen[R]):
    """A screen with the strip and a footer.

    `SCOPES` are the scopes whose actions it binds; `body` composes what is between strip and
    footer; `step_back` is what Escape and `q` do.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = ()

    @property
    def cockpit(self) -> CockpitApp:
        """The app, typed."""
        return cast("CockpitApp", self.app)

    def compose(self) -> ComposeResult:
        yield Strip()
        yield from self.body()
        yield KeyBar(footer(*self.SCOPES, Scope.EVERYWHERE), self.cockpit.remapped)

    def body(self) -> ComposeResult:
        """The widgets between strip and footer."""
        raise NotImplementedError

    def step_back(self) -> None:
        """One step back: leave this screen."""
        self.dismiss(None)

    @on(ScreenResume)
    def _show_strip(self) -> None:
        self.tick()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A screen's own worker that failed is told of as the app's are: the message does not bubble."""
        self.cockpit.on_worker_state_changed(event)

    def tick(self) -> None:
        """Once a second while shown, and on return: bring everything that ages up to date."""
        for strip in self.query(Strip):  # none any more while the screen goes away
            strip.show(self.cockpit.strip_state())


class Asking(Screen[R]):
    """Mixed into a screen on which a key changes something: keys typed before it was seen are dropped."""

    seen_at: float | None = None
    """When it was painted, by the monotonic clock of Textual's events; None while it was not."""

    @on(ScreenResume)
    def _not_seen_yet(self) -> None:
        self.seen_at = None
        self.call_after_refresh(self._seen)

    def _seen(self) -> None:
        self.seen_at = monotonic()


class Dialog(ModalScreen[R]):
    """A box over a screen that stays visible; Escape and `q` leave it without an answer."""

    BINDINGS: ClassVar = [("escape,q", "go_back", "Back")]

    @property
    def cockpit(self) -> CockpitApp:
        """The app, typed."""
        return cast("CockpitApp", self.app)

    def action_go_back(self) -> None:
        self.dismiss(None)
