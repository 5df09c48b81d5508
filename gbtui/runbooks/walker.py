"""One step done: a check looked at, an operation through the engine, a command that only looks, a wait.

Nothing is changed here but by the engine: a step that is an operation gets the same plan, guards,
approval and journal as from a key or the command line.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gbtui import text
from gbtui.checks.base import Check, Report
from gbtui.checks.catalog import chosen
from gbtui.checks.inspector import Inspector
from gbtui.errors import GbtuiError
from gbtui.guard.announced import ASK, Announced, parse_announced
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approver, Outcome, Progress
from gbtui.hosts.base import Command, Host, inside
from gbtui.runbooks.cut import ended_elsewhere, ended_since
from gbtui.runbooks.types import Condition, Look, Step
from gbtui.runbooks.walk import Record, State, Walk, moment

SECONDS, BYTES = 15.0, 65_536
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,252}")
"""What may come from the host into a later step."""

Waiting = Callable[[float, float], None]
"""Told while a step waits: seconds gone, and at most."""


class Hands(Protocol):
    """What a walk works with: a session is one."""

    host: Host
    journal: Journal

    def inspector(self, checks: Sequence[Check]) -> Inspector: ...

    async def plan(self, operation: str, parameters: Mapping[str, str]) -> Plan: ...

    async def apply(self, plan: Plan, approver: Approver, progress: Progress) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Result:
    """How a step went: its state, what was seen, the words that say why, an operation's id, and values
    found for the steps after it."""

    state: State
    output: tuple[str, ...] = ()
    note: str = ""
    operation: str = ""
    found: Mapping[str, str] = field(default_factory=dict)

    def record(self, step: Step, by: str) -> Record:
        """It as a line of the walk."""
        return Record(step.id, self.state, moment(), by, self.note, self.output, self.operation)


@dataclass(frozen=True, slots=True)
class Seen:
    """A condition looked at: None where it could not be, and the lines that say why."""

    so: bool | None
    lines: tuple[str, ...]
    remedy: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the first finding's remedy."""


async def look_at(hands: Hands, condition: Condition) -> Seen:
    """Whether a check holds or fails now, with its evidence: what was read before a change says nothing."""
    report = await hands.inspector(chosen([condition.check])).once(fresh=True)
    found = [one for one in report.findings if condition.at in ("", one.failing.subject)]
    lines = [f"{one.failing.subject}: {one.failing.message}" for one in found]
    lines += [f"    {line}" for one in found for line in one.failing.evidence]
    unknown = _unknown(report)
    if unknown and not found:
        return Seen(None, unknown)
    fails = bool(found)
    remedies = [one.failing.remedy for one in found if one.failing.remedy is not None]
    remedy = dict(remedies[0].parameters) if remedies else {}
    return Seen(fails is (condition.expects == "fails"), tuple(lines or ["it holds"]), remedy)


def _unknown(report: Report) -> tuple[str, ...]:
    return tuple(f"? {one.place}: {one.why}" for one in report.unknown)


async def applies(hands: Hands, step: Step) -> Seen:
    """Whether a step's precondition is so; without one it applies."""
    return Seen(True, ()) if step.when is None else await look_at(hands, step.when)


async def perform(
    hands: Hands,
    step: Step,
    walk: Walk,
    approver: Approver,
    progress: Progress,
    *,
    waiting: Waiting = lambda elapsed, limit: None,
) -> Result:
    """Do a (filled) step; a question is the caller's to ask.

    Raises:
        GbtuiError: the host was not reached, or a plan could not be made.
    """
    needless = await needless_now(hands, step, walk)
    if needless is not None:
        return needless
    if step.kind != "operation":
        return await observe(hands, step, waiting)
    plan = await hands.plan(step.operation, step.given)
    if plan.noop:
        return noop(plan)
    return await concluded(hands, step, await hands.apply(plan, approver, progress))


async def needless_now(hands: Hands, step: Step, walk: Walk) -> Result | None:
    """What becomes of a step that is not to be done: it was done before a cut, or it does not apply.

    The cut comes first: what was done then is often why the precondition is not so any more.
    """
    cut = walk.cut(step.id)
    if step.kind == "operation" and cut is not None:
        ended = ended_since(hands.journal, hands.host.name, step, cut.at)
        if ended is None and cut.by:
            ended = ended_elsewhere(await announced(hands), step, cut.at)
        if ended is not None:
            state: State = "done" if ended.outcome == "done" else "failed"
            note = f"{ended.outcome} before the walk was cut off: {ended.message}"
            return await _verified(hands, step, Result(state, note=note, operation=ended.id))
    precondition = await applies(hands, step)
    if precondition.so is False and step.when is not None:
        return Result("not-applicable", precondition.lines, f"it is for when {step.when.words}")
    return None


