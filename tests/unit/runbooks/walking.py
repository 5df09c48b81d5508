"""What the tests of runbooks share: a session on a hurried demo host, and a walk by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval, Event
from gbtui.profiles import Profile, load
from gbtui.runbooks import course
from gbtui.runbooks.fill import filled
from gbtui.runbooks.types import Runbook, Step
from gbtui.runbooks.walk import Walk, begin
from gbtui.runbooks.walker import perform
from gbtui.session import Session
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import hurried, swift

MOST = 60
"""Steps after which a walk is taken for one that goes round."""

PATIENCE = 2.0
"""Seconds that a wait has at most."""


class Hurried(Session):
    """A session whose plans look often."""

    async def plan(self, operation: str, parameters: Mapping[str, str]) -> Plan:
        return swift(await super().plan(operation, parameters))


class Yes(Answers):
    """Acknowledges whatever warns, and types the name that is asked for."""

    async def approve(self, plan: Plan) -> Approval:
        self.acknowledged = tuple(v.guard for v in plan.verdicts if v.verdict == "warn")
        self.typed = plan.target
        return await super().approve(plan)


def session(tmp_path: Path, *faults: str, profile: Profile | None = None) -> Hurried:
    return Hurried(hurried(*faults), profile or load(), Journal(tmp_path), user="tester@here")


def silent(event: Event) -> None:
    """Nobody looks."""


Answering = Callable[[Step], Awaitable[str]]


async def walked(hands: Session, book: Runbook, values: Mapping[str, str], answer: Answering) -> Walk:
    """From the first step to the end; stops where a step fails and nothing leads on."""
    await hands.open(events=False)
    walk = begin(book, hands.host.name, values)
    for _ in range(MOST):
        if walk.ended:
            return walk
        step = filled(book.step(walk.at), walk.values)
        step = replace(step, every=0.05, limit=min(step.limit, PATIENCE))
        if step.kind == "ask":
            walk = course.answered(walk, book, step, await answer(step), "tester")
            continue
        result = await perform(hands, step, walk, Yes(), silent)
        walk = course.performed(walk.begun(step, "tester"), book, step, result, "tester")
        if walk.records[-1].state == "failed":
            return walk
    raise AssertionError(f"{book.id} goes round: {states(walk)[-12:]}")


def states(walk: Walk) -> list[tuple[str, str]]:
    """(step, state) in the order walked."""
    return [(one.step, one.state) for one in walk.records if one.state != "begun"]


def told(walk: Walk) -> str:
    """What is to be read where a walk went wrong."""
    return "\n".join(
        f"{one.step}: {one.state} {one.note} {one.output}" for one in walk.records if one.state != "begun"
    )
