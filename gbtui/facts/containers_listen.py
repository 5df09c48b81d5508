"""LXD's addresses of proxy devices (`tcp:0.0.0.0:80-90,443`) and the sockets of `ss`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from gbtui.text import text

_LISTEN = re.compile(
    r"(tcp|udp):(\[[0-9A-Fa-f:.]+\]|[0-9.]+):([0-9]{1,5}(?:-[0-9]{1,5})?(?:,[0-9]{1,5}(?:-[0-9]{1,5})?)*)"
)
_WILD = ("0.0.0.0", "::", "*")  # noqa: S104 - what LXD and ss print
_SOCKET = re.compile(r"\S+\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s")
_MOST = 2048
"""Ports of one range that are looked at."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port. `address` without brackets."""

    protocol: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.protocol} :{self.port}"

    @property
    def wild(self) -> bool:
        """Whether it is every address."""
        return self.address in _WILD

    @property
    def outer(self) -> bool:
        """Whether others than the host itself can reach it."""
        return self.wild or not ip_address(self.address).is_loopback

    def meets(self, other: Endpoint) -> bool:
        """Whether both cannot be listened on at once."""
        same = (self.protocol, self.port) == (other.protocol, other.port)
        return same and (self.wild or other.wild or self.address == other.address)

    def lxd(self) -> str:
        """As LXD writes it."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol}:{address}:{self.port}"


def endpoints(value: str) -> tuple[Endpoint, ...]:
    """Every port of a device's `listen` or `connect`; none for a unix socket or anything unreadable."""
    match = _LISTEN.fullmatch(value)
    if match is None:
        return ()
    address = match[2].strip("[]")
    try:
        ip_address(address)
    except ValueError:
        return ()
    ports: list[int] = []
    for part in match[3].split(","):
        first, _, last = part.partition("-")
        ports += range(int(first), min(int(last or first), 65535, int(first) + _MOST) + 1)
    return tuple(Endpoint(match[1], address, port) for port in ports if 0 < port <= 65535)


def sockets(data: bytes, protocol: str) -> tuple[Endpoint, ...]:
    """The listeners in `ss -Hln -t` (or `-u`); what is no such line is left out."""
    found = []
    for line in text(data).splitlines():
        match = _SOCKET.match(f"{line} ")
        if match:
            address = match[1].strip("[]").partition("%")[0]
            found.append(Endpoint(protocol, address, int(match[2])))
    return tuple(found)