async def announced(hands: Hands) -> tuple[Announced, ...]:
    """What others' gbtui told the host's system journal; nothing where it cannot be read."""
    try:
        done = await hands.host.run(ASK)
    except GbtuiError:
        return ()
    own = {record.id for record in hands.journal.entries(hands.host.name)}
    return tuple(one for one in parse_announced(done.stdout) if one.id not in own) if done.ok else ()


def noop(plan: Plan) -> Result:
    """A plan that finds nothing to do."""
    return Result("done", note=f"nothing to do: {plan.noop}")


async def concluded(hands: Hands, step: Step, outcome: Outcome) -> Result:
    """After the engine's outcome: done only where the step's own verification says so, too."""
    state: State = "done" if outcome.result == "done" else "failed"
    result = Result(state, note=f"{outcome.result}: {outcome.message}", operation=outcome.id)
    return await _verified(hands, step, result)


async def observe(hands: Hands, step: Step, waiting: Waiting = lambda elapsed, limit: None) -> Result:
    """A step that only looks: a check, a command, a wait."""
    if step.kind == "wait":
        result = await _wait(hands, step, waiting)
    elif step.condition is not None:
        result = _told(await look_at(hands, step.condition), step.condition, step.takes)
    else:
        assert step.look is not None  # noqa: S101 - the reader made it so
        result = await _tried(hands.host, step, step.look, waiting)
    return await _verified(hands, step, result)


async def _verified(hands: Hands, step: Step, result: Result) -> Result:
    if result.state != "done" or step.verify is None:
        return result
    checked = _told(await look_at(hands, step.verify), step.verify)
    output = (*result.output, *checked.output)
    return replace(result, state=checked.state, output=output, note=checked.note or result.note)


def _told(seen: Seen, condition: Condition, takes: Sequence[str] = ()) -> Result:
    if seen.so:
        taken = {name: seen.remedy[name] for name in takes if VALUE.fullmatch(seen.remedy.get(name, ""))}
        missing = [name for name in takes if name not in taken]
        if missing:
            return Result("failed", seen.lines, f"the finding names no {', '.join(missing)}")
        return Result("done", seen.lines, condition.words, found=taken)
    why = "could not be looked at" if seen.so is None else f"not so: {condition.words}"
    return Result("failed", seen.lines, why)


async def run(host: Host, look: Look) -> Result:
    """A command that only looks, and whether its answer is as expected."""
    stdin = look.stdin.encode() or None
    command = Command(look.argv, root=look.where == "host", stdin=stdin, timeout=SECONDS, limit=BYTES)
    done = await host.run(command if look.where == "host" else inside(look.where, command))
    output = text.text(done.stdout) + text.text(done.stderr)
    lines = tuple(output.splitlines())
    if look.status is not None and done.status != look.status:
        return Result("failed", lines, f"exit status {done.status}, expected {look.status}")
    if look.contains and look.contains not in output:
        return Result("failed", lines, f"not in its output: {look.contains}")
    matched = re.search(look.matches, output, re.MULTILINE)
    if matched is None:
        return Result("failed", lines, f"nothing in its output matches {look.matches}")
    found = {name: value or "" for name, value in matched.groupdict().items()}
    if not all(VALUE.fullmatch(value) for value in found.values()):
        return Result("failed", lines, "what was found is nothing that can stand in a command")
    return Result("done", lines, found=found)


async def _tried(host: Host, step: Step, look: Look, waiting: Waiting) -> Result:
    """A command, again until it is as expected where there is a limit."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        result, elapsed = await run(host, look), clock() - began
        if result.state == "done" or elapsed >= step.limit:
            return result
        waiting(elapsed, step.limit)
        await asyncio.sleep(min(step.every, max(step.limit - elapsed, 0.0)))


async def _wait(hands: Hands, step: Step, waiting: Waiting) -> Result:
    """Until the condition is so, at most `limit` seconds."""
    assert step.condition is not None  # noqa: S101 - the reader made it so
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        seen = await look_at(hands, step.condition)
        elapsed = clock() - began
        if seen.so:
            return Result("done", seen.lines, f"after {elapsed:.0f} s: {step.condition.words}")
        if elapsed >= step.limit:
            return Result("failed", seen.lines, f"not within {step.limit:.0f} s: {step.condition.words}")
        waiting(elapsed, step.limit)
        await asyncio.sleep(min(step.every, max(step.limit - elapsed, 0.0)))
