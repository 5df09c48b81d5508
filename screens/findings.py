"""The findings: what is not as the guide says, why, and the way to put it right or to accept it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gbtui.checks.base import Finding
from gbtui.operations.catalog import find
from screens.actions import Scope, bindings
from screens.details import DetailsScreen
from screens.feeding import Feeding
from screens.findings_words import remedy_words, told
from screens.form import Form
from screens.page import Page
from screens.parameters import ask_parameters
from screens.waive import parameters, waiver_of
from widgets.findings_pane import FindingsPane
from widgets.findings_rows import FindingRow
from widgets.pane import Pane
from widgets.virtual_table import VirtualTable


class FindingsScreen(Page[None]):
    """The list, and all about the selected one beside it; below it, where it is narrow."""

    SCOPES: ClassVar = (Scope.FINDINGS,)
    BINDINGS: ClassVar = bindings(Scope.FINDINGS)
    AUTO_FOCUS = "VirtualTable"
    DEFAULT_CSS = """
    FindingsScreen #both { height: 1fr; layout: vertical; }
    FindingsScreen.-wide #both { layout: horizontal; }
    FindingsScreen FindingsPane { height: 1fr; width: 1fr; }
    FindingsScreen.-wide FindingsPane { width: 3fr; }
    FindingsScreen #beside { height: 1fr; width: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    FindingsScreen.-wide #beside { width: 2fr; padding: 1 1 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.pane = FindingsPane(self._amiss, id="findings")
        self._feed = Feeding("findings", self.pane, self._heard)

    def body(self) -> ComposeResult:
        with Container(id="both"):
            yield self.pane
            with VerticalScroll(id="beside", can_focus=False):
                yield Static(id="told")

    def on_mount(self) -> None:
        self._feed.attach(self.cockpit.session.checks())
        self._tell()

    def on_unmount(self) -> None:
        self._feed.end()

    def tick(self) -> None:
        super().tick()
        self.pane.tick(datetime.now(UTC))

    def _amiss(self) -> str:
        """Why the waivers on file do not hold, "" where they do."""
        error = self.cockpit.session.waivers.error
        return "" if error is None else str(error)

    def _heard(self) -> None:
        self._tell()
        self.cockpit.tick()

    @on(VirtualTable.Highlighted)
    def _tell(self) -> None:
        """Say all about the selected row: once more after every round, its evidence may be another."""
        for place in self.query("#told").results(Static):
            row = self._row
            place.update(told(row) if row is not None else Content(""))

    @property
    def _row(self) -> FindingRow | None:
        row = self.pane.selected
        return row if isinstance(row, FindingRow) else None

    def _finding(self) -> Finding | None:
        """The selected finding; says so where there is none."""
        row = self._row
        if row is None or row.finding is None:
            self.notify("select a finding first")
            return None
        return row.finding

    # -- keys ---------------------------------------------------------------------------------

    @on(Pane.Chosen)
    def action_remedy(self) -> None:
        finding = self._finding()
        if finding is None:
            return
        remedy = finding.failing.remedy
        if remedy is not None and remedy.operation:
            ask_parameters(self.cockpit, find(remedy.operation), dict(remedy.parameters))
        else:
            self.notify(remedy_words(remedy, finding.check), title="no operation does this")

    def action_runbook(self) -> None:
        finding = self._finding()
        if finding is not None:
            self.cockpit.action_runbooks(finding.check.id)

    def action_details(self) -> None:
        if self._row is not None:
            self.app.push_screen(DetailsScreen("findings", self._row))

    @on(Pane.ActionsWanted)
    def _actions(self) -> None:
        self.action_remedy()

    @on(Pane.CopyWanted)
    def _copy(self, event: Pane.CopyWanted) -> None:
        self.cockpit.copy(event.text, "the finding")

    def action_look_again(self) -> None:
        self.pane.ask_again()
        self.cockpit.session.look_again()

    def action_waive(self) -> None:
        finding, session = self._finding(), self.cockpit.session
        if finding is None:
            return
        if self._row is not None and self._row.kind == "waived":
            where = f"to withdraw it, take it out of {session.waivers.where}"
            self.notify(f"{self._row.waiver}; {where}", title="waived already")
            return

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                self._waive(finding, values)

        about = f"{finding.check.id} at {finding.failing.subject}: {finding.failing.message}"
        wanted = parameters(datetime.now(UTC).date(), session.engine.user)
        self.app.push_screen(Form("Accept this finding for a while", about, wanted), answered)

    @work(group="waive", exit_on_error=False)
    async def _waive(self, finding: Finding, values: dict[str, str]) -> None:
        session = self.cockpit.session
        today = datetime.now(UTC).date()
        waiver = waiver_of(finding, values, session.host.name, session.engine.user, today)
        await asyncio.to_thread(session.waivers.add, waiver)
        self.notify(f"waived until {waiver.until}, in {session.waivers.where}")
        self.action_look_again()
