"""After a crash: what was done, what was not, whether the host reverted meanwhile, and the way out (R7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from gbtui.errors import BadInput, GbtuiError, Refused, Unreachable
from gbtui.guard import conclude
from gbtui.guard.engine import Engine, answered, silent, unapproved
from gbtui.guard.execute import ask
from gbtui.guard.fingerprint import changed
from gbtui.guard.lock import holder
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval, Approver, Event, Outcome, Progress
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

    async def report(self, *, note: bool = True) -> tuple[str, ...]:
        """Sentences for the next start: what the host did by itself, or will do. One look where it is
        nothing.

        With `note` told once, and what the host has put back completely is ended in the journal here.
        """
        engine = self._engine
        found = await engine.reverter.pending()
        running = await holder(engine.host, run_dir=engine.run_dir) if found else None
        said: list[str] = []
        for pending in found:
            if running is None or running.id != pending.id:
                said += await self._tell(pending, note=note)
        return tuple(said)

    async def _tell(self, pending: Pending, *, note: bool) -> list[str]:
        engine = self._engine
        about = f"{pending.id} {pending.title}"
        if pending.state == "armed":
            return [f"{about}: the host reverts it at {pending.at:%H:%M:%SZ} unless: gbtui keep {pending.id}"]
        if pending.state == "lost":
            return [f"{about}: its revert was armed, and is gone: the host was restarted meanwhile"]
        reverted = await engine.reverter.outcome(pending.id)
        if reverted is None:
            return []
        if note and not await engine.forbidden():
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

    async def finish(self, op_id: str, approver: Approver, progress: Progress = silent) -> Outcome:
        """Ask `approver`, then do what is missing, verify, keep or leave: as if nothing had come between.

        Where nothing of it was done yet, it is held to its facts and guards as they are now.
        """
        asked = await self._asked(op_id, approver, Unfinished.finishing, finishable)
        if isinstance(asked, Outcome):
            return asked

        async def work(run: Run, found: Unfinished) -> Outcome:
            finishable(found)
            stale = await self._stale(found)
            if stale is not None:
                return stale
            run.attempted = list(found.numbers("done"))
            run.note("resume", user=self._engine.user, how="finish", **answered(run.plan, asked))
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

    async def undo_unfinished(self, op_id: str, approver: Approver, progress: Progress = silent) -> Outcome:
        """Ask `approver`, then undo what was done, last first, prove it, and end the operation."""
        asked = await self._asked(op_id, approver, Unfinished.undoing)
        if isinstance(asked, Outcome):
            return asked

        async def work(run: Run, found: Unfinished) -> Outcome:
            run.attempted = list(found.story.begun)
            run.armed = found.pending is not None and found.pending.state != "prepared"
            run.note("resume", user=self._engine.user, how="undo", **answered(found.undoing(), asked))
            await run.begun("undo")
            return await conclude.undone(run, "interrupted")

        places = await self._places(op_id)
        return await self._under_lock(op_id, renumbered(progress, places), work)

    async def _asked(
        self,
        op_id: str,
        approver: Approver,
        plan_of: Callable[[Unfinished], Plan],
        allowed: Callable[[Unfinished], None] = lambda _: None,
    ) -> Approval | Outcome:
        """The answer to the way out, or how it ended before anything was touched."""
        early = await self._ended(op_id)
        if early is not None:
            return early
        await self._hold_timer(op_id)
        found = await self.examine(op_id)
        try:
            allowed(found)
        except Refused as error:
            return Outcome(op_id, "refused", str(error), found.story.plan)
        plan = plan_of(found)
        approval = await approver.approve(plan)
        declined = unapproved(plan, approval)
        return approval if declined is None else replace(declined, id=op_id)

    async def _stale(self, found: Unfinished) -> Outcome | None:
        """What the plan was made from, and its guards, are looked at again while nothing of it is done:
        from the first step on they are what the plan itself has changed."""
        if not found.untouched:
            return None
        op_id, plan = found.story.id, found.story.plan
        facts = await changed(self._engine.host, plan.relies_on)
        if facts:
            who = ", by somebody or by the step that was cut off" if found.story.begun else ""
            what = f"changed since it was begun{who}, and nothing of it is done: {', '.join(facts)}"
            hint = f"settle it (gbtui recover {op_id} --undo) and plan again"
            return Outcome(op_id, "changed", f"{what}: {hint}", plan)
        said = await self._refusals(plan)
        if not said:
            return None
        hint = f"settle it (gbtui recover {op_id} --undo)"
        return Outcome(op_id, "refused", f"{said}; nothing of it is done: {hint}", plan)

    async def _refusals(self, plan: Plan) -> str:
        """What guards refuse now, but for those that were overridden by what was typed."""
        try:
            now = await self._engine.guards_now(plan)
        except Unreachable:
            raise
        except GbtuiError as error:
            return f"its guards cannot be asked again: {error}"
        typed = {verdict.guard for verdict in plan.overridable}
        refused = [one for one in now if one.verdict == "refuse" and one.guard not in typed]
        return "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in refused)

    async def _places(self, op_id: str) -> dict[int, int]:
        """Where the steps of the plan that undoes it stand, by the steps they undo."""
        found = await self.examine(op_id)
        places, at = {}, 0
        for number in found.backward:
            at += len(found.story.plan.steps[number].undo)
            places[number] = at - 1
        return places

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

    async def _hold_timer(self, op_id: str) -> None:
        """Looking and reading take a while: give the timer its full time again, so that it does not fire
        under us. Whoever then does not answer loses nothing: it fires.

        When it is too late for that, `examine` finds what the host has done.
        """
        states = {found.id: found.state for found in await self._engine.reverter.pending()}
        if states.get(op_id) == "armed":
            with suppress(GbtuiError):
                await self._engine.reverter.renew(op_id, self._engine.story(op_id).plan.revert_after)

    async def _ended(self, op_id: str) -> Outcome | None:
        """A refusal where there is nothing to settle, or nobody may."""
        engine = self._engine
        story = engine.story(op_id)
        if await engine.forbidden():
            return engine.refused(op_id, story.plan)
        if story.outcome:
            return Outcome(op_id, "refused", f"{op_id} has ended: {story.outcome}", story.plan)
        return None

    async def _under_lock(
        self, op_id: str, progress: Progress, work: Work, *, hold_timer: bool = False
    ) -> Outcome:
        engine = self._engine
        early = await self._ended(op_id)
        if early is not None:
            return early
        run = engine.new_run(engine.story(op_id).plan, op_id, progress)

        async def locked() -> Outcome:
            if hold_timer:
                await self._hold_timer(op_id)
            return await work(run, await self.examine(op_id))

        return await engine.locked(run, locked)


def renumbered(progress: Progress, places: Mapping[int, int]) -> Progress:
    """`progress` for somebody who sees the plan that undoes, whose steps are in another order."""

    def told(event: Event) -> None:
        progress(replace(event, step=places.get(event.step, -1)) if event.step >= 0 else event)

    return told
