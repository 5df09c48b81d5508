"""Addresses that must never be banned: the host's own, its gateways and bridges, who is logged in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from typing import Any

from gbtui.errors import Malformed
from gbtui.facts.bans_filter import Network
from gbtui.text import clean, decode_json, text

ADDRESSES = ("ip", "-j", "-d", "addr", "show")
GATEWAYS = ("ip", "-j", "route", "show", "default")
GATEWAYS6 = ("ip", "-6", "-j", "route", "show", "default")
LOGINS = ("ss", "-Htnp", "state", "established")
"""Established TCP connections and their programs (root sees whose they are)."""
WHO = ("who",)
"""Logins by their own record: also those that hold no TCP connection, such as mosh's."""
SELF = ("printenv", "SSH_CONNECTION")

_SSHD = re.compile(r'"sshd(-session)?"')
_HOST = re.compile(r"\(([0-9A-Fa-f:.%a-z]{2,80}?)(?: via [^)]*)?\)\s*$")


@dataclass(frozen=True, slots=True)
class Own:
    """An address or network, and whose it is, in words ("this host's address (eth0)")."""

    network: Network
    what: str


def parse_addresses(data: bytes) -> tuple[Own, ...]:
    """The host's addresses from `ADDRESSES`; of a bridge its whole network, too.

    Raises:
        Malformed: not what `ip -j` prints.
    """
    found: list[Own] = []
    for link in _objects(data, "ip -j addr"):
        name = clean(str(link.get("ifname", "")))
        detail = link.get("linkinfo")
        bridge = isinstance(detail, dict) and detail.get("info_kind") == "bridge"
        for entry in _dicts(link.get("addr_info")):
            try:
                at = ip_interface(f"{entry.get('local')}/{entry.get('prefixlen')}")
            except ValueError:
                continue
            found.append(Own(ip_network(at.ip), f"this host's own address ({name})"))
            if bridge:
                found.append(Own(at.network, f"the network of the bridge {name}"))
    return tuple(found)


def parse_gateways(data: bytes) -> tuple[Own, ...]:
    """Gateways of the default routes, from `GATEWAYS`.

    Raises:
        Malformed: not what `ip -j` prints.
    """
    if not data.strip():
        return ()
    found = []
    for route in _objects(data, "ip -j route"):
        via = route.get("via")
        hops = [route, *_dicts(route.get("nexthops"))]
        values = [hop.get("gateway") for hop in hops] + [via.get("host") if isinstance(via, dict) else None]
        found += [Own(ip_network(at), "the gateway of this host") for at in map(_address, values) if at]
    return tuple(found)


def parse_logins(data: bytes) -> tuple[Own, ...]:
    """Peers of sshd's connections, from `LOGINS`: who is logged in on the host."""
    peers = []
    for row in text(data).split("\n"):
        words = row.split()
        if len(words) > 3 and _SSHD.search(row):  # two queues, own address, peer, program
            peers.append(words[3].rpartition(":")[0].strip("[]"))
    return _people(peers)


def parse_who(data: bytes) -> tuple[Own, ...]:
    """Addresses in `who`'s last column; names are left out: they say nothing sure."""
    matches = (_HOST.search(row) for row in text(data).split("\n"))
    return _people(match[1] for match in matches if match)


def parse_self(data: bytes) -> tuple[Own, ...]:
    """The source of our own connection: the first word of SSH_CONNECTION."""
    return _people(text(data).split()[:1])


def _people(values: Iterable[object]) -> tuple[Own, ...]:
    found = [at for at in map(_address, values) if at is not None and not at.is_loopback]
    return tuple(Own(ip_network(at), "somebody logged in on this host by SSH") for at in dict.fromkeys(found))


def _address(value: object) -> IPv4Address | IPv6Address | None:
    """An address without its zone; an IPv4 address in IPv6's clothes is that IPv4 address."""
    try:
        at = ip_address(str(value).partition("%")[0])
    except ValueError:
        return None
    return at.ipv4_mapped or at if isinstance(at, IPv6Address) else at


def _objects(data: bytes, what: str) -> list[dict[str, Any]]:
    found = decode_json(data, what=what)
    if not isinstance(found, list):
        raise Malformed(what, why="not a list")
    return _dicts(found)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
