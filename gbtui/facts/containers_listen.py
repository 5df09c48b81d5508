"""LXD's addresses of proxy devices (`tcp:0.0.0.0:80-90,443`) and the sockets of `ss`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from gbtui.text import text

_LISTEN = re.compile(
    r"(tcp|udp):(\[[0-9A-Fa-f:.]+\]|[0-9.]+):([0-9]{1,5}(?:-[0-9]{1,5})?(?:,[0-9]{1,5}(?:-[0-9]{1,5})?)*)"
)
_WILD = ("0.0.0.0", "::", "*")  # noqa: S104 - what LXD and ss print
_SOCKET = re.compile(r"\S+\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s")


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


@dataclass(frozen=True, slots=True)
class Span:
    """Ports in a row at one address, `first` and `last` included. `address` without brackets."""

    protocol: str
    address: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.protocol} :{self.first}" + (f"-{self.last}" if self.last > self.first else "")

    def __iter__(self) -> Iterator[Endpoint]:
        return (Endpoint(self.protocol, self.address, port) for port in range(self.first, self.last + 1))

    @property
    def outer(self) -> bool:
        """Whether others than the host itself can reach it."""
        return next(iter(self)).outer

    def holds(self, ports: Iterable[int]) -> tuple[int, ...]:
        """Those of `ports` that are among its own, sorted."""
        return tuple(sorted(port for port in set(ports) if self.first <= port <= self.last))

    def meets(self, other: Endpoint) -> bool:
        """Whether it and `other` cannot be listened on at once."""
        return bool(self.holds((other.port,))) and Endpoint(self.protocol, self.address, other.port).meets(
            other
        )


def spans(value: str) -> tuple[Span, ...]:
    """The ports of a device's `listen` or `connect`, each range whole; none for a unix socket.

    None for anything unreadable either, and a value of which one part is no port is unreadable as a
    whole: what is left out would pass for free, or for not protected.
    """
    match = _LISTEN.fullmatch(value)
    if match is None:
        return ()
    address = match[2].strip("[]")
    try:
        ip_address(address)
    except ValueError:
        return ()
    found = []
    for part in match[3].split(","):
        first, _, last = part.partition("-")
        found.append(Span(match[1], address, int(first), int(last or first)))
    if not all(0 < span.first <= span.last <= 65535 for span in found):
        return ()
    # LXD binds each port once, so that more of them than there are is nothing it would take
    return tuple(found) if sum(span.last - span.first + 1 for span in found) <= 65535 else ()


def endpoints(value: str) -> tuple[Endpoint, ...]:
    """Every single port of the same: what is wanted where ports are paired or looked up one by one."""
    return tuple(end for span in spans(value) for end in span)


def sockets(data: bytes, protocol: str) -> tuple[Endpoint, ...]:
    """The listeners in `ss -Hln -t` (or `-u`); what is no such line is left out."""
    found = []
    for line in text(data).splitlines():
        match = _SOCKET.match(f"{line} ")
        if match:
            address = match[1].strip("[]").partition("%")[0]
            found.append(Endpoint(protocol, address, int(match[2])))
    return tuple(found)
