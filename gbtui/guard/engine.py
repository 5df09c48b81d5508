"""The one way a host is changed (DESIGN "One operation, from key to journal", R1–R7).

`apply` takes a frozen plan: guards, approval, lock, re-read of what the plan relies on, journal,
the host's own revert armed, steps, verification, undo on failure, keep. A no-op, a refusal and a
plan that was declined or has gone stale touch nothing and are therefore not journaled: the journal
tells of changes and attempts at them, and a cron job that finds all well must not bury those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

from gbtui.errors import BadInput, GbtuiError, NotFound, Refused
from gbtui.guard import conclude, crash
from gbtui.guard.fingerprint import changed
from gbtui.guard.journal import Journal, new_id
from gbtui.guard.lock import RUN_DIR, hold
from gbtui.guard.permission import lacking
from gbtui.guard.plan import Exec, Plan, Verdict
from gbtui.guard.port import Approval, Approver, Event, Outcome, Progress, SecretGiver, Witness
from gbtui.guard.revert import STATE_DIR, Reverter
from gbtui.guard.run import Broke, Observe, Run
from gbtui.guard.serial import to_json
from gbtui.guard.story import Story, read_story
from gbtui.guard.undo import UNDO, GuardUndo, undo_plan
from gbtui.hosts.base import Host

T = TypeVar("T")
UNREAD = "a warning was not acknowledged"
"""How a refusal for that begins; the guards and their reasons follow."""
GuardsAgain = Callable[[Plan], Awaitable[Sequence[Verdict]]]


def silent(event: Event) -> None:
    """A progress port for nobody."""


class Engine:
    """Changes `host`, for `user` ("alice@laptop"), recorded in `journal`.

    `read_only` holds the reason when nothing may be changed (R2): what was asked for, or what the host
    does not permit this operator (`forbidden` looks). `run_dir` and `state_dir` are
    where the host keeps its lock and its pending reverts. `observe` sees every transition's label.
    `guard_undo` judges what an undo would make of the host, as the operations' guards would;
    `guards_again` asks the guards of a plan anew.
    """

    def __init__(
        self,
        host: Host,
        journal: Journal,
        *,
        user: str,
        read_only: str = "",
        run_dir: str = RUN_DIR,
        state_dir: str = STATE_DIR,
        observe: Observe = crash.at,
        guard_undo: GuardUndo | None = None,
    ) -> None:
        self.host = host
        self.journal = journal
        self.user = user
        self.read_only = self._asked_for = read_only
        self.reverter = Reverter(host, state_dir=state_dir)
        self.run_dir = run_dir
        self.witnesses: list[Witness] = []
        self._observe = observe
        self.guard_undo = guard_undo
        self.guards_again: GuardsAgain | None = None

    # The whole operation

    async def apply(self, plan: Plan, approver: Approver, progress: Progress = silent) -> Outcome:
        """Carry out `plan`, asking `approver`; the outcome says in words how it ended.

        Before the first change whatever the host raises (Unreachable, Denied) is raised on; from
        then on everything is an outcome. Cancelled in the middle, the running step is finished and
        journaled, nothing more is done, and the host's timer reverts what was armed.
        """
        outcome = await self._apply(plan, approver, progress)
        if outcome.result == "refused" and not outcome.id:
            for witness in self.witnesses:
                await witness.ended(plan, outcome)
        return outcome

    async def _apply(self, plan: Plan, approver: Approver, progress: Progress) -> Outcome:
        early = self._refusal(plan)
        if early is None and await self.forbidden():
            early = self.refused("", plan)
        if early is not None:
            return early
        try:
            self.journal.ready()
            to_json(plan)  # what could not be journaled must not be begun
        except (Refused, BadInput) as error:
            return Outcome("", "refused", str(error), plan)
        secret = any(isinstance(step.does, Exec) and step.does.secret for step in plan.steps)
        if secret and not isinstance(approver, SecretGiver):
            why = "a secret has to be typed, and this place cannot ask for it: gbtui apply at a terminal"
            return Outcome("", "refused", why, plan)
        approval = await approver.approve(plan)
        declined = unapproved(plan, approval)
        if declined is not None:
            return declined
        run = self.new_run(plan, new_id(), progress)
        return await self.locked(run, lambda: self._applied(run, approver, approval))

    async def keep(self, op_id: str, progress: Progress = silent) -> Outcome:
        """Say "keep" for an armed operation: its timer is stopped and proven gone."""
        return await self._decide(op_id, "keep", progress)

    async def revert(self, op_id: str, progress: Progress = silent) -> Outcome:
        """Put an armed operation back now, by the script its timer would start; again where that failed."""
        return await self._decide(op_id, "revert", progress)

    async def plan_undo(self, op_id: str) -> Plan:
        """The plan that takes a finished operation back; refused in words where that is not safe now.

        Raises:
            NotFound: the journal has no such operation on this host, or not what its files held.
        """
        return await undo_plan(self.host, self.story(op_id), self.guard_undo)

    async def undo(self, op_id: str, approver: Approver, progress: Progress = silent) -> Outcome:
        """Take back an operation that has ended and was kept, as an operation of its own."""
        plan = await self.plan_undo(op_id)
        outcome = await self.apply(plan, approver, progress)
        if outcome.result == "done":
            self.journal.append(op_id, self.host.name, "undone", by=self.user, undo=outcome.id)
        return outcome

    async def guards_now(self, plan: Plan) -> Sequence[Verdict]:
        """What the guards of `plan` say as the host is now; nothing where nobody here can ask them.

        An undo is planned anew. Raises whatever a look raises.
        """
        if plan.operation == UNDO:
            return (await self.plan_undo(dict(plan.parameters)["id"])).verdicts
        return () if self.guards_again is None else await self.guards_again(plan)

    def story(self, op_id: str) -> Story:
        """What the journal says of one operation on this host.

        Raises:
            NotFound: nothing.
        """
        story = read_story(self.journal.story(op_id), self.journal.contents)
        if story is None or story.host != self.host.name:
            hint = "gbtui journal lists them"
            raise NotFound(f"operation {op_id} on {self.host.name}", why="not in this journal", hint=hint)
        return story

    # Before anything is touched

    async def forbidden(self) -> str:
        """Why nothing may be changed here, "" where it may. The host is asked each time: what was granted
        since counts, and so does what was taken away."""
        self.read_only = self._asked_for or await lacking(self.host)
        return self.read_only

    def refused(self, op_id: str, plan: Plan) -> Outcome:
        """What becomes of anything in read-only mode."""
        return Outcome(op_id, "refused", f"read-only: {self.read_only}", plan)

    def _refusal(self, plan: Plan) -> Outcome | None:
        if plan.final:
            why = "; ".join(f"{v.reason}{_cite(v.items)}" for v in plan.final)
            return Outcome("", "refused", why, plan)
        if plan.noop:
            return Outcome("", "noop", plan.noop, plan)
        if plan.host and plan.host != self.host.name:
            return Outcome("", "refused", f"planned for {plan.host}, not for {self.host.name}", plan)
        return None

    def new_run(self, plan: Plan, op_id: str, progress: Progress) -> Run:
        """An operation of this engine, not begun yet."""
        return Run(
            self.host,
            self.journal,
            plan,
            op_id,
            by=self.user,
            progress=progress,
            observe=self._observe,
            reverter=self.reverter,
            witnesses=self.witnesses,
        )

    async def locked(self, run: Run, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do `work` under the host's lock, to its end even when the caller is cancelled."""

        async def held() -> Outcome:
            lock = hold(
                self.host,
                user=self.user,
                operation=run.plan.operation,
                op_id=run.id,
                run_dir=self.run_dir,
            )
            try:
                async with lock as run.held:
                    run.tell("locked")
                    return await run.over(await work())
            except Refused as error:
                return Outcome(run.id, "refused", str(error), run.plan)

        return await to_its_end(held(), run.stop)

    # Under the lock

    async def _applied(self, run: Run, approver: Approver, approval: Approval) -> Outcome:
        plan = run.plan
        for pending in await self.reverter.pending():
            if pending.state in {"armed", "reverting"}:
                why = f"{pending.id} ({pending.title}) is not confirmed yet: keep it or revert it first"
                raise Refused("one change at a time", why=why, hint=f"gbtui keep {pending.id}")
        stale = await changed(self.host, plan.relies_on)
        if stale:
            what = ", ".join(stale)
            return Outcome(run.id, "changed", f"changed since the preview: {what}. Plan again.", plan)
        try:
            told = answered(plan, approval)
            run.note("begin", title=plan.title, user=self.user, plan=to_json(plan), **told)
        except Broke as error:
            return Outcome("", "refused", str(error), plan)
        await run.begun()
        try:
            await run.arm()
        except (Broke, GbtuiError) as error:
            return await conclude.undone(run, f"the host's own revert could not be armed: {error}")
        return await conclude.onward(run, approver)

    # Later

    async def _decide(self, op_id: str, what: Literal["keep", "revert"], progress: Progress) -> Outcome:
        story = self.story(op_id)
        if await self.forbidden():
            return self.refused(op_id, story.plan)
        run = self.new_run(story.plan, op_id, progress)

        async def decided() -> Outcome:
            reverted = await self.reverter.outcome(op_id)
            if reverted is not None and not reverted.ok and what == "revert":
                return await conclude.told(run, await self.reverter.now(op_id))
            if reverted is not None:
                return await conclude.told(run, reverted)
            states = {pending.id: pending.state for pending in await self.reverter.pending()}
            if states.get(op_id) not in {"armed", "reverting", "lost"}:
                hint = f"gbtui undo {op_id}" if story.outcome == "done" else "nothing to do"
                raise Refused(f"{what} {op_id}", why="nothing is armed for it on the host", hint=hint)
            if what == "keep":
                return await conclude.kept(run, self.user)
            return await conclude.told(run, await self.reverter.now(op_id))

        return await self.locked(run, decided)


