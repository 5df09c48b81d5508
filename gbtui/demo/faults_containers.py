"""Faults of containers, their ports and their mounts, by the names they have in the lab."""

from __future__ import annotations

from functools import partial

from gbtui.demo import lxd_devices
from gbtui.demo.fault import Fault
from gbtui.demo.iptables import Refused, apply
from gbtui.demo.lxd_power import tell
from gbtui.demo.state import Instance, State

IMAPS, DNS_UDP = "port-993", "port-53-udp"
DNAT = ["PREROUTING", "-p", "tcp", "-m", "tcp", "--dport", "443", "-j", "DNAT"]
DNAT += ["--to-destination", "10.77.0.30:443"]
USER_INPUT = "ufw-user-input"
NAME_RULES = [
    [USER_INPUT, "-p", protocol, "-m", protocol, "--dport", "53", "-m", "comment", "--comment", "dns"]
    for protocol in ("tcp", "udp")
]
FORWARD = {"listen_address": "203.0.113.10", "description": "", "config": {}, "ports": []}


def _forward(listen: str, connect: str) -> dict[str, str]:
    return {"type": "proxy", "listen": listen, "connect": connect}


def _put(state: State, name: str, key: str, device: dict[str, str] | None) -> None:
    """A device as it is to be; None takes it away."""
    one = state.instances[name]
    one.devices = {each: own for each, own in one.devices.items() if each != key}
    if device is not None:
        one.devices[key] = device
    _changed(state, one)


def _changed(state: State, one: Instance) -> None:
    lxd_devices.follow(state, one)
    tell(state, "instance-updated", f"/1.0/instances/{one.name}")


def _device(  # noqa: PLR0917 - a table's row
    title: str,
    items: tuple[int, ...],
    name: str,
    key: str,
    wrong: dict[str, str] | None,
    right: dict[str, str] | None = None,
) -> Fault:
    """A device that is as it must not be, or is not there."""
    return Fault(title, items, partial(_put_all, name, key, wrong), partial(_put_all, name, key, right))


def _put_all(name: str, key: str, device: dict[str, str] | None, state: State) -> None:
    for other in [other for other, own in state.instances[name].devices.items() if device and own == device]:
        _put(state, name, other, None)
    _put(state, name, key, device)


def _power(name: str, unit: str, active: bool, state: State) -> None:
    state.places[name].units[unit].active = active


def _unit(title: str, items: tuple[int, ...], name: str, unit: str) -> Fault:
    """A unit of a container that has ended."""
    return Fault(title, items, partial(_power, name, unit, False), partial(_power, name, unit, True))


def _lease(state: State, *, there: bool) -> None:
    state.instances["acme-table-editor"].leased = there


def _rules(state: State, table: str, verb: str) -> None:
    for rule in [DNAT] if table == "nat" else [[*one, "-j", "ACCEPT"] for one in NAME_RULES]:
        words = [verb, *rule]
        try:
            apply(state.host.rules["ip"], table, words)
        except Refused:
            continue  # somebody has put it right meanwhile


def _deafen(state: State) -> None:
    state.deaf.add(state.instances["acme-email"].devices[IMAPS]["listen"])


def _hear(state: State) -> None:
    state.deaf.clear()


def _privilege(state: State, *, value: str) -> None:
    one = state.instances["acme-system"]
    one.config = {key: own for key, own in one.config.items() if key != "security.privileged"}
    if value:
        one.config["security.privileged"] = value
    _changed(state, one)


def _shift(state: State) -> None:
    state.places["acme-system"].owners["/opt/gbo/conf"] = 1000999


def _unshift(state: State) -> None:
    state.places["acme-system"].owners.clear()


def _forward_on(state: State) -> None:
    state.forwards.append(dict(FORWARD))


def _forward_off(state: State) -> None:
    state.forwards.clear()


_SYSTEM_BIN = {"type": "disk", "source": "/opt/gbo/tenants/acme/system/bin", "path": "/opt/gbo/deploy"}
_EVERYWHERE, _LOOPBACK = "tcp:0.0.0.0:", "tcp:127.0.0.1:"

FAULTS: dict[str, Fault] = {
    "forgejo-down": _unit("Forgejo has ended", (8,), "acme-alm", "alm.service"),
    "minio-down": _unit("MinIO has ended", (12,), "acme-drive", "drive.service"),
    "postgres-down": _unit("PostgreSQL has ended", (13,), "acme-tables", "postgresql.service"),
    "nocodb-down": _unit("NocoDB has ended", (14,), "acme-table-editor", "table-editor.service"),
    "roundcube-down": _unit("Roundcube has ended", (15,), "acme-webmail", "webmail.service"),
    "no-address": Fault(
        "acme-table-editor has lost its address",
        (14,),
        partial(_lease, there=False),
        partial(_lease, there=True),
    ),
    "port-missing": _device(
        "the device for IMAPS is gone",
        (17, 24),
        "acme-email",
        IMAPS,
        None,
        _forward(f"{_EVERYWHERE}993", f"{_LOOPBACK}993"),
    ),
    "dns-tcp-only": _device(
        "names are answered by TCP alone",
        (18, 24),
        "acme-dns",
        DNS_UDP,
        None,
        _forward("udp:203.0.113.10:53", "udp:127.0.0.1:53"),
    ),
    "dns-kept-out": Fault(
        "the host's firewall lets no question for names in",
        (18,),
        partial(_rules, table="filter", verb="-D"),
        partial(_rules, table="filter", verb="-A"),
    ),
    "port-deaf": Fault("the listener of the device for IMAPS has died", (17,), _deafen, _hear),
    "port-astray": _device(
        "the device for IMAPS leads where nobody listens",
        (10, 17),
        "acme-email",
        IMAPS,
        _forward(f"{_EVERYWHERE}993", f"{_LOOPBACK}9993"),
        _forward(f"{_EVERYWHERE}993", f"{_LOOPBACK}993"),
    ),
    "tables-exposed": _device(
        "PostgreSQL is open to the world",
        (19,),
        "acme-tables",
        "port-5432",
        _forward(f"{_EVERYWHERE}5432", f"{_LOOPBACK}5432"),
    ),
    "runner-exposed": _device(
        "the CI runner is open to the world",
        (20,),
        "acme-alm-ci",
        "port-2222",
        _forward(f"{_EVERYWHERE}2222", f"{_LOOPBACK}22"),
    ),
    "dnat-double": Fault(
        "a rule of the host leads 443 past its device",
        (23,),
        partial(_rules, table="nat", verb="-A"),
        partial(_rules, table="nat", verb="-D"),
    ),
    "network-forward": Fault("LXD has a network forward", (23,), _forward_on, _forward_off),
    "unprivileged": Fault(
        "acme-system is not privileged any more",
        (21,),
        partial(_privilege, value=""),
        partial(_privilege, value="true"),
    ),
    "gbo-shifted": Fault("/opt/gbo/conf belongs to a uid of nobody", (22,), _shift, _unshift),
    "runner-mount": _device(
        "the CI runner mounts the system's programs", (25, 76, 90), "acme-alm-ci", "deploy", _SYSTEM_BIN
    ),
}
