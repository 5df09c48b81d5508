"""Taking back, later, an operation that was done and kept: an operation of its own, guarded like any.

It is planned from the journal, and only while what was done is still there as we left it: each
step's `done` probe must still hold, so that nobody else's work since then is overwritten. What it
would make of the host is judged by `GuardUndo`: this room knows no operations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from gbtui.guard.danger import danger_of
from gbtui.guard.execute import ask
from gbtui.guard.fingerprint import fingerprint, rely
from gbtui.guard.plan import Plan, Reliance, Replace, Step, Verdict, Wait
from gbtui.guard.story import Story
from gbtui.hosts.base import Host

LOOK_WITHIN = 10.0
UNDO = "journal.undo"
"""What an undo is called in the journal; its one parameter is the operation's id."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What guards say of an undo, and the facts that they went by."""

    verdicts: tuple[Verdict, ...] = ()
    relies_on: tuple[Reliance, ...] = ()


GuardUndo = Callable[[Plan, Plan], Awaitable[Judged]]
"""Asked with the operation's own plan and the one that would undo it. Raises whatever a look raises."""


async def undo_plan(host: Host, story: Story, guard_undo: GuardUndo | None = None) -> Plan:
    """The plan that undoes `story` on `host`, refused in words where that is not safe."""
    verdicts = [_ended(story)]
    steps: list[Step] = []
    reliances: list[Reliance] = []
    if verdicts[0].verdict == "allow":
        for number in reversed(story.done):
            step = story.plan.steps[number]
            verdicts.append(await _verdict(host, number, step))
            if step.undo:
                steps += turned(step)
            if step.undo and step.done is not None:
                reliances.append(await rely(host, step.title, step.done.run))
    if story.plan.undo_warning:
        verdicts.append(Verdict("undo-warning", "warn", story.plan.undo_warning, story.plan.items))
    if not steps and all(v.verdict != "refuse" for v in verdicts):
        verdicts.append(Verdict("undo-possible", "refuse", "no step of it can be taken back"))
    plan = _plan(story, steps, verdicts, reliances)
    if guard_undo is None or plan.refused:
        return plan
    judged = await guard_undo(story.plan, plan)
    relies_on = (*plan.relies_on, *judged.relies_on)
    verdicts = [*plan.verdicts, *judged.verdicts]
    return replace(plan, verdicts=tuple(verdicts), relies_on=relies_on, fingerprint=fingerprint(relies_on))


def _plan(
    story: Story, steps: Sequence[Step], verdicts: Sequence[Verdict], reliances: Sequence[Reliance]
) -> Plan:
    original = story.plan
    undone = [original.steps[number] for number in reversed(story.done)] if steps else []
    dark = tuple(dict.fromkeys(name for step in undone for name in step.undo_dark))
    return Plan(
        operation=UNDO,
        parameters=(("id", story.id),),
        title=f"Undo: {original.title}",
        why=f"{original.operation} of {story.at} by {story.user} is taken back",
        danger=danger_of(steps, dark),
        steps=tuple(steps),
        verify=tuple(_waits(steps)),
        verdicts=tuple(verdicts),
        relies_on=tuple(reliances),
        fingerprint=fingerprint(reliances),
        revert_after=original.revert_after if any(step.armed for step in steps) else 0.0,
        dark=dark,
        host=story.host,
        items=original.items,
        target=original.target or next((value for _, value in original.parameters), ""),
    )


def _ended(story: Story) -> Verdict:
    if story.outcome != "done":
        reason = (
            f"it ended {story.outcome!r}" if story.outcome else "it has not ended: finish or undo it first"
        )
        return Verdict("was-done", "refuse", reason)
    if "reverted" in story.later or "undone" in story.later:
        return Verdict("was-done", "refuse", "it has been taken back already")
    return Verdict("was-done", "allow", f"done {story.at} by {story.user}")


async def _verdict(host: Host, number: int, step: Step) -> Verdict:
    guard = f"step-{number + 1}-still-there"
    if not step.undo:
        return Verdict(guard, "allow", f"{step.title}: stays ({step.no_undo or 'it changed nothing'})")
    if step.done is None:
        return Verdict(guard, "warn", f"{step.title}: nothing can tell whether it is still as we left it")
    answer = await ask(host, step.done)
    if answer.yes:
        return Verdict(guard, "allow", f"{step.title}: still as we left it")
    what = "could not be looked at" if answer.yes is None else "is not as we left it any more"
    return Verdict(guard, "refuse", f"{step.title}: {what}" + (f" ({answer.said})" if answer.said else ""))


def turned(step: Step) -> list[Step]:
    """The step backwards: its undo is what it does, and what it did is the undo, unless data goes with it."""
    *first, last = step.undo
    title, follows = f"Undo: {step.title}", "taken back with the step after it"
    steps = [Step(title, action, no_undo=follows, part=True) for action in first]
    if isinstance(last, Replace) and isinstance(step.does, Replace):
        last = replace(last, backup=f"{step.does.backup}.undone")
    done, again = step.back, step.done if step.undone else None
    if step.undo_loses:
        gone = f"{step.undo_loses} is nowhere else"
        return [*steps, Step(title, last, done, no_undo=gone, loses=step.undo_loses)]
    return [*steps, Step(title, last, done, (step.does,), armed=step.armed, undone=again)]


def _waits(steps: Sequence[Step]) -> list[Wait]:
    return [Wait(step.done, LOOK_WITHIN) for step in steps if step.done is not None]
