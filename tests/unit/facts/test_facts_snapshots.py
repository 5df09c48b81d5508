from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, MissingTool, Unreachable
from gbtui.facts.snapshots import SnapshotRow, SnapshotsReader
from gbtui.facts.snapshots_parse import (
    LIST_POOLS,
    LIST_SNAPSHOTS,
    parse_pools,
    parse_records,
    parse_snapshots,
    with_owners,
)
from gbtui.profiles import load
from gbtui.text import clean
from tests.unit.facts.fakehost import Answer, FakeHost, fixture

LISTED = fixture("zfs-list-snapshots.txt")
POOLED = fixture("zpool-list.txt")
POOLS = [json.loads(fixture("storage-pool.json"))]
INSTANCES: list[dict[str, Any]] = json.loads(fixture("instances-zfs.json"))
PREFIX = "default/containers/acme-"


def host(
    listed: Answer = LISTED, pooled: Answer = POOLED, pools: Any = POOLS, instances: Any = INSTANCES
) -> FakeHost:
    answers = {("host", *LIST_SNAPSHOTS.argv): listed, ("host", *LIST_POOLS.argv): pooled}
    return FakeHost(answers, {"storage-pools": pools, "instances": instances})


async def test_owners_of_real_snapshots_largest_first() -> None:
    one = host()
    found = await SnapshotsReader(one, load()).read()
    assert len(one.batches) == 1
    assert [(row.full_name.rsplit("/", 1)[-1][:24], row.owner, row.missing) for row in found.snapshots] == [
        ("acme-system@daily-2026-1", "raw", ""),
        ("acme-system@daily-2026-1", "raw", ""),
        ("acme-system@daily-2026-1", "raw", ""),
        ("acme-system@snapshot-pre", "lxd", ""),
        ("acme-proxy@snapshot-pre-", "lxd", ""),
        ("acme-proxy@daily-2026-11", "raw", ""),
        ("30eb8a09d513abaef17b62a6", "lxd", ""),
    ]
    first = found.snapshots[0]
    assert (first.used, first.referenced, first.holds, first.instance) == (
        10544128,
        123759104,
        0,
        "acme-system",
    )
    assert [row.holds for row in found.snapshots[:3]] == [0, 1, 0]
    assert first.created == datetime.fromtimestamp(1795417105, UTC)
    (pool,) = found.pools
    assert (pool.name, pool.health, pool.size, pool.capacity) == ("default", "ONLINE", 12348030976, 1)
    assert (found.malformed, found.note) == (0, "")


async def test_a_dataset_destroyed_behind_lxds_back() -> None:
    without = b"".join(x for x in LISTED.splitlines(True) if b"acme-system@snapshot-" not in x)
    found = await SnapshotsReader(host(listed=without), load()).read()
    (lost,) = [row for row in found.snapshots if row.missing]
    assert (lost.full_name, lost.missing, lost.owner) == (
        PREFIX + "system@snapshot-pre-upgrade",
        "dataset",
        "lxd",
    )
    assert (lost.used, lost.instance) == (None, "acme-system")
    assert lost.created == datetime(2026, 11, 23, 6, 58, 20, 524169, tzinfo=UTC)
    assert found.snapshots[-1] == lost


async def test_a_dataset_named_as_lxds_without_a_record() -> None:
    instances = [{**entry, "snapshots": None} for entry in INSTANCES]
    found = await SnapshotsReader(host(instances=instances), load()).read()
    lost = {(row.full_name, row.missing, row.owner) for row in found.snapshots if row.missing}
    assert lost == {
        (PREFIX + "proxy@snapshot-pre-upgrade", "row", "lxd"),
        (PREFIX + "system@snapshot-pre-upgrade", "row", "lxd"),
    }


async def test_without_lxd_no_owner_is_claimed() -> None:
    found = await SnapshotsReader(host(pools=Unreachable("LXD socket")), load()).read()
    assert {(row.owner, row.missing) for row in found.snapshots} == {("unknown", "")}
    assert "LXD socket" in found.note


async def test_no_zfs_and_no_permission_are_told_apart() -> None:
    with pytest.raises(MissingTool, match="zfsutils-linux"):
        await SnapshotsReader(FakeHost(), load()).read()
    refused = (1, b"", b"Permission denied the ZFS utilities must be run as root.")
    with pytest.raises(Denied):
        await SnapshotsReader(host(listed=refused), load()).read()


