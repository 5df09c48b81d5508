"""`containers.snapshot` and `delete-snapshot` through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.guard.plan import Danger
from tests.unit.operations.containers_rig import Desk, agreed, refusal

MAIL, SYSTEM = "acme-email", "acme-system"
DATASET = f"default/containers/{MAIL}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def both(desk: Desk, name: str, container: str = MAIL) -> tuple[bool, bool]:
    """Whether LXD and whether ZFS has it, by their own tools."""
    records = await desk.run("lxc", "query", f"/1.0/instances/{container}/snapshots")
    listed = await desk.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name")
    return f'/{name}"' in records, f"/{container}@snapshot-{name}\n" in listed


async def test_taken_by_time_undone_and_not_twice(desk: Desk) -> None:
    plan = await desk.plan("containers.snapshot", container=MAIL)
    assert plan.danger is Danger.REVERSIBLE
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert await both(desk, "gbtui-20261123140322") == (True, True)
    assert "already" in refusal(await desk.plan("containers.snapshot", container=MAIL))
    undo = await desk.engine().plan_undo(outcome.id)
    assert "what it holds" in next(v.reason for v in undo.warnings if v.guard == "undo-warning")
    assert (await desk.engine().apply(undo, agreed(undo))).result == "done"
    assert await both(desk, "gbtui-20261123140322") == (False, False)


async def test_a_dataset_without_a_record_takes_the_name(desk: Desk) -> None:
    await desk.run("zfs", "snapshot", f"{DATASET}@snapshot-mine")
    plan = await desk.plan("containers.snapshot", container=MAIL, snapshot="mine")
    assert "without a record in LXD" in refusal(plan)


async def test_foreign_mounts_are_warned_of(desk: Desk) -> None:
    plan = await desk.plan("containers.snapshot", container="acme-alm-ci")
    assert "containers.remove-mount" in next(v.reason for v in plan.warnings if v.guard == "no-cross-mounts")


async def test_deleted_by_its_typed_name_and_gone_on_both_sides(desk: Desk) -> None:
    plan = await desk.plan("containers.delete-snapshot", container=SYSTEM, snapshot="pre-upgrade")
    assert plan.danger is Danger.IRREVERSIBLE
    assert plan.must_type == f"{SYSTEM}/pre-upgrade"
    assert (await desk.apply(plan, typed=SYSTEM)).result == "refused"
    assert await both(desk, "pre-upgrade", SYSTEM) == (True, True)
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert await both(desk, "pre-upgrade", SYSTEM) == (False, False)
    assert (await desk.undo(outcome)).result == "refused"
    again = await desk.plan("containers.delete-snapshot", container=SYSTEM, snapshot="pre-upgrade")
    assert "nothing to delete" in again.noop


async def test_the_newest_is_warned_of(desk: Desk) -> None:
    await desk.done("containers.snapshot", container=MAIL, snapshot="mine")
    plan = await desk.plan("containers.delete-snapshot", container=MAIL, snapshot="mine")
    assert "newest" in [verdict.guard for verdict in plan.warnings]


async def test_a_held_one_is_refused(desk: Desk) -> None:
    await desk.done("containers.snapshot", container=MAIL, snapshot="mine")
    await desk.run("zfs", "hold", "keep", f"{DATASET}@snapshot-mine")
    plan = await desk.plan("containers.delete-snapshot", container=MAIL, snapshot="mine")
    assert "held" in refusal(plan)
    assert (await desk.apply(plan, typed=f"{MAIL}/mine")).result == "refused"


async def test_another_of_the_same_name_is_not_deleted_for_it(desk: Desk) -> None:
    await desk.done("containers.snapshot", container=MAIL, snapshot="mine")
    plan = await desk.plan("containers.delete-snapshot", container=MAIL, snapshot="mine")
    await desk.run("lxc", "delete", f"{MAIL}/mine")
    desk.clock.advance(60)
    await desk.run("lxc", "snapshot", MAIL, "mine")
    assert (await desk.apply(plan)).result == "changed"
    assert await both(desk, "mine") == (True, True)


async def test_raw_ones_and_orphans_are_sent_to_their_own_operation(desk: Desk) -> None:
    await desk.run("zfs", "snapshot", f"{DATASET}@mine")
    plan = await desk.plan("containers.delete-snapshot", container=MAIL, snapshot="mine")
    assert f"snapshots.destroy snapshots={DATASET}@mine" in refusal(plan)
    for snapshot in ("nightly", "orphan"):
        plan = await desk.plan("containers.delete-snapshot", container="acme-webmail", snapshot=snapshot)
        assert "snapshots.forget-orphan" in refusal(plan)


@pytest.mark.parametrize("verb", ["snapshot", "delete-snapshot"])
async def test_without_the_container(desk: Desk, verb: str) -> None:
    plan = await desk.plan(f"containers.{verb}", container="acme-nothing", snapshot="x")
    assert "there is no container" in refusal(plan)
