"""What the plan screen shows: the plan, how far it is, what is asked, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from gbtui.guard.plan import Danger, Plan
from gbtui.guard.port import Outcome
from screens.actions import Action, Scope, actions_in
from screens.keybar import KeyBar
from screens.look import STYLES, lines, mark, say
from screens.page import Page
from screens.plan_parts import GuardRow, Section, StepRow, guide, undo_line, verdict_words
from screens.run_state import RunState
from widgets.roles import Role
from widgets.safe import safe

Stage = Literal["opening", "asking", "running", "keep", "ended"]

DANGER_LOOK: dict[Danger, Role] = {
    Danger.SAFE: "ok",
    Danger.REVERSIBLE: "ok",
    Danger.DISRUPTIVE: "warn",
    Danger.DESTRUCTIVE: "error",
    Danger.IRREVERSIBLE: "error",
}
RESULT_LOOK: dict[str, Role] = {
    "done": "ok",
    "noop": "ok",
    "declined": "dim",
    "refused": "error",
    "changed": "warn",
    "failed-undone": "warn",
    "reverted": "warn",
    "failed": "error",
}


class PlanFace(Page[None]):
    """A plan and its progress, drawn. `PlanScreen` adds the port and the keys."""

    CSS_PATH = "plan.tcss"
    SCOPES: ClassVar = (Scope.PLAN,)
    AUTO_FOCUS = "#cancel"

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.stage: Stage = "opening"
        self.run_state = RunState.of(plan)
        self.outcome: Outcome | None = None
        self._acknowledged: set[str] = set()
        self._deadline = 0.0
        self._leaving = False
        self._diff = False
        self._steps = [
            StepRow(number, step.title, step.does, undo_line(step))
            for number, step in enumerate(plan.steps, 1)
        ]
        first = len(plan.steps) + 1
        self._verify = [
            StepRow(number, f"verify: {wait.probe.title}", wait, "")
            for number, wait in enumerate(plan.verify, first)
        ]
        self._guards = [GuardRow(verdict) for verdict in plan.verdicts]

    def body(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(self._title(), id="title")
            with VerticalScroll(id="sections", can_focus=False):
                yield from self._sections()
            yield Static(id="say")
            if self.plan.must_type and not self.plan.final:
                to = "override the refusal" if self.plan.overridable else "confirm"
                yield Input(
                    placeholder=f"type {self.plan.must_type} to {to}",
                    id="typed",
                    compact=True,
                    select_on_focus=False,
                )
            yield Button(Content("Cancel"), id="cancel", compact=True)

    def _sections(self) -> ComposeResult:
        plan = self.plan
        yield Section("Why", Static(safe(guide(plan.why, plan.items))))
        if plan.noop:
            yield Section("Nothing", Static(mark("ok", plan.noop)))
        rows: list[Widget] = [*self._steps, *self._verify]
        if rows:
            yield Section("Runs", *rows)
        if self._guards:
            yield Section("Guards", *self._guards)
        if plan.dark:
            yield Section("Dark", Static(mark("warn", f"meanwhile without answer: {' · '.join(plan.dark)}")))
        if plan.revert_after:
            yield Section("Vanish", Static(safe(self._if_you_vanish())))
        if plan.undo_warning:
            yield Section("Undo", Static(mark("warn", plan.undo_warning)))

    def _title(self) -> Content:
        role = DANGER_LOOK[self.plan.danger]
        host = f"  on {self.plan.host}" if self.plan.host else ""
        return Content.assemble(
            safe(self.plan.title, "bold"), safe(host, STYLES["dim"]), "  ", mark(role, self.plan.danger.value)
        )

    def _if_you_vanish(self) -> str:
        return (
            f"If you vanish: the host puts this back by itself after {self.plan.revert_after:.0f} s"
            " unless you press K to keep it."
        )

    def show_done(self, numbers: Sequence[int]) -> None:
        """Mark steps as already taken (by an interrupted run)."""
        for number in numbers:
            self.run_state.steps[number].state = "done"
        self._show_parts()

    def _show_parts(self) -> None:
        rows, parts = (*self._steps, *self._verify), (*self.run_state.steps, *self.run_state.verify)
        for row, part in zip(rows, parts, strict=True):
            row.show(part)
            if part.state in {"running", "undoing"}:
                row.scroll_visible(animate=False)

    def _doing(self) -> str:
        """What is under way, in words."""
        steps = zip((step.title for step in self.plan.steps), self.run_state.steps, strict=True)
        checks = zip((wait.probe.title for wait in self.plan.verify), self.run_state.verify, strict=True)
        busy = [title for title, part in (*steps, *checks) if part.state in {"running", "undoing"}]
        return busy[0] if busy else self.run_state.phase or "locking the host"

    def on_mount(self) -> None:
        self._draw()

    def tick(self) -> None:
        super().tick()
        if self.stage == "keep":
            self._draw()

    def _seconds_left(self) -> float:
        return max(0.0, self._deadline - monotonic())

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#say", Static).update(self._say())
        self.query_one(KeyBar).show(self._keys())
        label = {"ended": "Close", "running": "Back", "keep": "Back"}.get(self.stage, "Cancel")
        self.query_one("#cancel", Button).label = Content(label)
        self.set_class(self.stage == "ended" and self._refused(), "-refused")

    def _refused(self) -> bool:
        return self.outcome is not None and self.outcome.result == "refused"

    def _say(self) -> Content:
        match self.stage:
            case "opening":
                return say("dim", "asking the engine…")
            case "asking":
                return self._say_warnings()
            case "running":
                return say("unknown", f"running: {self._doing()}…")
            case "keep":
                return self._say_keep()
            case "ended":
                return self._say_end()

    def _say_warnings(self) -> Content:
        unread = [v for v in self.plan.warnings if v.guard not in self._acknowledged]
        if not unread:
            return Content("")
        number = len(self.plan.warnings) - len(unread) + 1
        return lines(
            mark("warn", verdict_words(unread[0])),
            safe(
                f"warning {number} of {len(self.plan.warnings)}: w says that it was read; then y runs it",
                "bold",
            ),
        )

    def _say_keep(self) -> Content:
        left = f"{self._seconds_left():.0f} s"
        if self._leaving:
            return lines(
                mark(
                    "warn", f"The change is still armed: the host puts it back in {left} unless it is kept."
                ),
                safe("K keep it · R revert now · L leave, and let the host put it back", "bold"),
            )
        return lines(
            mark("ok", "verified"),
            safe(f"K keep · R revert now — without an answer the host puts it back in {left}", "bold"),
        )

    def _say_end(self) -> Content:
        if self.outcome is None:
            return Content("")
        result = self.outcome.result
        heading = {"done": "done and verified", "noop": "nothing to do"}.get(
            result, result.replace("-", ", ")
        )
        said = mark(RESULT_LOOK[result], f"{heading}: {self.outcome.message}")
        if self.outcome.armed_until is not None:
            return lines(said, mark("warn", "still armed: J journal, K there keeps it"))
        return said

    def _keys(self) -> tuple[Action, ...]:
        """The keys that matter at this stage."""
        ids = _STAGE_KEYS[self.stage]
        if self.stage == "asking" and not self.plan.warnings:
            ids = tuple(one for one in ids if one != "plan.acknowledge")
        known = {action.id: action for action in actions_in(Scope.PLAN, Scope.EVERYWHERE)}
        return tuple(known[one] for one in ids)


_STAGE_KEYS: dict[Stage, tuple[str, ...]] = {
    "opening": ("plan.copy", "plan.diff"),
    "asking": ("plan.approve", "plan.acknowledge", "plan.copy", "plan.diff", "app.help"),
    "running": ("plan.copy", "plan.diff", "app.help"),
    "keep": ("plan.keep", "plan.revert", "plan.leave", "app.help"),
    "ended": ("app.back", "plan.copy", "app.help"),
}