async def test_a_pool_list_that_fails_costs_only_the_pool() -> None:
    found = await SnapshotsReader(host(pooled=(1, b"", b"cannot open")), load()).read()
    assert (found.pools, len(found.snapshots)) == ((), 7)
    assert "cannot open" in found.note


async def test_a_cut_listing_says_so_and_misses_nothing() -> None:
    long = LISTED + b"x" * LIST_SNAPSHOTS.limit
    found = await SnapshotsReader(host(listed=long[len(LISTED) - 200 :]), load()).read()
    assert {row.missing for row in found.snapshots} <= {""}
    assert "only the first" in found.note


async def test_no_snapshot_at_all_is_a_good_reading() -> None:
    none = (0, b"", b"no datasets available\n")
    found = await SnapshotsReader(host(listed=none, instances=[]), load()).read()
    assert (found.snapshots, found.malformed, found.note) == ((), 0, "")


@pytest.mark.parametrize(
    ("full", "owner", "missing"),
    [
        ("tank/lxd/containers/a-dns@copy-0b9d", "lxd", ""),
        ("tank/lxd/containers/a-dns@deleted-0b9d", "lxd", ""),
        ("tank/lxd/deleted/images/x@readonly", "lxd", ""),
        ("tank/lxd/custom/default_data@snapshot-x", "lxd", ""),
        ("tank/lxd/containers/a-dns@snapshot-x", "lxd", "row"),
        ("tank/lxd/containers/other_dns@snapshot-x", "lxd", ""),
        ("tank/lxd/containers/a-dns@autosnap_2026", "raw", ""),
        ("tank/lxd-not/containers/a-dns@snapshot-x", "raw", ""),
        ("tank@snapshot-x", "raw", ""),
    ],
)
def test_whose_a_name_is(full: str, owner: str, missing: str) -> None:
    records = parse_records([{"name": "p", "driver": "zfs", "config": {"zfs.pool_name": "tank/lxd"}}], [])
    rows, _ = parse_snapshots(f"{full}\t1\t1\t1\t0\n".encode())
    (row,) = with_owners(rows, records)
    assert (row.owner, row.missing) == (owner, missing)


def test_bad_lines_cost_themselves() -> None:
    bad = b"x\ty\nds@s\t1K\t1\t1\t0\nds@s\t1\t1\t99999999999999999999\t0\n@s\t1\t1\t1\t0\n\xff\n"
    rows, malformed = parse_snapshots(bad + b"a b@c d\t-\t2\t3\t-\n")
    assert (len(rows), malformed) == (1, 5)
    assert (rows[0].full_name, rows[0].used, rows[0].holds) == ("a b@c d", None, None)


def test_a_faulted_pool_has_no_figures() -> None:
    assert parse_pools(b"tank\tFAULTED\t-\t-\t-\t-\n")[0][0].health == "FAULTED"


@given(st.binary(max_size=300))
def test_any_bytes_parse_or_are_counted(data: bytes) -> None:
    rows, malformed = parse_snapshots(data)
    assert len(rows) + malformed == sum(1 for x in data.replace(b"\r\n", b"\n").split(b"\n") if x)
    pools, malformed = parse_pools(data)
    assert len(pools) + malformed == sum(1 for x in data.replace(b"\r\n", b"\n").split(b"\n") if x)


FIGURE = st.none() | st.integers(0, 2**63)
NAME = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(clean).filter(lambda n: "@" not in n)
)
ROW = st.builds(
    SnapshotRow, NAME, NAME, FIGURE, FIGURE,
    st.none() | st.integers(0, 2**32).map(lambda s: datetime.fromtimestamp(s, UTC)),
    FIGURE, st.just("unknown"), st.just(""), st.just(""),
)  # fmt: skip


@given(st.lists(ROW, max_size=5))
def test_what_zfs_prints_comes_back(rows: list[SnapshotRow]) -> None:
    def shown(value: int | None) -> str:
        return "-" if value is None else str(value)

    printed = "".join(
        f"{r.full_name}\t{shown(r.used)}\t{shown(r.referenced)}\t"
        f"{shown(None if r.created is None else int(r.created.timestamp()))}\t{shown(r.holds)}\n"
        for r in rows
    )
    assert parse_snapshots(printed.encode()) == (rows, 0)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5), st.sampled_from(
    ["snapshots", "expanded_devices", "name", "type"]))  # fmt: skip
def test_any_record_is_survived(value: Any, key: str) -> None:
    records = parse_records(POOLS, [{**INSTANCES[0], key: value}, value])
    assert records.roots == ("default",)
    assert parse_records(value, value).rows == {}
