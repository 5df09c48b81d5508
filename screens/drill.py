"""A drill: what users say, how it goes, hints; and at its end the score. The same cockpit repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gbtui.errors import GbtuiError
from gbtui.incidents.practice import Practice
from gbtui.runbooks.drills import Drill, drills
from screens.actions import Scope, bindings
from screens.choose import Choice, Choose
from screens.drill_words import told
from screens.incident import IncidentScreen
from screens.page import Page

if TYPE_CHECKING:
    from screens.app import CockpitApp


class DrillScreen(Page[None]):
    """One drill, from what users say to its score."""

    SCOPES: ClassVar = (Scope.DRILL,)
    BINDINGS: ClassVar = bindings(Scope.DRILL)
    DEFAULT_CSS = "DrillScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }"

    def __init__(self, practice: Practice) -> None:
        super().__init__()
        self.practice = practice

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(Content(""), id="told")

    def on_mount(self) -> None:
        self.tick()

    def tick(self) -> None:
        super().tick()
        for place in self.query("#told").results(Static):
            place.update(told(self.practice))

    # -- keys ---------------------------------------------------------------------------------

    @work(group="drill", exclusive=True, exit_on_error=False)
    async def action_hint(self) -> None:
        if not await self.practice.hint():
            self.notify(
                "the drill is over" if self.practice.over else "there is no further hint: r has it all"
            )
        self.tick()

    @work(group="drill", exclusive=True, exit_on_error=False)
    async def action_give_up(self) -> None:
        await self.practice.end(given_up=True)
        self.tick()

    def action_timeline(self) -> None:
        self.app.push_screen(IncidentScreen(self.practice.over))

    def action_another(self) -> None:
        if self.practice.over is None:
            self.notify("this drill is not over: repair it, or g gives up")
            return
        self.dismiss(None)
        choose_drill(self.cockpit)


def open_drill(app: CockpitApp) -> None:
    """How the drill under way goes; where none is, one is chosen."""
    practice = app.session.practice
    if practice is not None:
        app.push_screen(DrillScreen(practice))
    else:
        choose_drill(app)


def choose_drill(app: CockpitApp) -> None:
    """Offer what can be practised: on the simulated host only."""
    if app.session.host.kind != "demo":
        app.notify(
            "drills are for the simulated host: gbtui drill, in a terminal, opens it", title="not here"
        )
        return
    every = {one.id: one for one in drills()}

    def chosen(id_: str | None) -> None:
        if id_ is not None:
            begin_drill(app, every[id_])

    choices = [Choice(one.id, one.title) for one in sorted(every.values(), key=_easy_first)]
    app.push_screen(Choose("Practise: what users say", choices), chosen)


EASY = ("valkey-loopback", "vault-sealed", "ui-stopped", "mail-stopped")


def _easy_first(one: Drill) -> tuple[int, str]:
    return (EASY.index(one.id) if one.id in EASY else len(EASY)), one.title


def begin_drill(app: CockpitApp, drill: Drill) -> None:
    """Put its fault in, start the clock, and say what users say."""

    async def begun() -> None:
        try:
            practice = await app.session.practise(drill)
        except GbtuiError as error:
            app.say_error(error)
            return
        app.clear_notifications()  # the greeting has been heeded
        await app.push_screen(DrillScreen(practice))
        app.tick()

    app.run_worker(begun(), group="drill", exit_on_error=False)
