"""Plan approval: what would run, where, how it is undone; then how it goes; then keep or revert.

The engine asks through the `Approver` port and reports through `Progress`; this screen answers
both and decides nothing itself. `y` approves and is never a key that opens this screen; Enter
is on Cancel.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Button, Input

from gbtui.guard.plan import Plan, Replace
from gbtui.guard.port import Approval, Event, Outcome
from gbtui.guard.preview import pasted
from screens.actions import Scope, bindings
from screens.page import Asking
from screens.plan_face import PlanFace
from screens.plan_parts import GuardRow

Keep = Literal["keep", "revert", "leave"]


class PlanScreen(Asking[None], PlanFace):
    """One plan, from preview to outcome. Give it to `Session.apply` as approver and progress."""

    BINDINGS: ClassVar = [
        *bindings(Scope.PLAN),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
        Binding("right,l,tab", "app.focus_next", show=False),
        Binding("left,h,shift+tab", "app.focus_previous", show=False),
    ]

    def __init__(self, plan: Plan, user: str) -> None:
        super().__init__(plan)
        self._user = user
        self._answer: asyncio.Future[Approval] | None = None
        self._keep: asyncio.Future[Keep] | None = None

    async def approve(self, plan: Plan) -> Approval:
        """The engine asks: may this run? Answered by `y`, Cancel or leaving."""
        self._answer = asyncio.get_running_loop().create_future()
        self.stage = "asking"
        self._draw()
        return await self._answer

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Keep:  # noqa: A002 - the port's name
        """The engine asks: verified and armed; keep it? Answered by K, R or L."""
        self._keep = asyncio.get_running_loop().create_future()
        self._deadline = monotonic() + seconds_left
        self.stage = "keep"
        self._draw()
        self.cockpit.bell()
        try:
            return await self._keep
        finally:
            if self.stage == "keep":
                self.stage = "running"

    def progress(self, event: Event) -> None:
        """The engine reports: draw how far it is."""
        self.run_state.take(event)
        if self.stage in ("opening", "asking"):
            self.stage = "running"
        self._show_parts()
        self._draw()

    def end(self, outcome: Outcome) -> None:
        """The engine is through: say how it ended."""
        self.outcome = outcome
        self.stage = "ended"
        self._draw()

    def fail(self, words: str) -> None:
        """The engine could not go on (host lost, …): say why."""
        self.outcome = Outcome(self.run_state.id, "failed", words, self.plan)
        self.stage = "ended"
        self._draw()

    # -- keys ---------------------------------------------------------------------------------

    def action_approve(self) -> None:
        missing = [v.guard for v in self.plan.warnings if v.guard not in self._acknowledged]
        if self._answer is None or self._answer.done() or self.stage != "asking":
            return
        if missing:
            self.cockpit.bell()  # what is missing stands above Cancel
            return
        typed = self.query_one("#typed", Input).value if self.plan.must_type else ""
        if typed != self.plan.must_type:
            why = (
                f"refused by {self.plan.overridable[0].guard}"
                if self.plan.overridable
                else "this cannot be undone"
            )
            self.notify(f"{why}: type {self.plan.must_type} first", severity="warning")
            self.query_one("#typed", Input).focus()
            return
        acknowledged = tuple(v.guard for v in self.plan.warnings)
        self._answer.set_result(Approval(True, self._user, acknowledged, typed))
        self.stage = "running"
        self._draw()

    def action_acknowledge(self) -> None:
        for verdict in self.plan.warnings:
            if verdict.guard not in self._acknowledged:
                self._acknowledge(verdict.guard)
                return

    @on(GuardRow.Acknowledged)
    def _guard_acknowledged(self, event: GuardRow.Acknowledged) -> None:
        self._acknowledge(event.guard)

    def _acknowledge(self, guard: str) -> None:
        if self.stage not in ("opening", "asking"):
            return
        self._acknowledged ^= {guard}
        for row in self._guards:
            row.show(acknowledged=row.verdict.guard in self._acknowledged)
        self._draw()

    def action_diff(self) -> None:
        if not any(isinstance(step.does, Replace) for step in self.plan.steps):
            self.notify("no file is replaced by this plan")
            return
        self._diff = not self._diff
        for row in self._steps:
            row.show_diff(self._diff)

    def action_copy(self) -> None:
        self.cockpit.copy(pasted(self.plan), "the plan's commands")

    def action_keep_change(self) -> None:
        self._decide("keep")

    def action_revert_change(self) -> None:
        self._decide("revert")

    def action_leave_armed(self) -> None:
        self._decide("leave")

    def _decide(self, answer: Keep) -> None:
        if self._keep is not None and not self._keep.done():
            self._keep.set_result(answer)
            self._leaving = False

    def action_scroll(self, by: int) -> None:
        self.query_one("#sections", VerticalScroll).scroll_relative(y=by, animate=False)

    @on(Button.Pressed, "#cancel")
    def step_back(self) -> None:
        """Cancel while asked; say what is pending while it runs or is armed; close at the end."""
        match self.stage:
            case "opening" | "asking":
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(Approval(False, self._user))
                self.dismiss(None)
            case "running":
                self.notify("it is running: it ends by itself, and undoes itself when it fails")
            case "keep":
                self._leaving = True
                self._draw()
            case "ended":
                self.dismiss(None)

    @property
    def pending(self) -> str:
        """What would be left behind by quitting now, in words; "" where nothing is."""
        match self.stage:
            case "running":
                return f"{self.plan.title}: running"
            case "keep":
                return f"{self.plan.title}: armed, the host puts it back in {self._seconds_left():.0f} s"
            case _:
                return ""
