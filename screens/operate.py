"""From an operation's name to its outcome: plan, plan screen, engine. One at a time.

It outlives the screen it is shown on: an operation under way goes on when its screen is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from textual.worker import Worker, WorkerError

from gbtui.errors import GbtuiError

if TYPE_CHECKING:
    from gbtui.guard.plan import Plan
    from gbtui.guard.port import Approval, Event, Outcome
    from screens.app import CockpitApp
    from screens.plan import PlanScreen


class Desk:
    """The `Approver` and the `Progress` of one operation: opens the plan screen when it is asked.

    The screen shows the very plan the engine asks about (R1), whoever made it.
    """

    def __init__(self, app: CockpitApp, user: str) -> None:
        self._app = app
        self._user = user
        self.screen: PlanScreen | None = None
        self.done: Sequence[int] = ()
        """Steps that an interrupted run has already taken."""

    async def approve(self, plan: Plan) -> Approval:
        """Show the plan and ask."""
        screen = await self._open(plan)
        screen.show_done(self.done)
        return await screen.approve(plan)

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        return await (self.screen or await self._open(plan)).keep(plan, id, seconds_left)

    async def secret(self, plan: Plan, name: str) -> str:
        """Ask for what a step wants on stdin; nothing of it shows, and leaving the box gives nothing."""
        from screens.ask import AskText

        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        box = AskText(name, form="typed or pasted; it is not shown, and kept nowhere", unseen=True)

        def typed(value: str | None) -> None:
            if not answer.done():  # the operation may have been stopped meanwhile
                answer.set_result(value or "")

        await self._app.push_screen(box, typed)
        return await answer

    def progress(self, event: Event) -> None:
        """Draw an event, where there is a screen to draw it on."""
        if self.screen is not None:
            self.screen.progress(event)

    async def end(self, outcome: Outcome) -> None:
        """Say how it ended; a plan the engine refused before asking is shown now, with the reason."""
        screen = self.screen or await self._open(outcome.plan)
        screen.end(outcome)

    async def _open(self, plan: Plan) -> PlanScreen:
        from screens.plan import PlanScreen  # when needed: the first paint does not wait for it

        self.screen = PlanScreen(plan, self._user)
        await self._app.push_screen(self.screen)
        return self.screen


Engage = Callable[[Desk], Awaitable["Outcome"]]
"""Hands the desk to the engine."""


class Operator:
    """Carries out what the operator asked for, through the engine, on the plan screen."""

    def __init__(self, app: CockpitApp) -> None:
        self._app = app
        self._worker: Worker[None] | None = None
        self.desk: Desk | None = None
        """Of the operation under way."""

    @property
    def pending(self) -> str:
        """What is running or armed, in words; "" where nothing is."""
        return self.desk.screen.pending if self.desk and self.desk.screen else ""

    @property
    def notice(self) -> str:
        """What the strip says: what is pending, or that a plan is being made."""
        planning = "reading the host for a plan…" if self.desk and not self.desk.screen else ""
        return self.pending or planning

    @property
    def busy(self) -> bool:
        """A plan is open, running or armed."""
        return self.desk is not None

    def start(self, operation: str, parameters: Mapping[str, str]) -> None:
        """Plan an operation, show it, and run it when it is approved."""

        async def planned(desk: Desk) -> Outcome:
            session = self._app.session
            plan = await session.plan(operation, parameters)
            return await session.apply(plan, desk, desk.progress)

        self.engage(planned)

    def undo(self, op_id: str) -> None:
        """Take back an operation that ended, as an operation of its own."""
        engine = self._app.session.engine
        self.engage(lambda desk: engine.undo(op_id, desk, desk.progress))

    def engage(self, work: Engage) -> None:
        """Let the engine work with a desk of its own; a failure ends up in words."""
        if self.desk is not None:
            self._app.notify(f"one change at a time: {self.pending or 'a plan is open'}", severity="warning")
            return
        self.desk = Desk(self._app, self._app.session.engine.user)
        self.spawn(self._engaged(self.desk, work))
        self._app.tick()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside the screens."""
        self._worker = self._app.run_worker(work, group="operation", exit_on_error=False)

    async def stop(self) -> None:
        """Let the engine finish the step it is at, journaled, before the host is let go."""
        if self._worker is not None and not self._worker.is_finished:
            self._worker.cancel()
            with suppress(WorkerError):
                await self._worker.wait()

    async def _engaged(self, desk: Desk, work: Engage) -> None:
        try:
            await desk.end(await work(desk))
        except GbtuiError as error:
            if desk.screen is None:
                raise
            desk.screen.fail(str(error))
        finally:
            self.desk = None
            self._app.root.look_at_changes()
