"""`snapshots.prune` on the simulated host: what is old goes, by the guards of destroy; the newest stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.demo.state import Dataset
from gbtui.errors import BadInput
from gbtui.facts.snapshots_rhythm import ROLLING
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.hosts.base import Command
from gbtui.operations.snapshots_prune import PRUNE, overdue
from tests.unit.operations.snapshots_stage import AT, CI, POOL, SYSTEM, applied, both, demo, names, planned

PRUNED = "snapshots.prune"


@pytest.fixture
def host() -> DemoHost:
    return demo()


def old(host: DemoHost, dataset: str, name: str, days: float) -> Dataset:
    row = Dataset(dataset, name, 1024, 1024, host.clock.now() - days * 86400)
    host.state.snapshots.append(row)
    host.state.snapshots.sort(key=lambda one: (one.dataset, one.created))
    return row


async def test_only_what_is_older_goes(host: DemoHost, tmp_path: Path) -> None:
    before = await names(host, CI)
    made = await planned(host, PRUNED, keep="7d")
    assert [step.title for step in made.steps] == [f"Destroy {CI}@daily-2026-11-16"]
    assert made.must_type == f"{CI}@daily-2026-11-16"
    outcome = await applied(host, tmp_path, made)
    assert outcome.result == "done", outcome.message
    assert await names(host, CI) == before[1:]
    again = await planned(host, PRUNED, keep="7d")
    assert again.noop.startswith("nothing to prune: 70 rolling snapshots of 10 datasets")


async def test_the_buckets_now_and_after_are_shown(host: DemoHost) -> None:
    made = await planned(host, PRUNED, keep="3d")
    said = next(v.reason for v in made.verdicts if v.guard == "buckets")
    assert said.startswith("up to 1 d: 10 → 10, up to 7 d: 60 → 20, up to 30 d: 1 → 0")
    assert "acme-alm-ci 8 → 3" in said
    assert made.why.startswith("up to 1 d")


async def test_one_dataset_alone(host: DemoHost) -> None:
    made = await planned(host, PRUNED, keep="3d", dataset=f"{POOL}/acme-dns")
    assert made.steps
    assert all("acme-dns" in step.title for step in made.steps)
    nowhere = await planned(host, PRUNED, dataset=f"{POOL}/nowhere")
    assert nowhere.refused[0].guard == "dataset-exists"


async def test_the_newest_stays_however_old(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, PRUNED, keep="1d", dataset=CI)
    host.state.snapshots = [one for one in host.state.snapshots if one.dataset != CI]
    old(host, CI, "daily-2026-01-01", 326)
    old(host, CI, "daily-2026-01-02", 325)
    made = await planned(host, PRUNED, keep="7d", dataset=CI)
    assert (await applied(host, tmp_path, made)).result == "done"
    assert await names(host, CI) == ["daily-2026-01-02"]
    assert (await planned(host, PRUNED, keep="7d", dataset=CI)).noop


async def test_what_somebody_took_by_hand_stays(host: DemoHost) -> None:
    for name in ("gbtui-20260101000000", "before-migration", "snapshot-pre-upgrade", "daily", "syncoid_x"):
        old(host, CI, f"{name}", 300)
    made = await planned(host, PRUNED, keep="7d", dataset=CI)
    assert [step.title for step in made.steps] == [f"Destroy {CI}@daily-2026-11-16"]


async def test_another_tenants_are_not_touched(host: DemoHost) -> None:
    old(host, f"{POOL}/other-dns", "daily-2026-01-01", 326)
    old(host, f"{POOL}/other-dns", "daily-2026-01-02", 325)
    made = await planned(host, PRUNED, tenant="acme", keep="7d")
    assert [step.title for step in made.steps] == [f"Destroy {CI}@daily-2026-11-16"]
    assert len((await planned(host, PRUNED, keep="7d")).steps) == 2
    assert (await planned(host, "snapshots.forget-orphan", tenant="other")).noop


async def test_a_held_one_is_left_alone_and_told(host: DemoHost, tmp_path: Path) -> None:
    before = both(host)
    made = await planned(host, PRUNED, keep="1d", dataset=SYSTEM)
    assert not any("2026-11-21" in step.title for step in made.steps)
    assert "held by keep" in next(v.reason for v in made.verdicts if v.guard == "rolling-only")
    assert (await applied(host, tmp_path, made)).result == "done"
    assert "daily-2026-11-21" in await names(host, SYSTEM)
    assert both(host)[1] == before[1]


async def test_nothing_but_held_ones_is_a_no_op_that_says_so(host: DemoHost) -> None:
    await host.run(Command(("zfs", "hold", "mine", f"{CI}@daily-2026-11-16"), root=True))
    made = await planned(host, PRUNED, keep="7d")
    assert (made.steps, "held by mine" in made.noop) == ((), True)


async def test_without_lxd_nothing_goes() -> None:
    made = await planned(demo("lxd-down"), PRUNED, keep="7d")
    assert (made.steps, "start LXD first" in made.noop) == ((), True)


async def test_a_hundred_at_a_time(host: DemoHost) -> None:
    for number in range(120):
        old(host, CI, f"daily-2025-01-01-{number // 60:02}{number % 60:02}", 600 - number)
    made = await planned(host, PRUNED, keep="7d", dataset=CI)
    assert len(made.steps) == 100
    assert "prune again" in made.verdicts[0].reason
    assert made.steps[0].title.endswith("daily-2025-01-01-0000")


@pytest.mark.parametrize("keep", ["0d", "7", "-1d", "7w", "d", "99999d", "7d ", ""])
def test_days_are_days(keep: str) -> None:
    with pytest.raises(BadInput, match="expected DAYS"):
        PRUNE.checked({"keep": keep})


@pytest.mark.parametrize(
    ("name", "rolling"),
    [
        ("daily-2026-11-23", True),
        ("snapshot-daily-2026-11-23", True),
        ("rolling-2026-11-23", True),
        ("daily-2026-11-23-0315", True),
        ("daily-2026", False),
        ("pre-daily-2026-11-23", False),
        ("gbtui-20261123140322", False),
        ("snapshot-pre-upgrade", False),
    ],
)
def test_rolling_is_told_by_the_name(name: str, rolling: bool) -> None:
    assert (ROLLING.fullmatch(name) is not None) is rolling


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), unique=True), st.integers(1, 30))
def test_of_each_dataset_the_newest_stays_and_nothing_young_goes(
    taken: list[tuple[str, int]], keep: int
) -> None:
    rows = [
        SnapshotRow(d, f"daily-{age}", 1, 1, AT - timedelta(days=age, hours=1), 0, "raw", "", "")
        for d, age in taken
    ]
    going = overdue(rows, keep, datetime.fromtimestamp(AT.timestamp(), UTC))
    for dataset in {row.dataset for row in rows}:
        ages = sorted(age for d, age in taken if d == dataset)
        gone = {row.name for row in going if row.dataset == dataset}
        assert gone == {f"daily-{age}" for age in ages[1:] if age >= keep}
