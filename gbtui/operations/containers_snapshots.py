"""`containers.snapshot` and `delete-snapshot`: LXD's own, with its record and its dataset (items 80-84)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.snapshots_parse import LIST_POOLS, parse_pools, root_dataset
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.operations import snapshots_scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import EXISTS, HOST, Subject, subject
from gbtui.operations.containers_mounts import crossings
from gbtui.operations.containers_parameters import NEW_SNAPSHOT, SNAPSHOT
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.snapshots_guards import AGAINST, NEWEST, RECLAIM, judged, newest, space
from gbtui.operations.snapshots_look import both_sides, closely, pool_of
from gbtui.operations.snapshots_names import size
from gbtui.operations.snapshots_steps import destroying, proven, resting_on

FULL = 90
"""Percent of a pool from which on it should be emptied before anything is kept."""
FREE_NAME = Guard("name-free", "the name is free, in LXD and in ZFS", (83,))
ROOM = Guard("pool-room", "the pool has room for what the snapshot will hold on to", (5, 82))
MOUNTS = Guard("no-cross-mounts", "no foreign mount is in it, which makes snapshots huge", (25, 80))
KNOWN = Guard("snapshot-known", "LXD has a record of the snapshot", (83,))


async def dataset_of(context: Context, found: Subject) -> str:
    """The dataset of the container's root disk; "" where it is not on a ZFS pool."""
    pools = await context.host.lxd.get("storage-pools", {"recursion": "1"})
    return root_dataset(pools.data, found.entry)


def recorded(name: str, snapshot: str) -> Probe:
    """LXD lists the snapshot."""
    run = snapshots_scripts.records_of(name)
    return Probe(f"LXD lists {name}/{snapshot}", run, "contains", f'/snapshots/{snapshot}"')


