"""`make crash-matrix`: every operation killed at every transition, on the demo host, and brought to an end.

Each point is one run of its own: a fresh host, the operation, death at one label (before and after
every step, every verification, at the prompt), then one way out: *finish*, *undo*, or *leave* (the
host's own timer fires, then whatever was not armed is undone). At the last label it dies once more at
every step of the undoing, and is undone again. And it dies between any two commands that it sends to
the host, wherever in a step that is, once for each. It holds when recovery told the truth
about every step, the host is as after an undisturbed run or as before, the journal is whole, nothing
is unfinished, and no timer is left behind. Time is made: a minute's wait costs nothing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gbtui.guard.plan import Plan, Step, Wait
from gbtui.guard.recovery import Recovery
from gbtui.guard.unfinished import Unfinished
from gbtui.operations.catalog import OPERATIONS
from tests.crash_stage import Killed, Stage, Yes, at_once, different
from tests.operations_cases import CASES, Case

Way = Literal["finish", "undo", "leave"]
WAYS: tuple[Way, ...] = ("finish", "undo", "leave")
KILLED_AT = ("locked", "begin", "armed", "step-", "verify-", "keep-wanted")


@dataclass
class Undisturbed:
    """How the operation goes when nobody kills it."""

    plan: Plan
    labels: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]


async def undisturbed(case: Case, directory: Path) -> Undisturbed:
    """Run the case to its end.

    Raises:
        AssertionError: it is not needed, or does not end well.
    """
    stage = await Stage.make(case, directory)
    before = stage.picture()
    seen: list[str] = []
    outcome = await stage.engine(seen.append).apply(stage.plan, Yes())
    assert outcome.result == "done", f"{case.name}: {outcome.result}: {outcome.message}"
    labels = tuple(dict.fromkeys(label for label in seen if label.startswith(KILLED_AT)))
    return Undisturbed(stage.plan, labels, before, stage.picture())


async def killed(stage: Stage, label: str) -> str:
    """Apply it and die at `label`; "" or how it ended instead."""
    try:
        outcome = await stage.engine(_dies_at(label)).apply(stage.plan, Yes())
    except Killed:
        return ""
    return f"not killed: {outcome.result}: {outcome.message}"


def _dies_at(label: str) -> Callable[[str], None]:
    def die(at: str) -> None:
        if at == label:
            raise Killed

    return die


async def undoing(case: Case, label: str, directory: Path) -> tuple[str, ...]:
    """The labels of undoing it once it was killed at `label`."""
    stage = await Stage.make(case, directory)
    await killed(stage, label)
    seen: list[str] = []
    (op_id,) = stage.journal.unfinished(stage.host.name)
    await Recovery(stage.engine(seen.append)).undo_unfinished(op_id, Yes())
    return tuple(dict.fromkeys(at for at in seen if at.startswith(("undo-", "resume"))))


async def killed_twice(case: Case, labels: tuple[str, str], known: Undisturbed, directory: Path) -> str:
    """Kill it at the first label, its undoing at the second, and undo it again; "" where all held."""
    stage = await Stage.make(case, directory)
    await killed(stage, labels[0])
    (op_id,) = stage.journal.unfinished(stage.host.name)
    try:
        await Recovery(stage.engine(_dies_at(labels[1]))).undo_unfinished(op_id, Yes())
        return "not killed while undoing"
    except Killed:
        pass
    found = await Recovery(stage.engine()).unfinished()
    return await _out(case, "undo", found[0], stage, known) if found else "nobody knows of it any more"


async def tried(case: Case, label: str, way: Way, known: Undisturbed, directory: Path) -> str:
    """Kill it at `label`, go `way`; "" where everything held, else what did not."""
    stage = await Stage.make(case, directory)
    alive = await killed(stage, label)
    if alive:
        return alive
    recovery = Recovery(stage.engine())
    found = await recovery.unfinished()
    if label == "locked":
        return "begun before the journal" if found else different(stage.picture(), known.before)
    if len(found) != 1:
        return f"{len(found)} unfinished operations instead of one"
    untrue = _untrue(label, found[0], stage.plan.steps)
    return untrue or await _out(case, way, found[0], stage, known)


async def calls(case: Case, directory: Path) -> int:
    """How many commands an undisturbed run sends to the host once it is begun."""
    stage = await Stage.make(case, directory)
    await stage.engine(_counts(stage)).apply(stage.plan, Yes())
    return stage.host.calls


def _counts(stage: Stage) -> Callable[[str], None]:
    def observe(label: str) -> None:
        stage.host.counting = stage.host.counting or label == "begin"

    return observe


async def at_call(case: Case, number: int, way: Way, known: Undisturbed, directory: Path) -> str:
    """Kill it between two commands, wherever in a step that is, and go `way`; "" where all held."""
    stage = await Stage.make(case, directory)
    stage.host.dies_before = number
    try:
        outcome = await stage.engine(_counts(stage)).apply(stage.plan, Yes())
        return f"not killed: {outcome.result}: {outcome.message}"
    except Killed:
        pass
    found = await Recovery(stage.engine()).unfinished()
    if not found:  # it had ended, and only the host's own journal was not told
        return _after(stage, known.after)
    return await _out(case, way, found[0], stage, known)


async def _out(case: Case, way: Way, found: Unfinished, stage: Stage, known: Undisturbed) -> str:
    recovery, op_id = Recovery(stage.engine()), found.story.id
    if way == "finish":
        outcome = await recovery.finish(op_id, Yes())
        wanted, then = "done", known.after
    else:
        if way == "leave":
            await stage.host.clock.sleep(stage.plan.revert_after + 30.0)
            await recovery.report()
        wanted, then = "failed-undone", known.before
        if not stage.journal.unfinished(stage.host.name):
            return _after(stage, then)
        outcome = await recovery.undo_unfinished(op_id, Yes())
    if outcome.result != wanted:
        return f"{way} ended {outcome.result}: {outcome.message}"
    lasting = way != "finish" and case.stays and any(_lasting(stage.plan.steps[n]) for n in found.story.begun)
    return _after(stage, None if lasting else then)


def _lasting(step: Step) -> bool:
    return not step.undo and not isinstance(step.does, Wait)


def _after(stage: Stage, then: dict[str, str] | None) -> str:
    """What is not as it has to be at the end; `then` None: the host is not compared."""
    if stage.journal.unfinished(stage.host.name):
        return "still unfinished"
    if stage.journal.verify().broken:
        return "the journal's chain is broken"
    if stage.host.state.locks:
        return "the host is still locked"
    left = [name for name in stage.host.state.timers if name.startswith("gbtui-revert")]
    return f"left behind: {left}" if left else different(stage.picture(), then) if then is not None else ""


def _untrue(label: str, found: Unfinished, steps: Sequence[Step]) -> str:
    """What recovery says of the steps and is not so; "" for the truth."""
    phase, _, number = label.partition(":")
    for step in found.steps:
        may = _may(phase, int(number or 0), step.number, len(steps))
        if step.state not in may:
            return f"step {step.number + 1} ({step.title}) is said to be {step.state}, and is {'/'.join(may)}"
        if step.state == "unknown" and steps[step.number].done is not None:
            return f"step {step.number + 1} ({step.title}): its probe cannot tell"
    return ""


def _may(phase: str, at: int, step: int, count: int) -> tuple[str, ...]:
    if not phase.startswith("step-"):
        return ("not-done",) if phase in {"begin", "armed"} else ("done",)
    if step < at or (step == at and phase == "step-done"):
        return ("done",)
    if step > at:
        return ("not-done",)
    return ("done", "unknown") if phase == "step-ran" else ("not-done", "unknown")


# All of them


@dataclass(frozen=True)
class Score:
    """How many points of a case were tried, and what did not hold."""

    tried: int
    wrong: tuple[str, ...]


def run(case: Case, choose: Callable[[int], Sequence[Way]] = lambda _: WAYS, *, whole: bool = True) -> Score:
    """Every label of `case`, with the ways `choose` gives for its number.

    `whole`: also while undoing, and between any two commands, one way out each.
    """
    shared = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="crash-matrix-", dir=shared if shared.is_dir() else None))
    try:
        known = at_once(undisturbed(case, base / "undisturbed"))
        wrong: list[str] = []
        count = 0
        for number, label in enumerate(known.labels):
            for way in choose(number):
                if way == "leave" and (not known.plan.revert_after or label in {"locked", "begin"}):
                    continue
                count += 1
                said = at_once(tried(case, label, way, known, base / f"{number}-{way}"))
                wrong += [f"{label}, {way}: {said}"] if said else []
        last = known.labels[-1]
        for label in at_once(undoing(case, last, base / "undoing")) if whole else ():
            count += 1
            said = at_once(killed_twice(case, (last, label), known, base / f"twice-{label}"))
            wrong += [f"{last}, undo killed at {label}: {said}"] if said else []
        for number in range(at_once(calls(case, base / "calls"))) if whole else ():
            count += 1
            out: Way = "undo" if number % 2 else "finish"
            said = at_once(at_call(case, number, out, known, base / f"call-{number}"))
            wrong += [f"before command {number}, {out}: {said}"] if said else []
        return Score(count, tuple(wrong))
    finally:
        shutil.rmtree(base)


def main(words: Sequence[str]) -> int:
    """Run all cases (or those whose name contains one of `words`) and say how many points held."""
    total = held = 0
    for case in CASES:
        if words and not any(word in case.name for word in words):
            continue
        try:
            score = run(case)
        except AssertionError as error:
            score = Score(1, (str(error),))
        total, held = total + score.tried, held + score.tried - len(score.wrong)
        mark = "✖" if score.wrong else "●"
        print(f"{mark} {case.name}: {score.tried - len(score.wrong)} of {score.tried}")
        for line in score.wrong:
            print(f"    {line}")
    without = sorted({operation.id for operation in OPERATIONS} - {case.operation for case in CASES})
    if without and not words:
        print(f"✖ without a case: {', '.join(without)}")
    print(f"{total} points tried, {held} held")
    return 0 if held == total and (words or not without) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
