"""The journal: what was done here, how it ended, the story of each; undo one, keep or revert one."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import ScreenResume
from textual.widgets import Static

from gbtui.guard.port import Outcome
from screens.actions import Scope, bindings
from screens.journal_words import OUTCOME_LOOK, Entry, entries, story
from screens.look import say
from screens.page import Page
from widgets.roles import glyph
from widgets.virtual_table import Column, VirtualTable

COLUMNS: tuple[Column[Entry], ...] = (
    Column("at", "AT (UTC)", lambda entry: entry.at[:19].replace("T", " "), width=19),
    Column("title", "OPERATION", lambda entry: entry.title),
    Column(
        "outcome", "OUTCOME", lambda entry: (glyph(OUTCOME_LOOK[entry.outcome], entry.outcome),), width=14
    ),
    Column("by", "BY", lambda entry: entry.by, width=10, rank=10),
)


class JournalScreen(Page[None]):
    """The list on top, the story of the selected operation below."""

    SCOPES: ClassVar = (Scope.JOURNAL,)
    BINDINGS: ClassVar = bindings(Scope.JOURNAL)
    AUTO_FOCUS = "VirtualTable"
    DEFAULT_CSS = """
    JournalScreen VirtualTable { height: 2fr; }
    JournalScreen VerticalScroll { height: 3fr; border-top: solid $border-blurred; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: VirtualTable[Entry] = VirtualTable(
            COLUMNS, key=lambda entry: entry.id, empty="nothing was changed here through gbtui yet"
        )

    def body(self) -> ComposeResult:
        yield self.table
        with VerticalScroll(can_focus=False):
            yield Static(say("dim", "select an operation to read its story"), id="story")

    @on(ScreenResume)
    def refill(self) -> None:
        """Read the journal again: an operation may have ended meanwhile."""
        session = self.cockpit.session
        self.table.set_rows(entries(session.journal.entries(session.host.name)))
        self._tell()

    @on(VirtualTable.Highlighted)
    def _tell(self) -> None:
        entry = self.table.selected
        if entry is not None:
            records = self.cockpit.session.journal.story(entry.id)
            self.query_one("#story", Static).update(story(entry, records))

    def _selected(self) -> Entry | None:
        entry = self.table.selected
        if entry is None or entry.outcome == "shell":
            self.notify("select an operation first")
            return None
        return entry

    def action_undo(self) -> None:
        entry = self._selected()
        if entry is not None:
            self.cockpit.operator.undo(entry.id)

    def action_keep_change(self) -> None:
        self._decide("keep")

    def action_revert_change(self) -> None:
        self._decide("revert")

    def _decide(self, what: str) -> None:
        entry = self._selected()
        if entry is None:
            return
        if entry.outcome not in ("armed", "unfinished"):
            self.notify(f"nothing is armed for it: it is {entry.outcome}")
            return
        self._answer(what, entry.id)

    @work(group="operation", exit_on_error=False)
    async def _answer(self, what: str, op_id: str) -> None:
        engine = self.cockpit.session.engine
        outcome: Outcome = await (engine.keep(op_id) if what == "keep" else engine.revert(op_id))
        self.notify(f"{outcome.result}: {outcome.message}")
        self.refill()
