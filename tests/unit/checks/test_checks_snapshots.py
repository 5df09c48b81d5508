"""The pool and its snapshots at their edges: what no fault of the demo host brings about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.checks.host_asks import FACTS
from gbtui.checks.judge import judge
from gbtui.checks.snapshots import BOTH_SIDES, HEALTH, LISTING, ON_ZFS, ROOM
from gbtui.checks.snapshots_asks import FIGURES, NAMES, POOLS, STORAGE, Figures, Names, Pools, StoragePool
from gbtui.checks.snapshots_rolling import DAILY, RETENTION, SCHEDULED
from gbtui.demo.host import DemoHost
from gbtui.errors import TimedOut
from gbtui.facts.host import UnitFile
from gbtui.facts.snapshots_rhythm import GRACE, parse_held, parse_names, rhythm
from gbtui.facts.snapshots_types import Pool, SnapshotRow
from gbtui.facts.survey import THE_HOST, Survey
from gbtui.hosts.base import Completed
from gbtui.profiles import load
from tests.unit.checks.inspected import pairs, survey, with_answer, words

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ALL = (HEALTH, ROOM, ON_ZFS, LISTING, BOTH_SIDES, DAILY, RETENTION, SCHEDULED)
WEEK = timedelta(days=7)


def row(name: str, age: timedelta | None) -> SnapshotRow:
    created = None if age is None else NOW - age
    return SnapshotRow("tank/containers/a", name, 0, 0, created, 0, "raw", "", "a")


async def found() -> Survey:
    return await survey(DemoHost(), ALL)


async def test_a_list_that_takes_too_long_is_said_once_and_judged_by_nobody() -> None:
    seen = with_answer(await found(), NAMES, "host", Names({}, slow=True))
    judged = judge((LISTING, BOTH_SIDES), seen)
    assert pairs(judged) == (("snapshots.listed", "snapshots"),)
    assert {one.check.id for one in judged.unknown} == {"snapshots.both-sides"}


@pytest.mark.parametrize(("pools", "slow"), [(0, True), (124, False)])
def test_only_a_host_that_has_time_for_its_pools_has_too_many_snapshots(pools: int, slow: bool) -> None:
    commands = NAMES.commands(load(), THE_HOST)
    done = [Completed(one, status, b"", b"", 1.0) for one, status in zip(commands, (pools, 124), strict=True)]
    if slow:
        assert NAMES.read(done, load(), THE_HOST).slow
        return
    with pytest.raises(TimedOut, match="this host is slow now"):
        NAMES.read(done, load(), THE_HOST)


async def test_containers_on_a_pool_of_another_driver() -> None:
    pools = {"default": StoragePool("default", "dir", "default")}
    seen = with_answer(await found(), STORAGE, "host", pools)
    judged = judge((ON_ZFS, BOTH_SIDES), seen)
    assert ("snapshots.on-zfs", "acme-dns") in pairs(judged)
    assert len(pairs(judged)) == 10


async def test_errors_of_a_pool_that_is_online_all_the_same() -> None:
    seen = await found()
    said = ("pool: default", "state: ONLINE", "errors: 3 data errors, use '-v' for a list")
    ill = with_answer(seen, POOLS, "host", Pools(seen.of(POOLS).pools, said))
    judged = judge((HEALTH,), ill)
    assert "3 data errors" in words(judged.failing[0][2])
    none = judge((HEALTH, ROOM), with_answer(seen, POOLS, "host", Pools((), ())))
    assert pairs(none) == (("snapshots.pool-health", "pools"),)


@pytest.mark.parametrize(("capacity", "severity"), [(79, None), (80, "warning"), (90, "error")])
async def test_how_full_is_too_full(capacity: int, severity: str | None) -> None:
    pool = Pool("default", "ONLINE", 100, capacity, 100 - capacity, capacity)
    judged = judge((ROOM,), with_answer(await found(), POOLS, "host", Pools((pool,), ())))
    assert [str(one.severity) for _, _, one in judged.failing] == ([] if severity is None else [severity])


async def test_a_container_without_any_is_late_unless_it_is_new() -> None:
    seen = await found()
    figures = seen.of(FIGURES)
    rows = tuple(one for one in figures.rows if not one.dataset.endswith("/acme-dns"))
    bare = with_answer(seen, FIGURES, "host", Figures(rows, figures.at, 0))
    judged = judge((DAILY,), bare)
    assert "acme-dns: none at all" in words(judged.failing[0][2])
    young = tuple(replace(c, created=figures.at) if c.role == "dns" else c for c in bare.containers)
    assert pairs(judge((DAILY,), replace(bare, containers=young))) == ()


async def test_a_timer_or_lxds_own_schedule_serves_as_well_as_cron() -> None:
    seen = await found()
    line = "/etc/systemd/system/gbtui-rolling.service:ExecStart=/bin/sh /usr/local/sbin/gbtui-rolling"
    on = UnitFile("gbtui-rolling.timer", "loaded", "active", "enabled")
    facts = replace(seen.of(FACTS), cron=(), timer_lines=(line,), units=(on,))
    assert pairs(judge((SCHEDULED,), with_answer(seen, FACTS, "host", facts))) == ()
    off = with_answer(seen, FACTS, "host", replace(facts, units=(replace(on, active="inactive"),)))
    judged = judge((SCHEDULED,), off)
    assert line in words(judged.failing[0][2])
    own = tuple(replace(c, config=(*c.config, ("snapshots.schedule", "@daily"))) for c in off.containers)
    assert pairs(judge((SCHEDULED,), replace(off, containers=own))) == ()


def test_the_newest_is_never_overdue_and_what_is_taken_by_hand_is_not_asked() -> None:
    only = rhythm([row("daily-2026-01-01", timedelta(days=300))], WEEK, NOW)
    assert (only.newest, only.overdue) == (NOW - timedelta(days=300), ())
    edge = [row("rolling-2026-11-23", timedelta(hours=1)), row("daily-2026-11-15", WEEK + GRACE)]
    assert rhythm(edge, WEEK, NOW).overdue == ()
    old = row("snapshot-auto-2026-11-14", WEEK + GRACE + timedelta(seconds=1))
    hand = row("before-move", timedelta(days=90))
    assert rhythm([*edge, old, hand, row("daily-2026-11-01", None)], WEEK, NOW).overdue == (old,)
    assert rhythm([hand], WEEK, NOW).newest is None


def test_lists_of_zfs() -> None:
    assert parse_names(b"tank/a@x\ntank/a@y\ntank/b\n\n") == {"tank/a": {"x", "y"}}
    assert parse_held(b"tank\t0\ntank/a\t4096\ntank/b\t-\nnoise\n\t7\n") == {
        "tank": 0,
        "tank/a": 4096,
        "tank/b": 0,
    }


@given(st.binary(max_size=300))
def test_no_bytes_break_the_lists(data: bytes) -> None:
    parse_names(data)
    parse_held(data)
