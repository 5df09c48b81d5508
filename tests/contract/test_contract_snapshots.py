"""What the operations on snapshots run: made, compared, held, renamed, destroyed, on both sides alike."""

from __future__ import annotations

import re

import pytest

from gbtui.facts.snapshots_detail import detail_argv, estimate_command, parse_details, parse_estimate
from gbtui.guard.plan import Exec
from gbtui.hosts.base import Completed
from gbtui.operations import snapshots_scripts as scripts

from .world import World

DATASET = "default/containers/acme-alm"
FULL = f"{DATASET}@contract"
SYSTEM = "default/containers/acme-system"


async def ran(world: World, run: Exec) -> Completed:
    return await world.run(*run.argv, timeout=run.timeout)


async def guid(world: World, full: str) -> str:
    done = await world.run(*detail_argv([full]))
    assert done.ok, done.stderr
    return parse_details(done.stdout)[full].guid


async def said(world: World, key: str, value: str, full: str = FULL) -> str:
    done = await ran(world, scripts.state(full, key, value, "there", "").run)
    assert done.ok, done.stderr
    return done.stdout.decode().strip()


async def test_a_raw_snapshot_is_only_destroyed_while_it_is_the_one(world: World) -> None:
    assert (await world.run("zfs", "snapshot", "-o", "gbtui:taken=a1", "--", FULL)).ok
    try:
        again = await world.run("zfs", "snapshot", "--", FULL)
        assert again.status == 1
        assert b"dataset already exists" in again.stderr
        own = await guid(world, FULL)
        assert [await said(world, "guid", own), await said(world, "guid", "1")] == ["there", "other"]
        assert [await said(world, "gbtui:taken", "a1"), await said(world, "gbtui:taken", "b")] == [
            "there",
            "other",
        ]
        refused = await ran(world, scripts.destroy(FULL, "guid", "1"))
        assert (refused.status, b"not the snapshot planned" in refused.stderr) == (76, True)
        assert (await world.run("zfs", "hold", "contract", FULL)).ok
        dry = await world.run(*estimate_command(DATASET, ["contract", "nosuch"]).argv)
        assert parse_estimate(dry.stdout).names == (FULL,)
        held = await ran(world, scripts.destroy(FULL, "guid", own))
        assert held.status == 1
        assert re.search(rb"it's being held|dataset is busy", held.stderr)
        tags = await world.run("zfs", "holds", "-H", "--", FULL)
        assert tags.stdout.startswith(f"{FULL}\tcontract\t".encode())
        assert (await world.run("zfs", "release", "contract", FULL)).ok
        left = scripts.none_left(DATASET, (own, "1")).run
        assert (await ran(world, left)).stdout == f"{own}\t{FULL}\nlisted\n".encode()
        assert (await ran(world, scripts.destroy(FULL, "guid", own))).ok
        assert (await ran(world, left)).stdout == b"listed\n"
        assert await said(world, "guid", own) == "gone"
    finally:
        await world.run("zfs", "release", "contract", FULL)
        await world.run("zfs", "destroy", FULL)


async def test_a_snapshot_is_renamed_while_it_is_the_one(world: World) -> None:
    new = f"{DATASET}@contract-new"
    assert (await world.run("zfs", "snapshot", FULL)).ok
    try:
        own = await guid(world, FULL)
        assert (await ran(world, scripts.rename(FULL, new, "1"))).status == 76
        assert (await ran(world, scripts.rename(FULL, new, own))).ok
        assert [await said(world, "guid", own, new), await said(world, "guid", own)] == ["there", "gone"]
    finally:
        await world.run("zfs", "destroy", FULL)
        await world.run("zfs", "destroy", new)


async def test_lxds_own_goes_with_its_record_and_a_record_alone_too(world: World) -> None:
    own, full = ("acme-alm", "contract"), f"{DATASET}@snapshot-contract"
    try:
        for half in (False, True):
            made = await world.run("lxc", "snapshot", *own, timeout=60)
            assert made.ok, made.stderr
            mark = await guid(world, full)
            both = scripts.both_gone(*own, full, mark).run
            assert (await ran(world, both)).stdout == b"there\n"
            assert (await ran(world, scripts.delete(*own, full, "-"))).status == 76
            if half:
                assert (await world.run("zfs", "destroy", full)).ok
                assert (await ran(world, both)).stdout == b"there\n"
            gone = await ran(world, scripts.delete(*own, full, "-" if half else mark))
            assert gone.ok, gone.stderr
            assert (await ran(world, both)).stdout == b"gone\n"
            records = await ran(world, scripts.records_of("acme-alm"))
            assert b'/snapshots/contract"' not in records.stdout
    finally:
        await world.run("lxc", "delete", "/".join(own), timeout=60)


@pytest.mark.parametrize(
    ("argv", "err"),
    [
        (detail_argv([f"{DATASET}@nosuch"]), r"^cannot open '.*@nosuch': dataset does not exist$"),
        (estimate_command(DATASET, ["nosuch"]).argv, r"^could not find any snapshots to destroy"),
        (("zfs", "destroy", "-nvp", SYSTEM), r"^cannot destroy '.*': filesystem has children"),
        (
            ("zfs", "rename", f"{DATASET}@nosuch", f"{DATASET}@x"),
            r"^cannot open '.*@nosuch': dataset does not",
        ),
        (("lxc", "delete", "acme-alm/nosuch"), r"^Error: .*not found"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
async def test_what_is_not_there_is_said(world: World, argv: tuple[str, ...], err: str) -> None:
    done = await world.run(*argv)
    assert done.status == 1
    assert re.search(err, done.stderr.decode(), re.MULTILINE), done.stderr


async def test_what_is_free(world: World) -> None:
    done = await world.run("zpool", "list", "-Hp", "-o", "name,free,freeing", "default")
    assert re.fullmatch(rb"default\t\d+\t\d+\n", done.stdout)
