"""Faults of the pool and its snapshots, by the names they have in the lab where the twin can have them."""

from __future__ import annotations

import copy
from functools import partial

from gbtui.demo import scripts_host
from gbtui.demo.fault import Fault
from gbtui.demo.state import GIB, Dataset, File, Row, State
from gbtui.demo.tenant import DAY
from gbtui.demo.zfs import DATASETS, POOL_SIZE

WEBMAIL, CI = f"{DATASETS}/acme-webmail", f"{DATASETS}/acme-alm-ci"
HUGE = "before-move"
MARK = "lab:late"
OLD_MOUNT = {"type": "disk", "source": "/opt/gbo/tenants/acme/system/bin", "path": "/opt/gbo/deploy"}


def _add(state: State, *rows: Dataset) -> None:
    state.snapshots = sorted([*state.snapshots, *rows], key=lambda row: (row.dataset, row.created))


def _drop(state: State, dataset: str, *names: str) -> None:
    state.snapshots = [row for row in state.snapshots if row.dataset != dataset or row.name not in names]


def _orphans(state: State) -> None:
    """Somebody ran `zfs destroy` behind LXD's back; and data of a snapshot that LXD has forgotten."""
    now = state.clock.now()
    state.instances["acme-webmail"].snapshots.append(Row("orphan", now - 26 * DAY))
    _add(state, Dataset(WEBMAIL, "snapshot-nightly", 11_776, 1 * GIB, now - 20 * DAY))


def _no_orphans(state: State) -> None:
    one = state.instances["acme-webmail"]
    one.snapshots = [row for row in one.snapshots if row.name != "orphan"]
    _drop(state, WEBMAIL, "snapshot-nightly", "orphan-nightly")


def _one_orphan(state: State) -> None:
    one = state.instances["acme-webmail"]
    one.snapshots.append(Row("nightly", state.clock.now() - 26 * DAY))


def _no_orphan(state: State) -> None:
    one = state.instances["acme-webmail"]
    one.snapshots = [row for row in one.snapshots if row.name != "nightly"]


def _degrade(state: State, health: str) -> None:
    state.pool_health = health


def _fill(state: State, more: int) -> None:
    state.pool_more = more


def _hoard(state: State) -> None:
    _add(state, Dataset(CI, HUGE, 60 * GIB, 80 * GIB, state.clock.now() - 40 * DAY))


def _let_go(state: State) -> None:
    _drop(state, CI, HUGE)


def _no_schedule(state: State) -> None:
    state.host.files.pop(scripts_host.CRON, None)


def _schedule(state: State) -> None:
    scripts_host.furnish(state.host, state.clock.now())


def _late(state: State) -> None:
    """What a schedule took in the last days is three days older."""
    for row in state.snapshots:
        if row.name.startswith("daily-") and state.clock.now() - row.created < 3 * DAY:
            row.properties[MARK] = "late"
            row.created -= 3 * DAY


def _in_time(state: State) -> None:
    for row in state.snapshots:
        if row.properties.pop(MARK, ""):
            row.created += 3 * DAY


def _forgotten(state: State) -> None:
    """A rolling snapshot that nobody has taken away."""
    _add(state, Dataset(WEBMAIL, "daily-2026-01-05", 4_096, 1 * GIB, state.clock.now() - 30 * DAY))


def _remembered(state: State) -> None:
    _drop(state, WEBMAIL, "daily-2026-01-05")


def _with_mount(state: State) -> None:
    """LXD's snapshot of a runner that mounted the system's programs."""
    one, now = state.instances["acme-alm-ci"], state.clock.now()
    devices = copy.deepcopy(one.devices) | {"deploy": dict(OLD_MOUNT)}
    files: dict[str, File] = {}
    one.snapshots.append(
        Row("with-mount", now - 3600, (dict(one.config), devices, list(one.profiles), files))
    )
    _add(state, Dataset(CI, "snapshot-with-mount", 3 * GIB, 70 * GIB, now - 3600))


def _without_mount(state: State) -> None:
    one = state.instances["acme-alm-ci"]
    one.snapshots = [row for row in one.snapshots if row.name != "with-mount"]
    _drop(state, CI, "snapshot-with-mount")


FAULTS: dict[str, Fault] = {
    "snapshot-orphans": Fault(
        "a record without data, and data without a record", (81, 83, 94), _orphans, _no_orphans
    ),
    "snapshot-lost": Fault(
        "a snapshot was destroyed behind LXD's back", (81, 83, 94), _one_orphan, _no_orphan
    ),
    "pool-degraded": Fault(
        "the pool has lost a disk",
        (5,),
        partial(_degrade, health="DEGRADED"),
        partial(_degrade, health="ONLINE"),
    ),
    "pool-full": Fault(
        "the pool is nearly full", (5, 82), partial(_fill, more=POOL_SIZE // 4), partial(_fill, more=0)
    ),
    "snapshots-hoard": Fault("snapshots hold a fifth of the pool", (82,), _hoard, _let_go),
    "rolling-unscheduled": Fault("nothing takes snapshots by itself", (84,), _no_schedule, _schedule),
    "rolling-late": Fault("the newest rolling snapshots are days old", (84,), _late, _in_time),
    "rolling-kept": Fault("rolling snapshots are not taken away", (84,), _forgotten, _remembered),
    "snapshot-mounts": Fault(
        "a snapshot of the runner has a mount that it has no more", (80,), _with_mount, _without_mount
    ),
}
