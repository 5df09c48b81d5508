"""One operation under way: steps, verification and undo, each transition journaled and reported.

`Run` holds what the engine knows about an operation between "begin" and "end". Every transition is
in the journal before the next one starts, so that a crash at any instant leaves a true story (R7).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gbtui.errors import GbtuiError, Refused, Unreachable
from gbtui.guard.announce import announce, begins, ends
from gbtui.guard.execute import Done, ask, longest, perform
from gbtui.guard.journal import Journal
from gbtui.guard.lock import Held
from gbtui.guard.plan import Action, Exec, Plan, Probe, Step, Wait
from gbtui.guard.port import Event, Outcome, Progress, SecretGiver, Witness
from gbtui.guard.preview import shown
from gbtui.guard.revert import Reverter
from gbtui.hosts.base import Host

MARGIN = 10.0
"""Seconds that must be left on the host's timer beyond what the next action may take."""

Observe = Callable[[str], None]


class Broke(Exception):
    """A step or a verification failed: what was done is to be undone. Holds words."""


class Left(Exception):
    """We can do no more here (link or lock lost, closed by the operator). Holds words."""


class Run:
    """An operation between its begin and its end."""

    def __init__(
        self,
        host: Host,
        journal: Journal,
        plan: Plan,
        op_id: str,
        *,
        by: str,
        progress: Progress,
        observe: Observe,
        reverter: Reverter,
        witnesses: Sequence[Witness] = (),
    ) -> None:
        self.plan = plan
        self.id = op_id
        self.by = by
        self.host = host
        self.reverter = reverter
        self.attempted: list[int] = []
        self.overtaken = False
        """Somebody else was faster than the first step that changes anything."""
        self.armed = False
        self.deadline = 0.0
        self.held: Held | None = None
        self.stopping = asyncio.Event()
        self.unwritten = ""
        self.noted = False
        self.unheard = ""
        self._witnesses = witnesses
        self._journal = journal
        self._progress = progress
        self._observe = observe
        self.secrets: SecretGiver | None = None
        self._clock = asyncio.get_running_loop().time

    # Telling

    def note(self, phase: str, *, title: str = "", step: int = -1, must: bool = True, **data: Any) -> None:
        """Journal a transition, then report it.

        With `must` a journal that cannot be written is a failure of the operation; without (undo,
        end) it is remembered in `unwritten`, because putting the host right comes first.
        """
        fields = {"step": step, **data} if step >= 0 else data
        try:
            self._journal.append(self.id, self.plan.host or self.host.name, phase, title=title, **fields)
            self.noted = True
        except Refused as error:
            if must:
                raise Broke(str(error)) from error
            self.unwritten = str(error)
        known = {key: data[key] for key in ("seconds", "output", "outcome") if key in data}
        self.tell(phase, title=title, step=step, **known)

    def tell(self, phase: str, *, title: str = "", step: int = -1, **known: Any) -> None:
        """Report without journaling."""
        self._progress(Event(self.id, phase, title=title, step=step, **known))
        self._observe(phase if step < 0 else f"{phase}:{step}")

    async def begun(self, word: str = "begin") -> None:
        """Tell the host's own system journal; where it does not listen, `unheard` says why."""
        self.unheard = await announce(self.host, begins(self.plan, self.id, self.by, word))
        for witness in self._witnesses:
            await witness.begins(self.plan, self.id, word)

    async def over(self, outcome: Outcome) -> Outcome:
        """Tell the host's own system journal how it ended; what was not heard is in the words."""
        if not self.noted or (self.held is not None and self.held.lost):
            return outcome
        for witness in self._witnesses:
            await witness.ended(self.plan, outcome)
        line = ends(self.plan, self.id, self.by, outcome.result, outcome.message)
        self.unheard = await announce(self.host, line) or self.unheard
        if not self.unheard:
            return outcome
        self.note("unheard", must=False, message=self.unheard)
        return replace(
            outcome, message=f"{outcome.message} (not in the host's own system journal: {self.unheard})"
        )

    def stop(self) -> None:
        """Do nothing new: the action now running is finished and journaled, then `Left` is raised."""
        self.stopping.set()

    def _go_on(self) -> None:
        if self.held is not None and self.held.lost:
            raise Left("the lock on the host is lost, the link with it")
        if self.stopping.is_set():
            raise Left("closed by the operator")

    # The host's own revert

    def left_on_timer(self) -> float:
        """Seconds until the host reverts by itself; 0 where nothing is armed."""
        return max(0.0, self.deadline - self._clock()) if self.armed else 0.0

    async def arm(self) -> None:
        """Arm the host's revert before the first step (R5)."""
        if any(step.armed for step in self.plan.steps) and self.plan.revert_after > 0:
            # before, not after: when the answer is lost on its way, the timer may well be there
            self.armed = True
            self.deadline = self._clock() + self.plan.revert_after
            await self.reverter.arm(self.plan, self.id)
            self.note("armed", seconds=self.plan.revert_after)

    async def renew(self, seconds: float) -> None:
        """Give the timer `seconds` from now."""
        if self.armed:
            try:
                await self.reverter.renew(self.id, seconds)
            except Unreachable as error:
                raise Left(str(error)) from error
            except GbtuiError as error:
                raise Broke(str(error)) from error
            self.deadline = self._clock() + seconds

    async def _hold_timer(self, action: Action) -> None:
        """The timer must not fire under a running action: it is a dead man's switch, not a race."""
        need = longest(action) + MARGIN
        if self.armed and self.left_on_timer() < need:
            await self.renew(max(self.plan.revert_after, need))

    # Forward

    async def forward(self, skip: Sequence[int] = ()) -> None:
        """Do every step not in `skip`, in order. Raises Broke or Left."""
        for number, step in enumerate(self.plan.steps):
            if number not in skip:
                await self._step(number, step)

    async def _step(self, number: int, step: Step) -> None:
        self._go_on()
        secret = await self._secret(step.does)
        await self._hold_timer(step.does)
        self.note("step-begin", title=step.title, step=number, does=shown(step.does))
        self.attempted.append(number)
        done, seconds = await self._timed(step.does, secret)
        self._observe(f"step-ran:{number}")
        said: dict[str, Any] = {"seconds": seconds, "output": done.output, "status": done.status}
        if done.untouched:
            self.attempted.remove(number)  # what is there is somebody else's: not ours to undo
            self.overtaken = not self._changed()
        if not done.ok:
            self.note("step-failed", title=step.title, step=number, must=False, **said)
            self._go_on()
            raise Broke(f"{step.title}: {done.output or 'failed without a word'}")
        self.note("step-done", title=step.title, step=number, **said)

    def _changed(self) -> bool:
        return any(not isinstance(self.plan.steps[number].does, Wait) for number in self.attempted)

    async def verify(self) -> None:
        """Look at the effect of the whole plan. Raises Broke or Left."""
        for number, wait in enumerate(self.plan.verify):
            self._go_on()
            await self._hold_timer(wait)
            title = wait.probe.title
            self.note("verify-begin", title=title, step=number)
            done, seconds = await self._timed(wait)
            if not done.ok:
                self._go_on()
                said: dict[str, Any] = {"seconds": seconds, "output": done.output}
                self.note("verify-failed", title=title, step=number, must=False, **said)
                raise Broke(f"{title}: {done.output}")
            self.note("verify-done", title=title, step=number, seconds=seconds, output=done.output)

    async def _secret(self, action: Action) -> bytes | None:
        """What the action wants on stdin, asked for now and kept nowhere. Raises Broke or Left."""
        if not isinstance(action, Exec) or not action.secret:
            return None
        if self.secrets is None:
            raise Broke(f"{action.secret}: there is nobody to ask for it")
        asked = asyncio.ensure_future(self.secrets.secret(self.plan, action.secret))
        stopped = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
            typed = asked.result() if asked.done() else ""
        finally:
            asked.cancel()
            stopped.cancel()
        self._go_on()
        if not typed:
            raise Broke(f"{action.secret}: nothing was given")
        return typed.encode()

    async def _timed(self, action: Action, stdin: bytes | None = None) -> tuple[Done, float]:
        started = self._clock()
        try:
            done = await perform(self.host, action, self.stopping.is_set, stdin=stdin)
        except Unreachable as error:
            raise Left(str(error)) from error
        return done, round(self._clock() - started, 3)

    # Backward

    async def backward(self) -> str:
        """Undo what was attempted, last first, and prove it undone. Returns "" or what is not undone.

        A step that can tell (`done`) is undone only where it took effect, so a step that failed
        half-way, or that the host has put back meanwhile, is left in peace.
        """
        wrong: list[str] = []
        for number in reversed(self.attempted):
            step = self.plan.steps[number]
            if step.undo and await self._took_effect(step):
                failed = await self._undo(number, step)
                if failed:
                    wrong.append(failed)
        for number in self.attempted:
            step = self.plan.steps[number]
            if step.undo and step.back is not None and (await self._ask(step.back)) is not True:
                wrong.append(f"{step.title}: cannot prove that it is undone")
        return "; ".join(wrong)

    async def stays(self) -> tuple[Step, ...]:
        """What was begun, cannot be undone, and is not proven to have had no effect."""
        begun = [self.plan.steps[number] for number in self.attempted]
        lasting = [step for step in begun if not step.undo and not isinstance(step.does, Wait)]
        return tuple([step for step in lasting if await self._took_effect(step)])

    async def _took_effect(self, step: Step) -> bool:
        return step.done is None or (await self._ask(step.done)) is not False

    async def _ask(self, probe: Probe) -> bool | None:
        try:
            return (await ask(self.host, probe)).yes
        except Unreachable as error:
            raise Left(str(error)) from error

    async def _undo(self, number: int, step: Step) -> str:
        self.note("undo-begin", title=step.title, step=number, must=False)
        for action in step.undo:
            done, seconds = await self._timed(action)
            if not done.ok:
                said: dict[str, Any] = {"seconds": seconds, "output": done.output}
                self.note("undo-failed", title=step.title, step=number, must=False, **said)
                return f"{step.title}: {done.output}"
        self._observe(f"undo-ran:{number}")
        self.note("undo-done", title=step.title, step=number, must=False)
        return ""
