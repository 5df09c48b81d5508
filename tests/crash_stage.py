"""What the crash matrix runs on: time that passes at once, a demo host and all that is so on it, death."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan, Replace
from gbtui.guard.port import Approval
from gbtui.hosts.base import Command, Completed, LxdReply
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.operations_cases import Case

AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
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


class Mortal(DemoHost):
    """A demo host whose operator dies just before one command is sent: the `dies_before`th, from 0.

    Commands count once it is `counting`; LXD's answers count as the commands they are.
    """

    counting = False
    calls = 0
    dies_before = -1

    async def run(self, command: Command) -> Completed:
        self.count()
        return await super().run(command)

    def count(self) -> None:
        if self.counting:
            self.calls += 1
            if self.calls - 1 == self.dies_before:
                self.counting = False
                raise Killed


class MortalLxd:
    """LXD of such a host, as much of it as the engine uses."""

    def __init__(self, host: Mortal) -> None:
        self._host, self._lxd = host, host.lxd

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        self._host.count()
        return await self._lxd.get(path, params)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        self._host.count()
        await self._lxd.put(path, body, etag=etag)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lxd, name)


@dataclass
class Stage:
    """A host that needs the case's operation, its plan, and an engine that may die."""

    host: Mortal
    plan: Plan
    journal: Journal

    @classmethod
    async def make(cls, case: Case, directory: Path) -> Stage:
        host = Mortal(clock=LoopClock(), faults=case.faults)
        host.state.life.clear()
        await case.prepare(host)
        host.lxd = MortalLxd(host)
        plan = await find(case.operation).plan(Context(host, load(), now=lambda: AT), case.parameters)
        return cls(host, plan, Journal(directory))

    def engine(self, observe: Callable[[str], None] = lambda _: None) -> Engine:
        return Engine(self.host, self.journal, user="tester@here", observe=observe)

    def picture(self) -> dict[str, str]:
        return picture(self.host, self.plan)
