"""The scripts of the snapshots' operations on the simulated host, answering as documented beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gbtui.demo import lxd_snapshots, zfs
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Instance, State
from gbtui.demo.zfs_change import find, full
from gbtui.errors import GbtuiError

CHANGED = 76


def _how(state: State, name: str, key: str, value: str) -> str:
    row = find(state, name)
    if row is None:
        return "gone"
    own = str(row.guid) if key == "guid" else row.properties.get(key, "-")
    return "there" if own == value else "other"


def _state(call: Call) -> Answer:
    name, key, value = call.arguments
    return _blind(call) or said(_how(call.state, name, key, value))


def _destroy(call: Call) -> Answer:
    name, key, value = call.arguments
    return _unless_there(call, name, key, value) or _zfs(call, "destroy", "--", name)


def _rename(call: Call) -> Answer:
    old, new, guid = call.arguments
    return _unless_there(call, old, "guid", guid) or _zfs(call, "rename", "--", old, new)


def _delete(call: Call) -> Answer:
    own, name, guid = call.arguments
    if _how(call.state, name, "guid", guid) == "other":
        return failed(CHANGED, f"{name} is not the snapshot planned")
    instance, _, short = own.partition("/")
    one = call.state.instances.get(instance)
    if not call.state.lxd_up or one is None:
        return failed(1, "Error: Instance not found" if one is None else "Error: connection refused")
    try:
        lxd_snapshots.delete(call.state, one, short)
    except GbtuiError as error:
        return failed(1, f"Error: {error.why}")
    return said(takes=0.4)


def _both(call: Call) -> Answer:
    instance, name, dataset, guid = call.arguments
    one = call.state.instances.get(instance)
    if not call.state.lxd_up or one is None:
        return failed(1, "Error: Instance not found" if one is None else "Error: connection refused")
    there = any(row.name == name for row in one.snapshots)
    return said("there" if there or _how(call.state, dataset, "guid", guid) == "there" else "gone")


def _left(call: Call) -> Answer:
    dataset, *guids = call.arguments
    rows = [row for row in call.state.snapshots if row.dataset == dataset and str(row.guid) in guids]
    return _blind(call) or said("\n".join([*(f"{row.guid}\t{full(row)}" for row in rows), "listed"]))


def _round(call: Call) -> Answer:
    lacking = [one.name for one in _instances(call) if not _has(one, f"rolling-{call.arguments[0]}")]
    return said("\n".join([*lacking, "all"])) if call.state.lxd_up else failed(1, "Error: connection refused")


def rolling(call: Call) -> Answer:
    """`sh …/gbtui-rolling`: what the job of the rolling snapshots does."""
    if not call.state.lxd_up:
        return failed(1, "Error: connection refused")
    now = datetime.fromtimestamp(call.state.clock.now(), UTC)
    keep = re.search(rb"^keep=(\d+)", call.place.files[call.arguments[0]].data, re.MULTILINE)
    last = f"rolling-{now - timedelta(days=int(keep[1]) if keep else 7):%Y-%m-%d}"
    for one in _instances(call):
        if not _has(one, f"rolling-{now:%Y-%m-%d}"):
            lxd_snapshots.create(call.state, one, f"rolling-{now:%Y-%m-%d}")
        for row in [row for row in one.snapshots if row.name.startswith("rolling-") and row.name <= last]:
            lxd_snapshots.delete(call.state, one, row.name)
    return said(takes=2.0)


def _instances(call: Call) -> list[Instance]:
    return sorted(call.state.instances.values(), key=lambda one: one.name)


def _has(one: Instance, name: str) -> bool:
    return any(row.name == name for row in one.snapshots)


def _unless_there(call: Call, name: str, key: str, value: str) -> Answer | None:
    if _how(call.state, name, key, value) == "there":
        return _blind(call)
    return failed(CHANGED, f"{name} is not the snapshot planned")


def _blind(call: Call) -> Answer | None:
    """What the shell says where there is no zfs."""
    return failed(127, "gbtui: 1: zfs: not found") if "zfs" in call.place.missing else None


def _zfs(call: Call, *words: str) -> Answer:
    return zfs.zfs(replace(call, argv=("zfs", *words)))


FILES: dict[str, Callable[[Call], Answer]] = {"/usr/local/sbin/gbtui-rolling": rolling}
"""Scripts that stand in files there, by their path."""

SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-snapshot-state": _state,
    "gbtui-snapshot-destroy": _destroy,
    "gbtui-snapshot-rename": _rename,
    "gbtui-snapshot-delete": _delete,
    "gbtui-snapshot-both": _both,
    "gbtui-snapshots-left": _left,
    "gbtui-rolling-round": _round,
}
