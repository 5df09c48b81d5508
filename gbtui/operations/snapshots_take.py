"""`snapshots.take`: one raw snapshot of a dataset, marked so that undoing destroys that one (item 84)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches

from gbtui import text
from gbtui.facts.failure import failure
from gbtui.facts.snapshots_parse import LIST_POOLS, parse_pools
from gbtui.facts.snapshots_types import Pool
from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict
from gbtui.hosts.base import Command
from gbtui.operations import snapshots_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.snapshots_guards import OWNER
from gbtui.operations.snapshots_look import Sides, both_sides, pool_of
from gbtui.operations.snapshots_names import DATASET, size, some

MARK = "gbtui:taken"
"""The user property that says which plan took it: known before the snapshot, and so its guid, is."""
FULL = 90
"""Percent of a pool from which on taking a snapshot, which frees nothing later, is worth a warning."""

KNOWN = Guard("dataset-exists", "the dataset is there", (5, 84))
RESTORE = Guard("blocks-restore", "LXD does not restore past a newer raw snapshot", (83, 84))
ROOM = Guard("pool-room", "the pool has room for what the snapshot will hold on to", (5, 82))


async def take(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan one raw snapshot, named by the time; undone while it is the one taken."""
    dataset = given["dataset"]
    name = f"gbtui-{context.now():%Y%m%d%H%M%S}"
    title = f"Take {dataset}@{name}"
    known = await _known(context, dataset)
    if known.verdict == "refuse":
        return assemble(TAKE, context, given, f"Take a snapshot of {dataset}", verdicts=(known,))
    sides = await both_sides(context.host, datasets=(dataset,))
    pool = await _pool(context, dataset)
    steps = (_step(f"{dataset}@{name}", _mark(dataset, context.now())),)
    listing = Exec("host", ("zfs", "list", "-H", "-o", "name,guid", "--", dataset))
    return assemble(
        TAKE,
        context,
        given,
        title,
        verdicts=(known, _owner(), _restore(dataset, sides), room(pool)),
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, (f"dataset {dataset}", listing)),
        why=f"{dataset} as it is now can be looked at, or rolled back to, afterwards",
        target=f"{dataset}@{name}",
        undo_warning=f"destroys {dataset}@{name}: what {dataset} is now cannot be restored any more",
    )


def _step(full: str, mark: str) -> Step:
    return Step(
        title=f"Take {full}",
        does=Exec("host", ("zfs", "snapshot", "-o", f"{MARK}={mark}", "--", full), 60.0),
        done=scripts.state(full, MARK, mark, "there", f"{full} is the one taken"),
        undo=(scripts.destroy(full, MARK, mark),),
        undo_loses=f"what {full.partition('@')[0]} was at {full.partition('@')[2]}",
    )


def _mark(dataset: str, at: datetime) -> str:
    return hashlib.sha256(f"{dataset} {at.isoformat()}".encode()).hexdigest()[:16]


async def _known(context: Context, dataset: str) -> Verdict:
    done = await context.host.run(Command(("zfs", "list", "-H", "-o", "name", "--", dataset)))
    if done.ok:
        return KNOWN.allow(f"{dataset} is there")
    if b"does not exist" not in done.stderr:
        raise failure(done, f"dataset {dataset}")
    listed = await context.host.run(Command(("zfs", "list", "-H", "-o", "name", "-t", "filesystem,volume")))
    names = text.text(listed.stdout).splitlines()
    near = [one for one in names if one.endswith(f"/{dataset}")] or get_close_matches(dataset, names, 2)
    hint = f"did you mean {some(near)}?" if near else "zfs list -t filesystem names them"
    return KNOWN.refuse(f"there is no dataset {dataset}: {hint}")


async def _pool(context: Context, dataset: str) -> Pool | None:
    done = await context.host.run(LIST_POOLS)
    pools, _ = parse_pools(done.stdout) if done.ok else ((), 0)
    return next((pool for pool in pools if pool.name == pool_of(dataset)), None)


def _owner() -> Verdict:
    return OWNER.allow("a raw snapshot: LXD does not list it, and it goes by snapshots.destroy")


def _restore(dataset: str, sides: Sides) -> Verdict:
    """LXD refuses to restore past a newer snapshot that is not its own (research 8)."""
    own = [row for row in sides.of(dataset) if row.owner == "lxd" and row.instance]
    if sides.unknown:
        return RESTORE.warn("LXD was not asked: its own older snapshots could not be restored past this one")
    if own:
        names = some([f"{row.instance}/{row.name.removeprefix('snapshot-')}" for row in own])
        return RESTORE.warn(f"while it is there, lxc restore refuses {names}: containers.snapshot does not")
    return RESTORE.allow("LXD has no snapshot of its own there that it would block")


def room(pool: Pool | None) -> Verdict:
    """Whether the pool has room for what a snapshot will hold on to."""
    if pool is None:
        return ROOM.warn("how full the pool is could not be read")
    said = f"{pool.name} is {pool.capacity}% full, {size(pool.free)} free"
    if pool.capacity >= FULL:
        return ROOM.warn(f"{said}: what is deleted from now on frees nothing while the snapshot is there")
    return ROOM.allow(said)


TAKE = Operation(
    id="snapshots.take",
    title="Take a snapshot",
    summary="take a raw ZFS snapshot of one dataset, named by the time; undoing destroys that one",
    subject="snapshots",
    parameters=(DATASET,),
    guards=(KNOWN, OWNER, RESTORE, ROOM),
    danger=Danger.REVERSIBLE,
    items=(5, 82, 84),
    make=take,
)
