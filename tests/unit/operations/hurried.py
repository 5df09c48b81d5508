"""A demo host whose restarts keep nobody waiting, and an engine on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Action, Plan, Wait
from gbtui.hosts.base import Command, inside
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import load

HURRY = 40


class HurriedClock:
    """The machine's own time, `HURRY` times as fast."""

    def __init__(self) -> None:
        self._began = time.time()

    def now(self) -> float:
        return self._began + (time.time() - self._began) * HURRY

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 60.0) / HURRY)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / HURRY)


def hurried(*faults: str) -> DemoHost:
    return DemoHost(faults=faults, clock=HurriedClock())


async def plan(host: DemoHost, operation: str, given: Mapping[str, str]) -> Plan:
    """The plan of an operation, with backups dated always the same."""
    context = Context(host, load(), now=lambda: datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC))
    return swift(await find(operation).plan(context, given))


def swift(made: Plan, patience: float | None = None) -> Plan:
    """The same plan, looking more often; with `patience` seconds for what may never come."""

    def wait(one: Wait) -> Wait:
        return replace(one, timeout=patience or one.timeout, interval=0.05)

    def faster(action: Action) -> Action:
        return wait(action) if isinstance(action, Wait) else action

    steps = [replace(s, does=faster(s.does), undo=tuple(map(faster, s.undo))) for s in made.steps]
    return replace(made, steps=tuple(steps), verify=tuple(map(wait, made.verify)))


def hasty(made: Plan) -> Plan:
    """The same plan, giving up at once."""
    return swift(made, 0.6)


def engine(host: DemoHost, path: Path) -> Engine:
    guards = guarding(Context(host, load()))
    return Engine(host, Journal(path), user="tester@here", guard_undo=guards)


async def out(host: DemoHost, container: str, *argv: str) -> str:
    """What a program inside a container prints."""
    return (await host.run(inside(container, Command(argv)))).stdout.decode().strip()
