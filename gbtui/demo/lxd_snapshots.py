"""LXD's own snapshots of the simulated containers: taken, deleted, put back, with LXD's refusals."""

from __future__ import annotations

import copy

from gbtui.demo.lxd_power import change_power
from gbtui.demo.state import Dataset, Instance, Row, State
from gbtui.demo.zfs import DATASETS
from gbtui.demo.zfs_change import drop
from gbtui.errors import Failed, NotFound


def row_of(one: Instance, name: str) -> Row:
    """LXD's record of a snapshot. Raises NotFound in LXD's words."""
    found = next((row for row in one.snapshots if row.name == name), None)
    if found is None:
        raise NotFound(f"snapshot {one.name}/{name}", why="Instance snapshot not found")
    return found


def dataset_of(state: State, one: Instance, name: str) -> Dataset | None:
    """ZFS's half of it; None where somebody destroyed it behind LXD's back."""
    full = f"{DATASETS}/{one.name}@snapshot-{name}"
    return next((row for row in state.snapshots if f"{row.dataset}@{row.name}" == full), None)


def create(state: State, one: Instance, name: str) -> None:
    """Record, dataset, and what the container holds now."""
    if any(row.name == name for row in one.snapshots):
        taken = 'Add snapshot info to the database: This "instances_snapshots" entry already exists'
        why = f'Failed creating instance snapshot record "{name}": {taken}'
        raise Failed(f"snapshot {one.name}/{name}", why=why)
    now = state.clock.now()
    held = copy.deepcopy((one.config, one.devices, one.profiles, state.places[one.name].files))
    one.snapshots.append(Row(name, now, held))
    state.snapshots.append(Dataset(f"{DATASETS}/{one.name}", f"snapshot-{name}", 0, one.disk, now))


def delete(state: State, one: Instance, name: str) -> None:
    """Record and dataset; a held one stays, as ZFS has it."""
    row, found = row_of(one, name), dataset_of(state, one, name)
    if found is not None and found.holds:
        full = f"{found.dataset}@{found.name}"
        raise Failed(f"delete {one.name}/{name}", why=f"cannot destroy snapshot {full}: dataset is busy")
    one.snapshots.remove(row)
    if found is not None:
        drop(state, found)


def restore(state: State, one: Instance, name: str) -> None:
    """Roll back to it: configuration, devices and files as they were. Newer snapshots are in the way.

    LXD stops a running container first and starts it afterwards: a refused rollback leaves it stopped.
    """
    what = f"restore {one.name}/{name}"
    if not any(row.name == name for row in one.snapshots):
        raise NotFound(what, why=f"Snapshot {one.name}/{name} does not exist")
    row, found = row_of(one, name), dataset_of(state, one, name)
    was_running = one.running
    if was_running:
        change_power(state, one, "stop")
    if found is None:
        raise Failed(what, why=f'Snapshot "{name}" not found on storage')
    mine = [other for other in state.snapshots if other.dataset == found.dataset]
    newer = mine[mine.index(found) + 1 :]
    if any(other.name.startswith("snapshot-") for other in newer):
        words = "cannot be restored due to subsequent snapshot(s). Set zfs.remove_snapshots to override"
        raise Failed(what, why=f'Snapshot "{name}" {words}')
    if newer:
        words = "cannot be restored due to subsequent internal snapshot(s) (from a copy)"
        raise Failed(what, why=f'Snapshot "{name}" {words}')
    if row.held is not None:
        one.config, one.devices, one.profiles, files = copy.deepcopy(row.held)
        state.places[one.name].files = files
    if was_running:
        change_power(state, one, "start")
