"""`make crash-matrix`: every operation killed at every transition, on the demo host, and brought to an end.

Each point is one run of its own: a fresh host, the operation, death at one label (before and after
every step, every verification, at the prompt), then one way out: *finish*, *undo*, or *leave* (the
host's own timer fires, then whatever was not armed is undone). At the last label it dies once more at
every step of the undoing, and is undone again. It holds when recovery told the truth
about every step, the host is as after an undisturbed run or as before, the journal is whole, nothing
is unfinished, and no timer is left behind. Time is made: a minute's wait costs nothing.
"""

from __future__ import annotations

import asyncio
import selectors
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan, Replace, Step, Wait
from gbtui.guard.port import Approval
from gbtui.guard.recovery import Recovery, Unfinished
from gbtui.operations.base import Context
from gbtui.operations.catalog import OPERATIONS, find
from gbtui.profiles import load
from tests.operations_cases import CASES, Case

Way = Literal["finish", "undo", "leave"]
WAYS: tuple[Way, ...] = ("finish", "undo", "leave")
AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
KILLED_AT = ("locked", "begin", "armed", "step-", "verify-", "keep-wanted")
T = TypeVar("T")


# Time that passes at once


class _Hurry(selectors.DefaultSelector):
    """Nothing is ready: the next timer's time has come."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        self.passed += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose waits end at once, its clock as if they had not."""

    def __init__(self) -> None:
        self._hurry = _Hurry()
        super().__init__(self._hurry)

    def time(self) -> float:
        return self._hurry.passed


class LoopClock:
    """The demo host's time is the loop's."""

    def now(self) -> float:
        return AT.timestamp() + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.05))  # every command takes a moment, as on a real host

    wait = sleep


def at_once(work: Awaitable[T]) -> T:
    """`work`'s result, without waiting for any of its waits."""

    async def awaited() -> T:
        return await work

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(awaited())


# A host, and all that is so on it

_MOVES = {
    *("clock", "seed", "execute", "listeners", "life", "settled", "locks", "syslog"),
    *("guid", "modified", "since", "ready", "restarts", "starts", "started", "created", "due", "takes"),
    *("packets", "octets", "flows", "pid", "memory", "cpu", "used", "total_failed", "total_banned"),
    *("cache_reached", "tried"),  # what a running process remembers
}
_OURS = ("/var/lib/gbtui", "/run/gbtui")


def picture(host: DemoHost, plan: Plan | None = None) -> dict[str, str]:
    """Everything that is so, by path, without what moves by itself, gbtui's own files and backups."""
    host.state.settle()
    backups = set(_backups(plan)) if plan is not None else set()
    return {path: repr(value) for path, value in _flat("", host.state) if not backups & set(path.split("|"))}


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        for part in fields(value):
            if part.name not in _MOVES:
                yield from _flat(f"{path}|{part.name}", getattr(value, part.name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not str(key).startswith((*_OURS, "volatile.")):
                yield from _flat(f"{path}|{key}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flat(f"{path}|{number}", inner)
    elif isinstance(value, set | frozenset):
        yield path, sorted(str(one) for one in value if not str(one).startswith(_OURS))
    else:
        yield path, value


def _backups(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        for action in (step.does, *step.undo):
            if isinstance(action, Replace) and action.backup:
                yield action.backup


def different(one: dict[str, str], other: dict[str, str]) -> str:
    """What differs, in a few words; "" for nothing."""
    changed = [path for path in one.keys() | other.keys() if one.get(path) != other.get(path)]
    shown = [f"{path}: {_short(one.get(path))} ≠ {_short(other.get(path))}" for path in sorted(changed)[:3]]
    return "; ".join([*shown, *([f"… {len(changed)} in all"] if len(changed) > 3 else [])])


def _short(value: str | None) -> str:
    return "nothing" if value is None else value if len(value) <= 60 else f"{value[:60]}…"


# One run


class Killed(BaseException):
    """As by SIGKILL: nothing of the engine's runs any more."""


class Yes:
    """Approves whatever it is asked, and keeps it."""

    async def approve(self, plan: Plan) -> Approval:
        read = tuple(verdict.guard for verdict in plan.warnings)
        return Approval(True, "matrix", read, plan.must_type)

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        return "keep"


@dataclass
class Stage:
    """A host that needs the case's operation, its plan, and an engine that may die."""

    host: DemoHost
    plan: Plan
    journal: Journal

    @classmethod
    async def make(cls, case: Case, directory: Path) -> Stage:
        host = DemoHost(clock=LoopClock(), faults=case.faults)
        host.state.life.clear()
        await case.prepare(host)
        plan = await find(case.operation).plan(Context(host, load(), now=lambda: AT), case.parameters)
        return cls(host, plan, Journal(directory))

    def engine(self, observe: Callable[[str], None] = lambda _: None) -> Engine:
        return Engine(self.host, self.journal, user="tester@here", observe=observe)

    def picture(self) -> dict[str, str]:
        return picture(self.host, self.plan)


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
    await Recovery(stage.engine(seen.append)).undo_unfinished(op_id)
    return tuple(dict.fromkeys(at for at in seen if at.startswith(("undo-", "resume"))))


async def killed_twice(case: Case, labels: tuple[str, str], known: Undisturbed, directory: Path) -> str:
    """Kill it at the first label, its undoing at the second, and undo it again; "" where all held."""
    stage = await Stage.make(case, directory)
    await killed(stage, labels[0])
    (op_id,) = stage.journal.unfinished(stage.host.name)
    try:
        await Recovery(stage.engine(_dies_at(labels[1]))).undo_unfinished(op_id)
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
        outcome = await recovery.undo_unfinished(op_id)
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


def run(case: Case, choose: Callable[[int], Sequence[Way]] = lambda _: WAYS, *, twice: bool = True) -> Score:
    """Every label of `case`, with the ways `choose` gives for its number; `twice`: also while undoing."""
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
        for label in at_once(undoing(case, last, base / "undoing")) if twice else ():
            count += 1
            said = at_once(killed_twice(case, (last, label), known, base / f"twice-{label}"))
            wrong += [f"{last}, undo killed at {label}: {said}"] if said else []
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
