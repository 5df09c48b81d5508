"""The scripts of operations on containers, on the simulated host (`gbtui.operations.containers_scripts`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from gbtui.demo import lxd_snapshots, services
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.lxc_client import config
from gbtui.demo.lxd_devices import WHOLE, listens_at
from gbtui.demo.lxd_power import change_power, refuse_hung
from gbtui.demo.state import File, Instance, Place, State
from gbtui.errors import GbtuiError


def _device(call: Call) -> Answer:
    name, device, key = call.arguments
    names = config(call, ["device", "list", name])
    if names.status:
        return names
    one = call.state.instances[name]
    return config(call, ["device", "get", name, device, key]) if device in one.devices else said("absent")


def _listens(call: Call) -> Answer:
    there = {port for protocol, _, port in listens_at(call.state, call.place) if protocol == "tcp"}
    lacking = [port for port in call.arguments if int(port) not in there]
    return said(f"nothing listens on {lacking[0]}" if lacking else "all")


def _writable(call: Call) -> Answer:
    """Root inside writes where it is the host's root, or where no mount of the host is in between."""
    one, folder = call.state.instances[call.place.name], call.arguments[0]
    whole = call.place.files["/proc/self/uid_map"].data == WHOLE.encode()
    mounts = [device.get("path", "") for device in one.devices.values() if device.get("type") == "disk"]
    closed = [path for path in mounts if path.startswith(f"{folder}/") and not whole]
    if one.role == "system" and not whole:
        closed.append(folder)  # its files are the host's root's (guide item 22)
    return said(f"not: {closed[0]}/" if closed else "writable")


def _answers(place: Place, port: int) -> bool:
    return services.listens(place, port, local=True) and services.reach(place, port) == "ACCEPT"


def _health(call: Call) -> Answer:
    status, since = services.will_answer(call.place, call.arguments[0]) or (0, 0.0)
    return said(f"{status if since <= call.state.clock.now() else 0:03}")


def _settle(call: Call) -> Answer:
    unit, url, seconds, *ports = call.arguments
    answer, now = services.will_answer(call.place, url), call.state.clock.now()
    status, since = answer or (0, now + float(seconds))
    late = min(max(since - now, 0.0), float(seconds))
    if status == 200:
        return said(f"{unit} found what it needs", takes=late)
    if answer and call.state.execute and all(_answers(call.place, int(port)) for port in ports):
        call.state.execute(replace(call, argv=("systemctl", "restart", unit)))
        return said(f"{unit} was up first: restarted", takes=late)
    words = f"{unit} is left as it is: it does not answer, or nothing does on {' '.join(ports)}"
    return said(words, takes=float(seconds))


Files = dict[str, File]
MARK = "gbtui:restored"


def _data(files: Files) -> Files:
    """What is on the disk: the kernel's own files are not."""
    return {path: file for path, file in files.items() if not path.startswith("/proc/")}


def _written(state: State, one: Instance, snapshot: str) -> int:
    """Bytes that differ from what the snapshot holds."""
    held = lxd_snapshots.row_of(one, snapshot).held
    now, then = _data(state.places[one.name].files), _data(held[3]) if held else {}
    return sum(len(file.data) + 512 for path, file in now.items() if then.get(path) != file)


def _room(call: Call) -> Answer:
    dataset, snapshot, _ = call.arguments
    one = call.state.instances[dataset.rpartition("/")[2]]
    written = _written(call.state, one, snapshot.removeprefix("snapshot-"))
    return said(f"{written} {call.state.host_free}")


def _newest(state: State, dataset: str) -> str:
    names = [row.name for row in state.snapshots if row.dataset == dataset]
    return f"{dataset}@{names[-1]}" if names else ""


def _restore(call: Call) -> Answer:
    name, snapshot, dataset, file, mark, runs = call.arguments
    state, one = call.state, call.state.instances[name]
    newest = _newest(state, dataset)
    if newest != f"{dataset}@snapshot-{snapshot}":
        return failed(1, f"{newest} is newer and in the way")
    try:
        if runs == "yes":
            refuse_hung(state, one, "stop")
            change_power(state, one, "stop")
        if file:
            place = state.places[name]
            kept = {path: _packed(found) for path, found in _data(place.files).items()}
            state.host.files[file] = File(json.dumps(kept).encode(), 0o600)
        lxd_snapshots.restore(state, one, snapshot)
        one.properties[MARK] = mark
        if runs == "yes":
            change_power(state, one, "start")
    except GbtuiError as error:
        return failed(1, f"Error: {error.why}")
    return said(takes=4.0)


def _restored(call: Call) -> Answer:
    dataset, _, mark = call.arguments
    one = call.state.instances[dataset.rpartition("/")[2]]
    return said("restored" if one.properties.get(MARK) == mark else "not")


def _unrestore(call: Call) -> Answer:
    name, snapshot, dataset, file, _, runs = call.arguments
    state, one = call.state, call.state.instances[name]
    newest = _newest(state, dataset)
    if newest != f"{dataset}@snapshot-{snapshot}":
        return failed(1, f"{newest} is newer and in the way")
    if file not in state.host.files:
        return failed(1, f"{file} is not there")
    again = one.running or runs == "yes"
    if one.running:
        change_power(state, one, "stop")
    kept = json.loads(state.host.files.pop(file).data)
    state.places[name].files = {path: _unpacked(found) for path, found in kept.items()}
    one.properties.pop(MARK, None)
    if again:
        change_power(state, one, "start")
    return said(takes=4.0)


def _packed(file: File) -> list[object]:
    return [file.data.hex(), file.mode, file.owner, file.modified]


def _unpacked(value: list[object]) -> File:
    data, mode, owner, modified = value
    assert isinstance(mode, int)  # noqa: S101 - of our own making
    return File(bytes.fromhex(str(data)), mode, str(owner), float(str(modified)))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-device": _device,
    "gbtui-listens": _listens,
    "gbtui-writable": _writable,
    "gbtui-health": _health,
    "gbtui-settle": _settle,
    "gbtui-room": _room,
    "gbtui-restore": _restore,
    "gbtui-restored": _restored,
    "gbtui-unrestore": _unrestore,
}
