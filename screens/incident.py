"""An incident's timeline: what happened, by whom, and the operator's notes on it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static

from gbtui.incidents import watch
from gbtui.incidents.export import exported
from gbtui.incidents.file import write_new
from gbtui.incidents.types import MILESTONES, Entry, Incident, Milestone
from screens.actions import Scope, bindings
from screens.ask import AskText
from screens.choose import Choice, Choose
from screens.incident_words import COLUMNS, above, told
from screens.page import Page
from widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from screens.app import CockpitApp

BEGIN = "begin"
OTHERS = 5.0
"""Seconds between two looks at what others noted, while the timeline is on screen."""


class IncidentScreen(Page[None]):
    """The timeline of the incident that runs, or of `ended`; the selected entry below."""

    SCOPES: ClassVar = (Scope.INCIDENT,)
    BINDINGS: ClassVar = bindings(Scope.INCIDENT)
    AUTO_FOCUS = "VirtualTable"
    DEFAULT_CSS = """
    IncidentScreen #said { height: 1; padding: 0 1; }
    IncidentScreen VirtualTable { height: 2fr; }
    IncidentScreen VerticalScroll { height: 1fr; border-top: solid $border-blurred; padding: 0 1; }
    """

    def __init__(self, ended: Incident | None = None) -> None:
        super().__init__()
        self._ended = ended
        self.table: VirtualTable[Entry] = VirtualTable(COLUMNS, key=lambda one: one.key, empty="nothing yet")

    @property
    def incident(self) -> Incident | None:
        """What is shown: one that somebody ends stays on screen."""
        book = self.cockpit.session.incidents
        return self._ended or book.current or book.latest

    def body(self) -> ComposeResult:
        yield Static(id="said")
        yield self.table
        with VerticalScroll(can_focus=False):
            yield Static(id="told")

    def on_mount(self) -> None:
        self.cockpit.session.incidents.changed.append(self._heard)
        self.set_interval(OTHERS, self.action_look_again)
        self.refill()

    def on_unmount(self) -> None:
        self.cockpit.session.incidents.changed.remove(self._heard)

    def _heard(self) -> None:
        self.call_later(self.refill)

    @on(ScreenResume)
    def refill(self) -> None:
        """Show what is noted by now; the cursor stays at the end where it was there."""
        one = self.incident
        at_end = self.table.selected is None or self.table.selected == self.table.rows[-1]
        self.table.set_rows(list(one.entries) if one else [])
        if at_end and self.table.rows:
            self.table.move_to(len(self.table.rows) - 1)
        self.tick()
        self._tell()

    def tick(self) -> None:
        super().tick()
        for place in self.query("#said").results(Static):
            place.update(above(self.incident, self.cockpit.session.incidents))

    @on(VirtualTable.Highlighted)
    def _tell(self) -> None:
        for place in self.query("#told").results(Static):
            one = self.table.selected
            place.update(told(one) if one is not None else Content(""))

    # -- keys ---------------------------------------------------------------------------------

    def _runs(self) -> bool:
        """Whether it can be written on; says so where not."""
        running = self._ended is None and self.cockpit.session.incidents.current is not None
        if not running:
            self.notify("this incident has ended: x exports it")
        return running

    def action_note(self) -> None:
        if self._runs():
            ask_note(self.cockpit)

    def action_milestone(self) -> None:
        if not self._runs():
            return

        def chosen(which: str | None) -> None:
            said: Milestone | None = next((one for one in MILESTONES if one == which), None)
            if said is not None:
                add(self.cockpit, watch.milestone(self.cockpit.session.incidents.by, said))

        about = {
            "diagnosed": "the cause is known",
            "repaired": "the change is made",
            "verified": "users are served",
        }
        choices = [Choice(one, one, about[one]) for one in MILESTONES]
        self.app.push_screen(Choose("It is …", choices), chosen)

    def action_end(self) -> None:
        if not self._runs():
            return

        def said(summary: str | None) -> None:
            if summary is not None:
                self._end(summary)

        self.app.push_screen(AskText("What was it? The incident ends", form="a summary in a sentence"), said)

    @work(group="incident", exclusive=True, exit_on_error=False)
    async def _end(self, summary: str) -> None:
        self._ended = await self.cockpit.session.incidents.end(summary)
        self.refill()
        self.notify("the incident has ended: x writes it down for the post-mortem")

    def action_export(self) -> None:
        one = self.incident
        if one is None:
            return

        def named(path: str | None) -> None:
            if path is not None:
                self._export(one, Path(path).expanduser())

        form = f"a new file, such as ~/incident-{one.id[:8]}.md"
        self.app.push_screen(AskText("Export to which file?", form=form), named)

    @work(group="incident", exclusive=True, exit_on_error=False)
    async def _export(self, one: Incident, path: Path) -> None:
        text = exported(one, "jsonl" if path.suffix == ".jsonl" else "md")
        await asyncio.to_thread(write_new, path, text)
        self.notify(f"written: {path}")

    @work(group="incident-look", exclusive=True, exit_on_error=False)
    async def action_look_again(self) -> None:
        if self._ended is None:
            await self.cockpit.session.incident.once()

    def action_copy(self) -> None:
        one = self.table.selected
        if one is not None:
            self.cockpit.copy(f"{told(one).plain}\n", "the entry")


async def choose_incident(app: CockpitApp) -> None:
    """The timeline of the incident that runs; where none does, one is begun or an earlier one shown."""
    session = app.session
    await session.incident.once()
    if session.incidents.current is not None:
        await app.push_screen(IncidentScreen())
        return
    earlier = {one.id: one for one in reversed(await session.incidents.all())}
    if not earlier:
        ask_title(app)
        return

    def chosen(id_: str | None) -> None:
        if id_ == BEGIN:
            ask_title(app)
        elif id_ is not None:
            app.push_screen(IncidentScreen(earlier[id_]))

    choices = [Choice(BEGIN, "Begin an incident", "from now on everything that happens is noted")]
    choices += [Choice(one.id, one.title, f"{one.started:%Y-%m-%d %H:%M}Z") for one in earlier.values()]
    await app.push_screen(Choose("Incidents", choices), chosen)


def ask_title(app: CockpitApp) -> None:
    """Begin an incident with what users see as its title."""

    def said(title: str | None) -> None:
        if title is not None:
            app.run_worker(_begin(app, title), group="incident", exit_on_error=False)

    app.push_screen(AskText("What do users see? An incident begins", form="a title in a few words"), said)


async def _begin(app: CockpitApp, title: str) -> None:
    await app.session.incidents.begin(title)
    await app.push_screen(IncidentScreen())
    app.tick()


def ask_note(app: CockpitApp) -> None:
    """A line for the timeline of the incident that runs."""

    def said(text: str | None) -> None:
        if text is not None:
            add(app, watch.note(app.session.incidents.by, text))

    if app.session.incidents.current is None:
        app.notify("no incident runs: i begins one, then notes are kept for every operator")
        return
    app.push_screen(AskText("A note for the timeline", form="what you saw, did or decided"), said)


def add(app: CockpitApp, entry: Entry) -> None:
    """Note it, and say where the host could not be told."""

    async def added() -> None:
        await app.session.incidents.add(entry)
        if app.session.incidents.error is not None:
            app.say_error(app.session.incidents.error)

    app.run_worker(added(), group="incident-note", exit_on_error=False)
