"""The scripts of operations on containers, on the simulated host (`gbtui.operations.containers_scripts`)."""

from __future__ import annotations

from collections.abc import Callable

from gbtui.demo.call import Answer, Call, said
from gbtui.demo.lxc_client import config
from gbtui.demo.lxd_devices import WHOLE, listens_at


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


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-device": _device,
    "gbtui-listens": _listens,
    "gbtui-writable": _writable,
}