async def to_its_end(work: Coroutine[Any, Any, T], stop: Callable[[], None]) -> T:
    """Await `work` to its end. A cancellation asks it to stop (`stop`), waits for it, then goes on."""
    task = asyncio.create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
            stop()
    if cancelled:
        task.exception()  # looked at, so that nobody complains about it
        raise asyncio.CancelledError
    return task.result()


def unapproved(plan: Plan, approval: Approval) -> Outcome | None:
    """What an answer lacks: a yes, a warning read, the text typed; None where it lets the plan run."""
    if not approval.yes:
        return Outcome("", "declined", f"{plan.title}: not approved by {approval.by}", plan)
    unread = [v for v in plan.warnings if v.guard not in approval.acknowledged]
    if unread:
        why = "; ".join(f"{v.guard}: {v.reason}{_cite(v.items)}" for v in unread)
        return Outcome("", "refused", f"{UNREAD}: {why}", plan)
    if plan.must_type and approval.typed != plan.must_type:
        return Outcome("", "refused", _untyped(plan), plan)
    return None


def answered(plan: Plan, approval: Approval) -> dict[str, Any]:
    """What the journal keeps of an answer."""
    overridden = [verdict.guard for verdict in plan.overridable]
    kept: dict[str, Any] = {"by": approval.by, "acknowledged": list(approval.acknowledged)}
    return {**kept, "overridden": overridden} if overridden else kept


def _untyped(plan: Plan) -> str:
    if not plan.overridable:
        return f"cannot be undone: type {plan.must_type!r} to confirm"
    why = "; ".join(f"{v.reason}{_cite(v.items)}" for v in plan.overridable)
    return f"{why}. Type {plan.must_type!r} to do it all the same"


def _cite(items: tuple[int, ...]) -> str:
    return f" (guide {', '.join(map(str, items))})" if items else ""
