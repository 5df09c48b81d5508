"""Parameters of operations on containers: ports, devices, snapshots."""

from __future__ import annotations

import re
from ipaddress import ip_address

from gbtui.facts.containers_listen import Endpoint
from gbtui.operations.base import Parameter

_ENDPOINT = re.compile(r"(tcp|udp):(?:([0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\]):)?([0-9]{1,5})")
#: What LXD accepts and a shell, a path and ZFS read as one word.
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SNAPSHOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,62}")


def endpoint(value: str, address: str) -> Endpoint:
    """A checked `tcp:PORT` or `tcp:ADDRESS:PORT`; `address` where it names none."""
    match = _ENDPOINT.fullmatch(value)
    assert match is not None  # noqa: S101 - parameters are checked before
    return Endpoint(match[1], (match[2] or address).strip("[]"), int(match[3]))


def _endpoint(value: str) -> str:
    match = _ENDPOINT.fullmatch(value) if value.isascii() else None
    if match is None or match[3].startswith("0"):
        return "not a port"
    if int(match[3]) > 65535:
        return "there are ports from 1 to 65535"
    try:
        ip_address((match[2] or "0.0.0.0").strip("[]"))  # noqa: S104 - stands in where none is named
    except ValueError:
        return "not an address"
    return ""


def _device(value: str) -> str:
    return "" if value.isascii() and _DEVICE.fullmatch(value) else "not a device's name"


def _snapshot(value: str) -> str:
    return "" if value.isascii() and _SNAPSHOT.fullmatch(value) else "not a snapshot's name"


def _flag(value: str) -> str:
    return "" if value in ("true", "false") else "neither true nor false"


LISTEN = Parameter("listen", "tcp:PORT, udp:PORT or tcp:ADDRESS:PORT on the host", _endpoint)
CONNECT = Parameter("connect", "tcp:PORT inside the container (the same port)", _endpoint, default="")
NAT = Parameter("nat", "true or false (false)", _flag, default="false")
VALUE = Parameter("value", "true or false", _flag)
DEVICE = Parameter("device", "NAME of a device, such as port-8443", _device)
SNAPSHOT = Parameter("snapshot", "NAME of a snapshot, such as pre-upgrade", _snapshot)
NEW_SNAPSHOT = Parameter("snapshot", "NAME (gbtui- and the time)", _snapshot, default="")
