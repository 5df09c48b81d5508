"""The timeline: what changed on the host, when it was seen, and who did it where that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static

from gbtui.checks.drift import Change
from screens.actions import Scope, bindings
from screens.look import lines, mark, say
from screens.page import Page
from widgets.format import count, counted, utc
from widgets.painting import Cell
from widgets.safe import safe
from widgets.virtual_table import Column, VirtualTable

NOTHING = "nothing changed since gbtui first looked at this host"


def _lines(one: Change) -> Cell:
    return f"+{count(len(one.added))} −{count(len(one.removed))}{'…' if one.more else ''}"


def _by(one: Change) -> Cell:
    return ((one.by, "dim" if one.operation else "warn"),) if one.by else (("not known", "dim"),)


COLUMNS: tuple[Column[Change], ...] = (
    Column("at", "SEEN (UTC)", lambda one: utc(one.at)[:19], width=19),
    Column("where", "WHERE", lambda one: one.where, width=16, rank=80),
    Column("what", "WHAT", lambda one: one.title),
    Column("lines", "LINES", _lines, width=8, rank=50),
    Column("by", "BY", _by, width=14, rank=40),
)


class DriftScreen(Page[None]):
    """The list on top, newest first; the lines of the selected change below."""

    SCOPES: ClassVar = (Scope.DRIFT,)
    BINDINGS: ClassVar = bindings(Scope.DRIFT)
    AUTO_FOCUS = "VirtualTable"
    DEFAULT_CSS = """
    DriftScreen #said { height: 1; padding: 0 1; color: $text-muted; }
    DriftScreen VirtualTable { height: 2fr; }
    DriftScreen VerticalScroll { height: 3fr; border-top: solid $border-blurred; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.others_only = False
        self.table: VirtualTable[Change] = VirtualTable(
            COLUMNS, key=lambda one: (one.at, one.kind, one.where, one.name), empty="reading…"
        )
        self._end: Callable[[], None] = lambda: None

    def body(self) -> ComposeResult:
        yield Static(id="said")
        yield self.table
        with VerticalScroll(can_focus=False):
            yield Static(id="told")

    def on_mount(self) -> None:
        self._end = self.cockpit.session.checks().listen(self._heard)

    def on_unmount(self) -> None:
        self._end()

    def _heard(self) -> None:
        self.call_later(self.refill)

    @on(ScreenResume)
    @work(group="drift", exclusive=True, exit_on_error=False)
    async def refill(self) -> None:
        """Show what is noted by now; rows stay where they are, new ones stand above."""
        book = self.cockpit.session.drift
        every = await asyncio.to_thread(book.timeline)
        shown = [one for one in every if not (self.others_only and one.operation)]
        self.table.empty = NOTHING if not every else "every change was gbtui's own: o shows them"
        self.table.set_rows(shown)
        self.query_one("#said", Static).update(self._said(len(shown), len(every)))
        self._tell()

    def _said(self, shown: int, every: int) -> Content:
        book = self.cockpit.session.drift
        if book.error is not None:
            return mark("unknown", str(book.error))
        told = f"{count(shown)} of {counted(every, 'change')}, from outside gbtui"
        looked = f"looked at {utc(book.looked_at)}" if book.looked_at else "not looked at yet"
        return safe(f"{told if self.others_only else counted(every, 'change')} · {looked}")

    @on(VirtualTable.Highlighted)
    def _tell(self) -> None:
        for place in self.query("#told").results(Static):
            one = self.table.selected
            place.update(told(one) if one is not None else Content(""))

    # -- keys ---------------------------------------------------------------------------------

    def action_others(self) -> None:
        self.others_only = not self.others_only
        self.refill()

    def action_look_again(self) -> None:
        self.cockpit.session.look_again()
        self.notify("looking again")

    def action_copy(self) -> None:
        one = self.table.selected
        if one is not None:
            self.cockpit.copy(f"{told(one).plain}\n", "the change")


def told(one: Change) -> Content:
    """Everything known about a change."""
    if one.operation:
        who = f"by gbtui: {one.operation} in the journal"
    else:
        who = f"by {one.by}, as LXD says" if one.by else "by whom is not known"
    return lines(
        safe(f"{one.where}  {one.title}", "bold"),
        say("dim", f"between {utc(one.since)} and {utc(one.at)} · {who}"),
        Content(""),
        *(_line(line) for line in one.shown),
    )


def _line(line: str) -> Content:
    styles = {"+": "$text-success", "−": "$text-error"}
    return safe(line, styles.get(line[:1], "dim"))
