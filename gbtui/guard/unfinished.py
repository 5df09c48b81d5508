"""An operation that has begun and not ended: how each of its steps stands, and whether it can be finished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gbtui.errors import Refused
from gbtui.guard.danger import danger_of
from gbtui.guard.lock import Holder
from gbtui.guard.plan import Plan
from gbtui.guard.revert import Pending, Reverted
from gbtui.guard.story import Story
from gbtui.guard.undo import turned

StepState = Literal["done", "not-done", "unknown", "gone"]


@dataclass(frozen=True, slots=True)
class StepNow:
    """One step of an unfinished operation, `number` 0-based.

    `state`: done · not-done · unknown (begun, and nothing can tell) · gone (was done, is not there
    any more: undone, reverted by the host, or changed by somebody). `by` says how it is known.
    """

    number: int
    title: str
    state: StepState
    by: Literal["journal", "probe"]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An operation that has begun and not ended. `running` is set while somebody still runs it."""

    story: Story
    steps: tuple[StepNow, ...]
    reverted: Reverted | None
    pending: Pending | None
    running: Holder | None

    @property
    def armed(self) -> bool:
        """Whether the host is still going to revert it by itself."""
        return self.pending is not None and self.pending.state in {"armed", "reverting"}

    def words(self) -> str:
        """The whole state, for people."""
        steps = "; ".join(f"{step.number + 1}. {step.title}: {step.state}" for step in self.steps)
        parts = [f"{self.story.id} {self.story.plan.title} ({self.story.user}, {self.story.at}): {steps}"]
        if self.running:
            parts.append(f"still running: {self.running.words()}")
        if self.reverted:
            parts.append(self.reverted.words())
        elif self.armed and self.pending:
            parts.append(f"the host reverts it at {self.pending.at:%H:%M:%SZ}")
        elif self.pending and self.pending.state == "lost":
            parts.append("its revert was armed, and is gone: the host was restarted meanwhile")
        return ". ".join(parts)

    @property
    def untouched(self) -> bool:
        """Whether nothing of it is done, or may be."""
        return all(step.state == "not-done" for step in self.steps)

    @property
    def backward(self) -> tuple[int, ...]:
        """The steps that there is something to undo of, last first."""
        steps = self.story.plan.steps
        taken = [step.number for step in self.steps if step.state in {"done", "unknown"}]
        return tuple(number for number in reversed(taken) if steps[number].undo)

    def finishing(self) -> Plan:
        """The plan as it is shown and approved again before the rest of it is done."""
        return replace(
            self.story.plan, title=f"Finish: {self.story.plan.title}", why=self.words(), host=self.story.host
        )

    def undoing(self) -> Plan:
        """What undoing it does, as it is shown and approved: graded by its own steps, as any undo is.

        No guard speaks: it goes back on what nobody has kept, as the engine does when a step fails.
        """
        plan = self.story.plan
        taken = [plan.steps[number] for number in self.backward]
        steps = tuple(one for step in taken for one in turned(step))
        dark = tuple(dict.fromkeys(name for step in taken for name in step.undo_dark))
        return replace(
            plan,
            title=f"Undo: {plan.title}",
            why=self.words(),
            danger=danger_of(steps, dark),
            steps=steps,
            verify=(),
            verdicts=(),
            revert_after=0.0,
            dark=dark,
            undo_warning="",
        )

    def numbers(self, state: StepState) -> tuple[int, ...]:
        """The steps in `state`, in order."""
        return tuple(step.number for step in self.steps if step.state == state)


def finishable(found: Unfinished) -> None:
    """Raises Refused, in words, where doing the rest would not lead to the planned end."""
    op_id = found.story.id
    if found.reverted is not None:
        raise Refused(f"finish {op_id}", why=found.reverted.words(), hint="plan the operation again")
    gone = [found.steps[number].title for number in found.numbers("gone")]
    if gone:
        why = f"was done, and is not there any more: {', '.join(gone)}"
        raise Refused(f"finish {op_id}", why=why, hint="undo the rest, or settle it with a reason")
    blind = [n for n in found.numbers("unknown") if found.story.plan.steps[n].undo]
    if blind:
        why = f"nothing can tell whether it was done: {found.steps[blind[0]].title}"
        raise Refused(f"finish {op_id}", why=why, hint="undo it, or settle it with a reason")
