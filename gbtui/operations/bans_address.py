"""What may be banned at all: fail2ban takes anything, so addresses are judged here (guide item 29)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from gbtui.facts.bans_filter import Network, as_network
from gbtui.facts.bans_own import Own
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Guard, Parameter

WIDEST = {4: 24, 6: 48}
"""The shortest prefix that may be banned, by IP version."""

_LETTERS = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")
_JAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

#: Not of the public Internet (RFC 6890). The documentation ranges are left out: banning them hurts nobody.
_SPECIAL = tuple(
    ip_network(value)
    for value in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)

WIDTH = Guard("prefix-width", "no wide network is banned (/24 of IPv4, /48 of IPv6 at most)", (29, 74))
PUBLIC = Guard(
    "public-address", "no private or special range is banned: the proxy itself is in one", (29, 72)
)
OWN = Guard("own-addresses", "the host, its gateways, bridges and containers are not banned", (29, 72))
OPERATOR = Guard("operator-peer", "nobody who is logged in on the host is banned", (29,))
MANY = Guard("many-addresses", "whoever bans a network knows how many addresses it has", (29,))
GUARDS = (WIDTH, PUBLIC, OWN, OPERATOR, MANY)


def _address(value: str) -> str:
    if not _LETTERS.fullmatch(value):
        return "not an IP address"
    network = as_network(value)
    if network is None:
        return "not an IP address, or a network with bits set behind its length"
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        return "an IPv4 address written as IPv6: write it as IPv4"
    return ""


def _jail(value: str) -> str:
    return "" if _JAIL.fullmatch(value) else "not a name of a jail"


ADDRESS = Parameter("address", "IP address, or a network such as 203.0.113.0/24", _address)
JAIL_NAME = Parameter("jail", "NAME of a fail2ban jail, such as sshd", _jail)


def overlapping(network: Network, ranges: Sequence[Own]) -> Own | None:
    """The first of `ranges` that shares an address with `network`."""
    return next((one for one in ranges if _overlap(network, one.network)), None)


def special(network: Network) -> Network | None:
    """The private or special range that `network` touches."""
    return next((one for one in _SPECIAL if _overlap(network, one)), None)


def judge_address(network: Network, own: Sequence[Own], people: Sequence[Own]) -> tuple[Verdict, ...]:
    """What the guards say about banning `network`, on a host with `own` addresses and `people` on it."""
    return (
        _width(network),
        _public(network),
        _own(network, own),
        _operator(network, people),
        *_many(network),
    )


def _width(network: Network) -> Verdict:
    most = WIDEST[network.version]
    if network.prefixlen < most:
        return WIDTH.refuse(
            f"{network} is wider than /{most}: {network.num_addresses:,} addresses, most of them "
            "bystanders'; ban the addresses that the log shows"
        )
    return WIDTH.allow(f"/{network.prefixlen} is not wider than /{most}")


def _public(network: Network) -> Verdict:
    touched = special(network)
    if touched is not None:
        return PUBLIC.refuse(
            f"{network} is in {touched}, which is not of the public Internet: behind such an address may be "
            "the proxy, a bridge or every client at once; stop that container or close its port instead"
        )
    return PUBLIC.allow("an address of the public Internet")


def _own(network: Network, own: Sequence[Own]) -> Verdict:
    found = overlapping(network, own)
    if found is not None:
        return OWN.refuse(f"{network} would ban {found.what}, {found.network}: ban something narrower")
    return OWN.allow("not this host's, nor of its gateways, bridges and containers")


def _operator(network: Network, people: Sequence[Own]) -> Verdict:
    found = overlapping(network, people)
    if found is not None:
        return OPERATOR.refuse(
            f"{network} would ban {found.what} (from {found.network.network_address}): "
            "log in from elsewhere first"
        )
    return OPERATOR.allow("nobody logged in on this host comes from there")


def _many(network: Network) -> tuple[Verdict, ...]:
    if network.prefixlen == network.max_prefixlen:
        return ()
    many = f"{network.num_addresses:,} addresses" if isinstance(network, IPv4Network) else "a whole network"
    return (MANY.warn(f"{network} is {many}: all of them are turned away"),)


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)
