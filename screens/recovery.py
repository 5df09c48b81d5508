"""What an earlier run left behind: shown first, with every way out (R5, R7).

Either the process or the link died in the middle of an operation, or the host put a change back
by itself. It says exactly what was done and what was not, and how that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static

from gbtui.guard.port import Outcome
from gbtui.guard.recovery import Recovery
from gbtui.guard.unfinished import StepState, Unfinished
from screens.actions import Scope, bindings
from screens.ask import AskText
from screens.look import lines, mark, say
from screens.operate import Desk
from screens.page import Asking, Page
from widgets.roles import Role
from widgets.safe import safe
from widgets.virtual_table import Column, VirtualTable

STEP_LOOK: dict[StepState, tuple[Role, str]] = {
    "done": ("ok", "done"),
    "not-done": ("dim", "not done"),
    "unknown": ("unknown", "begun, and nothing can tell whether it took effect"),
    "gone": ("stale", "was done, is not there any more"),
}

COLUMNS: tuple[Column[Unfinished], ...] = (
    Column("at", "BEGUN (UTC)", lambda one: one.story.at[:19].replace("T", " "), width=19),
    Column("title", "OPERATION", lambda one: one.story.plan.title),
    Column("user", "BY", lambda one: one.story.user, width=16, rank=10),
)


class RecoveryScreen(Asking[None], Page[None]):
    """`said` are sentences about what the host did by itself; `found` are operations without an end."""

    SCOPES: ClassVar = (Scope.RECOVERY,)
    BINDINGS: ClassVar = bindings(Scope.RECOVERY)
    AUTO_FOCUS = "VirtualTable"
    DEFAULT_CSS = """
    RecoveryScreen #said { height: auto; max-height: 8; padding: 0 1; }
    RecoveryScreen VirtualTable { height: 1fr; max-height: 8; }
    RecoveryScreen VerticalScroll { height: 2fr; border-top: solid $border-blurred; padding: 0 1; }
    """

    def __init__(self, recovery: Recovery, said: Sequence[str], found: Sequence[Unfinished]) -> None:
        super().__init__()
        self._recovery = recovery
        self._said = tuple(said)
        self._found = tuple(found)
        self.table: VirtualTable[Unfinished] = VirtualTable(
            COLUMNS, key=lambda one: one.story.id, empty="nothing is left to settle: q goes on"
        )

    def body(self) -> ComposeResult:
        yield Static(
            lines(safe("Before anything else", "bold"), *(mark("warn", words) for words in self._said)),
            id="said",
        )
        yield self.table
        with VerticalScroll(can_focus=False):
            yield Static(id="story")

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        self.table.set_rows(self._found)
        self._tell()

    @on(VirtualTable.Highlighted)
    def _tell(self) -> None:
        one = self.table.selected
        self.query_one("#story", Static).update(told(one) if one is not None else Content(""))

    @on(ScreenResume)
    @work(group="recovery", exclusive=True, exit_on_error=False)
    async def refill(self) -> None:
        """Look again: something may have been settled meanwhile."""
        if not self.cockpit.operator.busy:
            self._found = await self._recovery.unfinished()
            self._show()

    # -- keys ---------------------------------------------------------------------------------

    def action_finish(self) -> None:
        one = self.table.selected
        if one is None:
            return

        async def finished(desk: Desk) -> Outcome:
            desk.done = one.numbers("done")
            return await self._recovery.finish(one.story.id, desk, desk.progress)

        self.cockpit.operator.engage(finished)

    def action_undo(self) -> None:
        one = self.table.selected
        if one is None:
            return

        async def undone(desk: Desk) -> Outcome:
            return await self._recovery.undo_unfinished(one.story.id, desk, desk.progress)

        self.cockpit.operator.engage(undone)

    def action_mark(self) -> None:
        one = self.table.selected
        if one is None:
            return

        def reasoned(reason: str | None) -> None:
            if reason is not None:
                self._mark(one.story.id, reason)

        question = f"Settled by hand: why is {one.story.plan.title} as it should be?"
        self.app.push_screen(AskText(question, form="a reason, for the journal"), reasoned)

    def action_keep_change(self) -> None:
        self._decide("keep")

    def action_revert_change(self) -> None:
        self._decide("revert")

    @work(group="operation", exit_on_error=False)
    async def _mark(self, op_id: str, reason: str) -> None:
        self._say(await self._recovery.mark(op_id, reason))

    @work(group="operation", exit_on_error=False)
    async def _decide(self, what: str) -> None:
        one = self.table.selected
        engine = self.cockpit.session.engine
        if one is not None:
            op_id = one.story.id
            self._say(await (engine.keep(op_id) if what == "keep" else engine.revert(op_id)))

    def _say(self, outcome: Outcome) -> None:
        self.notify(f"{outcome.result}: {outcome.message}")
        self.refill()


def told(one: Unfinished) -> Content:
    """Everything known about an unfinished operation, and the ways out."""
    parts = [
        safe(one.story.plan.title, "bold"),
        say("dim", f"{one.story.id} · {one.story.user} · {one.story.at}"),
    ]
    for step in one.steps:
        role, words = STEP_LOOK[step.state]
        parts.append(mark(role, f"{step.number + 1}  {step.title}: {words} ({step.by} says so)"))
    if one.running is not None:
        parts.append(mark("unknown", f"still running: {one.running.words()}"))
    if one.reverted is not None:
        parts.append(mark("warn", one.reverted.words()))
    if one.armed and one.pending is not None:
        parts.append(
            mark("warn", f"armed: the host puts it back at {one.pending.at:%H:%M:%SZ} unless it is kept (K)")
        )
    parts += [
        Content(""),
        safe("f finish · u undo · m mark as settled, with a reason · q decide later", "bold"),
    ]
    return lines(*parts)
