"""What the tests of bans share: a demo host whose time stands still, and looks at its packet filter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan, Wait
from gbtui.hosts.base import Command, Completed, inside
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import load
from tests.unit.guard.rig import Answers

AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
PROXY, FLOOD = "acme-proxy", "caddy-http-flood"
STRANGER = "203.0.113.77"


class Stage:
    """A demo host, its engine, and what an attacker would see of it."""

    def __init__(self, path: Path) -> None:
        self.host = DemoHost(clock=ManualClock(AT.timestamp()))
        guards = guarding(self.context())
        self.engine = Engine(self.host, Journal(path), user="tester@here", guard_undo=guards)

    def context(self) -> Context:
        return Context(self.host, load(), now=lambda: AT)

    async def plan(self, operation: str, **parameters: str) -> Plan:
        return await find(operation).plan(self.context(), parameters)

    async def apply(self, operation: str, **parameters: str) -> str:
        """The id of the operation, which is done."""
        made = await self.plan(operation, **parameters)
        outcome = await self.engine.apply(made, yes(made))
        assert outcome.result == "done", outcome.message
        return outcome.id

    async def undo(self, op_id: str) -> None:
        made = await self.engine.plan_undo(op_id)
        outcome = await self.engine.apply(made, yes(made))
        assert outcome.result == "done", outcome.message

    async def run(self, *argv: str, where: str = PROXY) -> Completed:
        command = Command(argv, root=where == "host")
        return await self.host.run(command if where == "host" else inside(where, command))

    async def rules(self, where: str = PROXY, *, six: bool = False) -> str:
        done = await self.run("ip6tables" if six else "iptables", "-w", "-S", where=where)
        return done.stdout.decode()

    async def banned(self, jail: str = FLOOD, where: str = PROXY) -> list[str]:
        return (await self.run("fail2ban-client", "get", jail, "banip", where=where)).stdout.decode().split()


def yes(plan: Plan) -> Answers:
    """Whoever has read every warning, and agrees."""
    return Answers(acknowledged=tuple(verdict.guard for verdict in plan.warnings), typed=plan.must_type)


def said(plan: Plan, guard: str) -> tuple[str, str]:
    """(verdict, reason) of one guard."""
    return next((v.verdict, v.reason) for v in plan.verdicts if v.guard == guard)


def impatient(plan: Plan) -> Plan:
    """The plan with waits that end at once."""
    steps = [
        replace(step, does=replace(step.does, timeout=0.1)) if isinstance(step.does, Wait) else step
        for step in plan.steps
    ]
    return replace(plan, steps=tuple(steps), verify=tuple(replace(wait, timeout=0.1) for wait in plan.verify))
