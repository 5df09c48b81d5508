"""What may be banned at all: fail2ban takes anything, so addresses are judged here (guide item 29)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from gbtui.facts.bans_filter import Network, as_network
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_special import WIDEST, overlapping, special
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Guard, Parameter

_LETTERS = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")
_JAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

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