async def take(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan one snapshot of a container, by LXD."""
    name = given["container"]
    snapshot = given["snapshot"] or f"gbtui-{context.now():%Y%m%d%H%M%S}"
    title = f"Take snapshot {name}/{snapshot}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(TAKE, context, given, title, verdicts=(there,))
    dataset = await dataset_of(context, found)
    taken = {one.name for one in found.one.snapshots}
    sides = await both_sides(context.host, (), (dataset,)) if dataset else None
    rows = sides.of(dataset) if sides else []
    verdicts = [there, _free_name(name, snapshot, taken, rows), await _room(context, dataset), _mounts(found)]
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(TAKE, context, given, title, verdicts=verdicts)
    step = Step(
        title=title,
        does=Exec(HOST, ("lxc", "snapshot", name, snapshot), 120.0),
        done=recorded(name, snapshot),
        undo=(Exec(HOST, ("lxc", "delete", f"{name}/{snapshot}"), 120.0),),
        undo_loses=f"what {name} was at {snapshot}",
    )
    return assemble(
        TAKE,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=(step,),
        verify=(*proofs((step,)), *([Wait(_on_disk(dataset, snapshot), 10.0)] if dataset else [])),
        relies_on=await relying(context, (f"LXD's snapshots of {name}", snapshots_scripts.records_of(name))),
        why=f"{name} ({found.what}) as it is now can be put back, until a newer snapshot is taken",
        target=f"{name}/{snapshot}",
        undo_warning=f"the snapshot {name}/{snapshot} is deleted, and what it holds with it",
    )


def _on_disk(dataset: str, snapshot: str) -> Probe:
    run = Exec(HOST, ("zfs", "list", "-H", "-o", "name", "-t", "snapshot", "-d", "1", dataset), 60.0)
    full = f"{dataset}@snapshot-{snapshot}"
    return Probe(f"ZFS lists {full}", run, "contains", f"{full}\n")


def _free_name(name: str, snapshot: str, taken: set[str], rows: list[SnapshotRow]) -> Verdict:
    if snapshot in taken:
        return FREE_NAME.refuse(f"{name} has a snapshot {snapshot} already: choose another name")
    if any(row.name == f"snapshot-{snapshot}" for row in rows):
        orphan = f"ZFS has @snapshot-{snapshot} without a record in LXD"
        return FREE_NAME.refuse(f"{orphan}: choose another name, or snapshots.forget-orphan first")
    return FREE_NAME.allow(f"{name}/{snapshot} is free")


async def _room(context: Context, dataset: str) -> Verdict:
    done = await context.host.run(LIST_POOLS)
    pools, _ = parse_pools(done.stdout) if done.ok else ((), 0)
    pool = next((pool for pool in pools if pool.name == pool_of(dataset)), None)
    if pool is None:
        return ROOM.warn("how full its storage is could not be seen")
    said = f"{pool.name} is {pool.capacity} % full, {size(pool.free)} free"
    return ROOM.warn(f"{said}: destroy old snapshots first") if pool.capacity >= FULL else ROOM.allow(said)


def _mounts(found: Subject) -> Verdict:
    foreign = crossings(found)
    if foreign:
        words = "; ".join(foreign.values())
        return MOUNTS.warn(f"{words}: containers.remove-mount first, or the snapshot may hold far too much")
    return MOUNTS.allow(f"{found.name} has no foreign mounts")


async def delete(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to delete one of LXD's snapshots, record and dataset; the name has to be typed."""
    name, snapshot = given["container"], given["snapshot"]
    target = f"{name}/{snapshot}"
    title = f"Delete snapshot {target}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(DELETE, context, given, title, verdicts=(there,))
    dataset = await dataset_of(context, found)
    sides = await both_sides(context.host, (target,), (dataset,) if dataset else ())
    row = sides.find(target)
    if row is None:
        known = _known(name, snapshot, sides.of(dataset))
        noop = "" if known.verdict == "refuse" else f"nothing to delete: {name} has no snapshot {snapshot}"
        return assemble(DELETE, context, given, title, verdicts=(there, known), noop=noop)
    close = await closely(context.host, [row] if row.missing != "dataset" else [])
    known = KNOWN.allow(f"LXD has a record of {target}")
    verdicts = [there, known, *judged([row], sides, close), newest([row], sides)]
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(DELETE, context, given, title, verdicts=verdicts)
    return assemble(
        DELETE,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=destroying([row], close),
        verify=proven([row], close),
        relies_on=await resting_on(context, [row]),
        why=space([row], close),
        target=target,
    )


def _known(name: str, snapshot: str, rows: list[SnapshotRow]) -> Verdict:
    """Raw snapshots of that name are another operation's; nothing of that name is nothing to do."""
    for row in rows:
        if row.name in (snapshot, f"snapshot-{snapshot}"):
            other = "snapshots.destroy" if row.name == snapshot else "snapshots.forget-orphan"
            why = f"LXD has no record of {name}/{snapshot}, ZFS has {row.full_name}"
            return KNOWN.refuse(f"{why}: gbtui plan {other} snapshots={row.full_name}")
    return KNOWN.allow(f"neither LXD nor ZFS has {name}/{snapshot}")


TAKE = Operation(
    id="containers.snapshot",
    title="Take snapshot",
    summary="take one of LXD's snapshots of a container, with its configuration and devices",
    subject="containers",
    parameters=(CONTAINER, NEW_SNAPSHOT),
    guards=(EXISTS, FREE_NAME, ROOM, MOUNTS),
    danger=Danger.REVERSIBLE,
    items=(80, 82, 84),
    make=take,
)
DELETE = Operation(
    id="containers.delete-snapshot",
    title="Delete snapshot",
    summary="delete one of LXD's snapshots, record and dataset, and say beforehand what that frees",
    subject="containers",
    parameters=(CONTAINER, SNAPSHOT),
    guards=(EXISTS, KNOWN, *AGAINST, RECLAIM, NEWEST),
    danger=Danger.IRREVERSIBLE,
    items=(80, 82, 83),
    make=delete,
)
OPERATIONS = (TAKE, DELETE)
