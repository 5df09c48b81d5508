"""The scripts of the snapshots' operations on the simulated host, answering as documented beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gbtui.demo import lxd_snapshots, zfs
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import State
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


def _unless_there(call: Call, name: str, key: str, value: str) -> Answer | None:
    if _how(call.state, name, key, value) == "there":
        return _blind(call)
    return failed(CHANGED, f"{name} is not the snapshot planned")


def _blind(call: Call) -> Answer | None:
    """What the shell says where there is no zfs."""
    return failed(127, "gbtui: 1: zfs: not found") if "zfs" in call.place.missing else None


def _zfs(call: Call, *words: str) -> Answer:
    return zfs.zfs(replace(call, argv=("zfs", *words)))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-snapshot-state": _state,
    "gbtui-snapshot-destroy": _destroy,
    "gbtui-snapshot-rename": _rename,
    "gbtui-snapshot-delete": _delete,
    "gbtui-snapshot-both": _both,
    "gbtui-snapshots-left": _left,
}
