"""Addresses behind which is never one client alone: private and special ranges, wide networks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from gbtui.facts.bans_filter import Network
from gbtui.facts.bans_own import Own

WIDEST = {4: 24, 6: 48}
"""The shortest prefix that may be banned, by IP version."""

#: Not of the public Internet (RFC 6890). The documentation ranges are left out: banning them hurts nobody.
_SPECIAL = tuple(
    ip_network(value)
    for value in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)


def overlapping(network: Network, ranges: Sequence[Own]) -> Own | None:
    """The first of `ranges` that shares an address with `network`."""
    return next((one for one in ranges if _overlap(network, one.network)), None)


def special(network: Network) -> Network | None:
    """The private or special range that `network` touches."""
    return next((one for one in _SPECIAL if _overlap(network, one)), None)


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)
