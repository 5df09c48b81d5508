"""What the tests of the snapshots' operations share: plans, the engine, and looks past both."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.demo.state import Dataset
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import load
from tests.unit.guard.rig import Answers

AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
POOL = "default/containers"
CI = f"{POOL}/acme-alm-ci"
SYSTEM = f"{POOL}/acme-system"


def demo(*faults: str) -> DemoHost:
    """A host on which somebody has left snapshots that only one side knows."""
    return DemoHost(clock=ManualClock(AT.timestamp()), faults=("snapshot-orphans", *faults))


async def planned(host: DemoHost, operation: str, tenant: str | None = None, **given: str) -> Plan:
    now = datetime.fromtimestamp(host.clock.now(), UTC)
    return await find(operation).plan(Context(host, load(), tenant, now=lambda: now), given)


def engine(host: DemoHost, path: Path) -> Engine:
    guards = guarding(Context(host, load()))
    return Engine(host, Journal(path), user="tester@here", guard_undo=guards)


def yes(made: Plan) -> Answers:
    """Somebody who has read the warnings and types what has to be typed."""
    return Answers(acknowledged=tuple(v.guard for v in made.warnings), typed=made.must_type)


async def applied(host: DemoHost, path: Path, made: Plan) -> Outcome:
    return await engine(host, path).apply(made, yes(made))


async def undone(host: DemoHost, path: Path, op_id: str) -> Outcome:
    back = await engine(host, path).plan_undo(op_id)
    return await engine(host, path).undo(op_id, yes(back))


def row(host: DemoHost, full: str) -> Dataset:
    return next(one for one in host.state.snapshots if f"{one.dataset}@{one.name}" == full)


async def names(host: DemoHost, dataset: str) -> list[str]:
    """What ZFS lists of one dataset."""
    argv = ("zfs", "list", "-H", "-d", "1", "-t", "snapshot", "-o", "name", "--", dataset)
    done = await host.run(Command(argv))
    return [line.partition("@")[2] for line in done.stdout.decode().splitlines()]


async def rows_of(host: DemoHost, instance: str) -> list[str]:
    """What LXD lists of one instance."""
    reply = await host.lxd.get(f"instances/{instance}/snapshots")
    return [url.rpartition("/")[2] for url in reply.data]


def both(host: DemoHost) -> tuple[list[tuple[str, str, int]], dict[str, list[str]]]:
    """Everything on both sides, to compare before and after."""
    zfs = sorted((one.dataset, one.name, one.guid) for one in host.state.snapshots)
    lxd = {one.name: [r.name for r in one.snapshots] for one in host.state.instances.values()}
    return zfs, lxd


class Killed(BaseException):
    """This process has died."""


async def killed(host: DemoHost, path: Path, made: Plan, label: str) -> str:
    """Apply `made` in a process that dies at `label`; the id of what is left unfinished."""

    def die(seen: str) -> None:
        if seen == label:
            raise Killed

    dying = engine(host, path)
    dying._observe = die
    with suppress(Killed):
        await dying.apply(made, yes(made))
    host.state.locks.clear()
    (found,) = await Recovery(engine(host, path)).unfinished()
    return found.story.id
