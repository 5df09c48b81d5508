"""The steps that destroy snapshots, each by the right tool and only while it is the one of the plan."""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.facts.snapshots_detail import detail_argv
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Exec, Reliance, Step, Wait
from gbtui.operations import snapshots_scripts as scripts
from gbtui.operations.assemble import relying
from gbtui.operations.base import Context
from gbtui.operations.snapshots_look import Close, grouped, pool_of

LOST = "a destroyed snapshot cannot be brought back"


def destroying(rows: Sequence[SnapshotRow], close: Close) -> tuple[Step, ...]:
    """One step for each of `rows`, in their order; every one has passed the guards."""
    return tuple(_step(row, close.details[row.full_name].guid) for row in rows)


def _step(row: SnapshotRow, guid: str) -> Step:
    full, short = row.full_name, row.name.removeprefix("snapshot-")
    loses = f"what {row.dataset.rpartition('/')[2]} was at {row.name}"
    if row.owner == "lxd":
        return Step(
            title=f"Delete {row.instance}/{short} through LXD",
            does=scripts.delete(row.instance, short, full, guid),
            done=scripts.both_gone(row.instance, short, full, guid),
            no_undo=LOST,
            loses=loses,
        )
    return Step(
        title=f"Destroy {full}",
        does=scripts.destroy(full, "guid", guid),
        done=scripts.state(full, "guid", guid, "gone", f"{full} is gone"),
        no_undo=LOST,
        loses=loses,
    )


def proven(rows: Sequence[SnapshotRow], close: Close) -> tuple[Wait, ...]:
    """Both sides listed again, and the free space read into the record."""
    waits = []
    for dataset, own in grouped(rows).items():
        guids = tuple(close.details[row.full_name].guid for row in own)
        waits.append(Wait(scripts.none_left(dataset, guids), 10.0))
    for row in rows:
        if row.owner == "lxd":
            short = row.name.removeprefix("snapshot-")
            waits.append(Wait(scripts.row_gone(row.instance, short), 10.0))
    names = dict.fromkeys(pool_of(row.dataset) for row in rows)
    pools = [close.pools[name] for name in names if name in close.pools]
    waits += [Wait(scripts.free_now(pool), 10.0) for pool in pools]
    return tuple(waits)


async def resting_on(context: Context, rows: Sequence[SnapshotRow]) -> tuple[Reliance, ...]:
    """Identity, holds and clones of each, and LXD's own lists of the instances concerned."""
    full = Exec("host", detail_argv([row.full_name for row in rows]), 60.0)
    names = dict.fromkeys(row.instance for row in rows if row.owner == "lxd")
    lists = [(f"LXD's snapshots of {name}", scripts.records_of(name)) for name in names]
    return await relying(context, ("the snapshots, their holds and clones", full), *lists)
