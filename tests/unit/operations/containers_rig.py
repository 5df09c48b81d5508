"""A simulated host for operations on containers: plans, applies, undoes, and is killed at a step."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.demo.clock import Clock, ManualClock
from gbtui.demo.host import DemoHost
from gbtui.demo.state import Instance
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command, inside
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import load
from tests.unit.guard.rig import Answers

AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)


class Killed(BaseException):
    """gbtui is gone from one instant to the next."""


class Desk:
    """An operator at a fresh demo host."""

    def __init__(self, folder: Path, *faults: str, clock: Clock | None = None) -> None:
        self.clock = ManualClock(AT.timestamp())
        self.host = DemoHost(clock=clock or self.clock, faults=("snapshot-orphans", *faults))
        self.journal = Journal(folder / "state")

    def engine(self) -> Engine:
        guards = guarding(self.context())
        return Engine(self.host, self.journal, user="tester@here", guard_undo=guards)

    def context(self) -> Context:
        return Context(self.host, load(), now=lambda: AT)

    def instance(self, name: str) -> Instance:
        return self.host.state.instances[name]

    async def plan(self, operation: str, **given: str) -> Plan:
        return await find(operation).plan(self.context(), given)

    async def apply(self, plan: Plan, **more: str) -> Outcome:
        """With every warning read and what must be typed typed."""
        return await self.engine().apply(plan, agreed(plan, **more))

    async def done(self, operation: str, **given: str) -> Outcome:
        outcome = await self.apply(await self.plan(operation, **given))
        assert outcome.result == "done", outcome.message
        return outcome

    async def undo(self, outcome: Outcome) -> Outcome:
        plan = await self.engine().plan_undo(outcome.id)
        return await self.engine().apply(plan, agreed(plan))

    async def run(self, *argv: str, where: str = "host") -> str:
        command = Command(argv, root=True) if where == "host" else inside(where, Command(argv))
        return (await self.host.run(command)).stdout.decode()

    async def killed(self, plan: Plan, label: str) -> Recovery:
        """Apply and die at `label` ("step-ran:0"); what the next start has to recover with."""
        engine = self.engine()

        def die(now: str) -> None:
            if now == label:
                raise Killed

        engine._observe = die
        with pytest.raises(Killed):
            await engine.apply(plan, agreed(plan))
        return Recovery(self.engine())


def agreed(plan: Plan, **more: str) -> Answers:
    warned = tuple(verdict.guard for verdict in plan.warnings)
    return Answers(acknowledged=warned, typed=more.get("typed", plan.must_type))


def refusal(plan: Plan) -> str:
    """The words of a plan that is refused and has no steps."""
    assert plan.steps == ()
    assert plan.refused
    return "; ".join(f"{verdict.guard}: {verdict.reason}" for verdict in plan.refused)


def labels(plan: Plan) -> list[str]:
    """Every instant before, in and after each step."""
    steps = range(len(plan.steps))
    return [f"{kind}:{step}" for step in steps for kind in ("step-begin", "step-ran", "step-done")]
