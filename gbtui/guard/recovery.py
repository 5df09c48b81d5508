"""After a crash: what was done, what was not, whether the host reverted meanwhile, and the way out (R7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from gbtui.errors import BadInput, GbtuiError, Refused
from gbtui.guard import conclude
from gbtui.guard.engine import Engine, silent
from gbtui.guard.execute import ask
from gbtui.guard.lock import holder
from gbtui.guard.port import Approver, Outcome, Progress
from gbtui.guard.revert import Pending, Reverted
from gbtui.guard.run import Broke, Left, Run
from gbtui.guard.story import Story
from gbtui.guard.unfinished import StepNow, Unfinished, finishable

Work = Callable[[Run, Unfinished], Awaitable[Outcome]]


class Recovery:
    """What `engine`'s host and journal know of operations that did not end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def unfinished(self) -> tuple[Unfinished, ...]:
        """All of them on this host, oldest first. Changes nothing."""
        ids = self._engine.journal.unfinished(self._engine.host.name)
        return tuple([await self.examine(op_id) for op_id in ids])

    async def examine(self, op_id: str) -> Unfinished:
        """How one operation stands now: by the journal, by probes, and by the host's own word."""
        engine = self._engine
        story = engine.story(op_id)
        pending = {found.id: found for found in await engine.reverter.pending()}.get(op_id)
        running = await holder(engine.host, run_dir=engine.run_dir)
        return Unfinished(
            story=story,
            steps=tuple([await self._step(story, number) for number in range(len(story.plan.steps))]),
            reverted=await engine.reverter.outcome(op_id),
            pending=pending,
            running=running if running is not None and running.id == op_id else None,
        )

    async def _step(self, story: Story, number: int) -> StepNow:
        step = story.plan.steps[number]
        if number not in story.begun:
            return StepNow(number, step.title, "not-done", "journal")
        was_done = number in story.done
        now = (await ask(self._engine.host, step.done)).yes if step.done is not None else None
        if now is None:
            return StepNow(number, step.title, "done" if was_done else "unknown", "journal")
        if was_done and not now:
            return StepNow(number, step.title, "gone", "probe")
        return StepNow(number, step.title, "done" if now else "not-done", "journal" if was_done else "probe")

    async def report(self) -> tuple[str, ...]:
        """Sentences for the next start: what the host did by itself, or will do. Told once.

        What the host has put back completely is ended in the journal here.
        """
        engine = self._engine
        running = await holder(engine.host, run_dir=engine.run_dir)
        said: list[str] = []
        for pending in await engine.reverter.pending():
            if running is None or running.id != pending.id:
                said += await self._tell(pending)
        return tuple(said)

    async def _tell(self, pending: Pending) -> list[str]:
        engine = self._engine
        about = f"{pending.id} {pending.title}"
        if pending.state == "armed":
            return [f"{about}: the host reverts it at {pending.at:%H:%M:%SZ} unless: gbtui keep {pending.id}"]
        if pending.state == "lost":
            return [f"{about}: its revert was armed, and is gone: the host was restarted meanwhile"]
        reverted = await engine.reverter.outcome(pending.id)
        if reverted is None:
            return []
        if not await engine.forbidden():
            self._record(pending.id, reverted)
            await engine.reverter.reported(pending.id)
        return [f"{about}: {reverted.words()}"]

    def _record(self, op_id: str, reverted: Reverted) -> None:
        journal, host = self._engine.journal, self._engine.host.name
        journal.append(op_id, host, "reverted", ok=reverted.ok, output=reverted.output, at_host=reverted.at)
        if reverted.ok and op_id in journal.unfinished(host) and self._all_armed(op_id):
            journal.append(op_id, host, "end", outcome="reverted", message=reverted.words())

    def _all_armed(self, op_id: str) -> bool:
        story = self._engine.story(op_id)
        steps = [story.plan.steps[number] for number in story.begun]
        return all(step.armed or not step.undo for step in steps)

    async def finish(
        self, op_id: str, approver: Approver | None = None, progress: Progress = silent
    ) -> Outcome:
        """Do what is not done yet, verify, keep or leave: as if nothing had come between."""

        async def work(run: Run, found: Unfinished) -> Outcome:
            finishable(found)
            run.attempted = list(found.numbers("done"))
            run.note("resume", user=self._engine.user, how="finish")
            await run.begun("finish")
            try:
                await self._rearm(run, found)
            except (Broke, Left, GbtuiError) as error:
                reverted = await self._engine.reverter.outcome(op_id)
                if reverted is not None:
                    return await conclude.told(run, reverted)
                return conclude.left(run, f"the host's own revert could not be armed: {error}")
            return await conclude.onward(run, approver, found.numbers("done"))

        return await self._under_lock(op_id, progress, work, hold_timer=True)

    async def undo_unfinished(self, op_id: str, progress: Progress = silent) -> Outcome:
        """Undo what was done, last first, prove it, and end the operation."""

        async def work(run: Run, found: Unfinished) -> Outcome:
            run.attempted = list(found.story.begun)
            run.armed = found.pending is not None and found.pending.state != "prepared"
            run.note("resume", user=self._engine.user, how="undo")
            await run.begun("undo")
            return await conclude.undone(run, "interrupted")

        return await self._under_lock(op_id, progress, work)

    async def mark(self, op_id: str, reason: str) -> Outcome:
        """End it in the journal without touching the host: somebody has looked, and says `reason`."""
        if not reason.strip():
            raise BadInput("settle an unfinished operation", why="no reason given", hint="reason=WORDS")

        async def work(run: Run, found: Unfinished) -> Outcome:
            if found.armed:
                why = "the host is still going to revert it: keep or revert it first"
                raise Refused(f"settle {op_id}", why=why, hint=f"gbtui keep {op_id}")
            run.note("end", title=run.plan.title, outcome="marked", message=reason, by=self._engine.user)
            return Outcome(op_id, "done", f"settled: {reason}", run.plan)

        return await self._under_lock(op_id, silent, work)

    async def _rearm(self, run: Run, found: Unfinished) -> None:
        if found.armed:
            run.armed = True
            await run.renew(run.plan.revert_after)
        else:
            await run.arm()

    async def _hold_timer(self, run: Run) -> None:
        """Looking takes a while: give the timer its full time again, so that it does not fire under us.

        When it is too late for that, `examine` finds what the host has done.
        """
        states = {found.id: found.state for found in await self._engine.reverter.pending()}
        if states.get(run.id) == "armed":
            with suppress(GbtuiError):
                await self._engine.reverter.renew(run.id, run.plan.revert_after)

    async def _under_lock(
        self, op_id: str, progress: Progress, work: Work, *, hold_timer: bool = False
    ) -> Outcome:
        engine = self._engine
        story = engine.story(op_id)
        run = engine.new_run(story.plan, op_id, progress)
        if await engine.forbidden():
            return engine.refused(op_id, story.plan)
        if story.outcome:
            return Outcome(op_id, "refused", f"{op_id} has ended: {story.outcome}", story.plan)

        async def locked() -> Outcome:
            if hold_timer:
                await self._hold_timer(run)
            return await work(run, await self.examine(op_id))

        return await engine.locked(run, locked)
