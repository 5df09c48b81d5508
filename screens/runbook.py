"""A runbook walked: the steps, the text of the one it is at, and what is so and would be done beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from gbtui.errors import GbtuiError
from gbtui.runbooks import course, walker
from gbtui.runbooks.fill import filled
from gbtui.runbooks.types import Runbook, Step
from gbtui.runbooks.walk import Walk
from gbtui.runbooks.walker import Result
from screens.actions import Scope, bindings
from screens.ask import AskText
from screens.choose import Choice, Choose
from screens.incident import ask_note
from screens.page import Page
from screens.runbook_words import end_of, evidence_of, exactly, kept_of, steps_list, text_of

if TYPE_CHECKING:
    from gbtui.guard.plan import Plan
    from gbtui.guard.port import Outcome
    from screens.operate import Desk


class RunbookScreen(Page[None]):
    """One walk. It is on file before and after every step, here and on the host, so that leaving loses
    nothing and another operator can take over."""

    SCOPES: ClassVar = (Scope.RUNBOOK,)
    BINDINGS: ClassVar = bindings(Scope.RUNBOOK)
    DEFAULT_CSS = """
    RunbookScreen #walk { height: 1fr; layout: vertical; }
    RunbookScreen.-wide #walk { layout: horizontal; }
    RunbookScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    RunbookScreen #steps { height: auto; max-height: 6; border-bottom: solid $border-blurred; }
    RunbookScreen.-wide #steps { height: 1fr; max-height: 100%; width: 1fr; border-bottom: none; }
    RunbookScreen.-wide #text { width: 2fr; }
    RunbookScreen.-wide #evidence { width: 2fr; }
    """

    def __init__(self, book: Runbook, walk: Walk) -> None:
        super().__init__()
        self.book = book
        self.walk = walk
        self._doing = ""
        self._ends: tuple[Callable[[], None], ...] = ()

    def body(self) -> ComposeResult:
        with Container(id="walk"):
            for part in ("steps", "text", "evidence"):
                with VerticalScroll(id=part, can_focus=part == "evidence"):
                    yield Static(id=f"{part}-told")

    def on_mount(self) -> None:
        feed = self.cockpit.session.checks()
        self._ends = (feed.listen(self.tell), feed.watch())
        self.tell()

    def on_unmount(self) -> None:
        for end in self._ends:
            end()

    @property
    def step(self) -> Step | None:
        """The step it is at, with the parameters in their places; None at the end."""
        return None if self.walk.ended else filled(self.book.step(self.walk.at), self.walk.values)

    def tell(self) -> None:
        """Draw what is known now."""
        step, report = self.step, self.cockpit.session.checks().reading.value
        told = {"steps": steps_list(self.book, self.walk)}
        kept = self.cockpit.session.walks.error
        if step is None:
            told |= {"text": end_of(self.book, self.walk), "evidence": steps_list(self.book, self.walk)[:0]}
        else:
            told["text"] = text_of(self.book, step)
            told["evidence"] = evidence_of(step, self.walk, report, self._doing)
        told["text"] = kept_of(kept, told["text"])
        for part, content in told.items():
            for place in self.query(f"#{part}-told").results(Static):
                place.update(content)

    # -- keys ---------------------------------------------------------------------------------

    def action_do(self) -> None:
        step = self.step
        if step is None or self._doing:
            self.notify("it is being done" if step else f"the end of {self.book.title}: q leaves")
        elif step.kind == "ask":
            self._ask(step)
        else:
            self._do(step)

    def _ask(self, step: Step) -> None:
        def answered(answer: str | None) -> None:
            if answer is not None:
                self._go(course.answered(self.walk, self.book, step, answer, self._user))

        choices = [Choice(one.text, one.text) for one in step.answers]
        self.app.push_screen(Choose(step.question, choices), answered)

    def action_skip(self) -> None:
        step = self.step
        if step is None or self._doing:
            return

        def said(reason: str | None) -> None:
            if reason is not None:
                self._go(course.skipped(self.walk, self.book, step, reason, self._user))

        self.app.push_screen(AskText(f"Why is “{step.title}” skipped?", form="a reason"), said)

    def action_previous(self) -> None:
        if not self._doing:
            self._go(self.walk.back(self.book))

    def action_note(self) -> None:
        ask_note(self.cockpit)

    def action_copy(self) -> None:
        if self.step is not None:
            self.cockpit.copy(exactly(self.step), "what the step does")

    @property
    def _user(self) -> str:
        return self.cockpit.session.engine.user

    # -- doing --------------------------------------------------------------------------------

    def _go(self, walk: Walk) -> None:
        self._doing = "keeping it…"  # the next key waits for it: it is about the next step
        self._keep_on(walk)

    @work(group="runbook", exclusive=True, exit_on_error=False)
    async def _keep_on(self, walk: Walk) -> None:
        try:
            await self._kept(walk)
        finally:
            self._rest()

    async def _kept(self, walk: Walk) -> None:
        """`walk` is where it stands now, on file and on screen; where else it is not, is said once."""
        walks = self.cockpit.session.walks
        before = walks.kept_words
        await walks.save(walk)
        if walks.kept_words not in ("", before):
            self.notify(walks.kept_words, severity="warning", timeout=15)
        self.walk = walk
        self.tell()

    def _rest(self) -> None:
        self._doing = ""
        self.tell()

    def _do(self, step: Step) -> None:
        self._doing = "looking…"
        self._do_it(step)

    @work(group="runbook", exclusive=True, exit_on_error=False)
    async def _do_it(self, step: Step) -> None:
        before, book = self.walk, self.book
        try:
            await self._kept(before.begun(step, self._user))
            result = await self._tried(step, before)
            await self._kept(course.performed(self.walk, book, step, result, self._user))
        finally:
            self._rest()
        self.cockpit.session.look_again()

    async def _tried(self, step: Step, before: Walk) -> Result:
        try:
            return await self._result(step, before)
        except GbtuiError as error:
            return Result("failed", note=str(error))

    async def _result(self, step: Step, before: Walk) -> Result:
        session = self.cockpit.session
        needless = await walker.needless_now(session, step, before)
        if needless is not None:
            return needless
        if step.kind != "operation":
            return await walker.observe(session, step, self._waiting)
        self._doing = "reading the host for a plan…"
        self.tell()
        plan = await session.plan(step.operation, step.given)
        if plan.noop:
            return walker.noop(plan)
        outcome = await self._applied(plan)
        self._doing = "verifying…"
        self.tell()
        return await walker.concluded(session, step, outcome)

    async def _applied(self, plan: Plan) -> Outcome:
        """The plan through the plan screen, as from a key. Raises GbtuiError where another is open."""
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        async def engaged(desk: Desk) -> Outcome:
            try:
                outcome = await self.cockpit.session.apply(plan, desk, desk.progress)
            except BaseException as error:
                if not ended.done():
                    ended.set_exception(error if isinstance(error, GbtuiError) else GbtuiError(str(error)))
                raise
            if not ended.done():
                ended.set_result(outcome)
            return outcome

        if self.cockpit.operator.busy:
            raise GbtuiError("one change at a time", why="a plan is open", hint="finish or leave it first")
        self._doing = "on the plan screen"
        self.cockpit.operator.engage(engaged)
        return await ended

    def _waiting(self, elapsed: float, limit: float) -> None:
        self._doing = f"waiting: {elapsed:.0f} of at most {limit:.0f} s"
        self.tell()
