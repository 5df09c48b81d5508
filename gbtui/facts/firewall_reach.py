"""What the rules do to one packet, and through which rules it goes (guide items 33, 37). Pure.

Some matches cannot be judged from here (limits, sets, interfaces nobody knows). `hopeful` takes them
for met where that lets the packet in, and for not met where it does not; not hopeful is the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from gbtui.facts.firewall_loopback import DEEPEST
from gbtui.facts.firewall_match import conditions, words_of
from gbtui.facts.firewall_types import Chain

Place = tuple[str, int]
"""(chain, 0-based number of a rule)."""

_BLOCKS = frozenset({"DROP", "REJECT"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A packet. What is None is not known; `iface` is where it comes in, or goes out for OUTPUT."""

    protocol: str
    state: str
    dport: int | None = None
    sport: int | None = None
    source: str | None = None
    destination: str | None = None
    iface: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """ACCEPT, DROP or REJECT, and the rules that led there (none where the policy decided)."""

    verdict: str
    path: tuple[Place, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.verdict == "ACCEPT"


def way(chains: Sequence[Chain], family: str, chain: str, packet: Sample, *, hopeful: bool) -> Way:
    """What `filter` does to `packet` that enters at `chain`."""
    filters = {
        one.chain: one
        for one in chains
        if (one.source, one.family, one.table) == ("iptables", family, "filter")
    }
    if chain not in filters:
        return Way("ACCEPT")
    found = _walk(filters, chain, packet, hopeful, 0)
    return found or Way(filters[chain].policy or "ACCEPT")


def _walk(filters: dict[str, Chain], name: str, packet: Sample, hopeful: bool, depth: int) -> Way | None:
    for number, rule in enumerate(filters[name].rules if depth <= DEEPEST else ()):
        met, target = meets(rule.spec, packet)
        if met is False or target == "":
            continue
        if target == "RETURN":
            if met:
                return None
            continue
        if target in filters:
            inner = _walk(filters, target, packet, hopeful, depth + 1)
            found = inner and Way(inner.verdict, ((name, number), *inner.path))
        else:
            ends = target == "ACCEPT" or target in _BLOCKS
            found = Way(target, ((name, number),)) if ends else None
        if found and (met or found.accepted == hopeful):
            return found
    return None


def meets(spec: str, packet: Sample) -> tuple[bool | None, str]:
    """(whether a rule matches `packet`, its target); None where that is not known."""
    met: bool | None = True
    for negated, option, values in conditions(words_of(spec)):
        if option in {"-j", "-g"}:
            return met, values[0] if values else ""
        one = _holds(option, values, packet)
        if one is not None and one == negated:
            return False, ""
        met = None if one is None else met
    return met, ""


def _holds(option: str, values: tuple[str, ...], packet: Sample) -> bool | None:
    value = values[0] if values else ""
    match option:
        case "-m" | "--comment":
            return True
        case "-p":
            return value in {packet.protocol, "all"}
        case "--dport" | "--dports":
            return _port(value, packet.dport)
        case "--sport" | "--sports":
            return _port(value, packet.sport)
        case "-s":
            return _network(value, packet.source)
        case "-d":
            return _network(value, packet.destination)
        case "-i" | "-o":
            return _interface(value, packet.iface)
        case "--ctstate" | "--state":
            return packet.state in value.split(",")
        case "--dst-type":
            return "LOCAL" in value.split(",")
        case "-f" | "--icmp-type" | "--icmpv6-type":
            return False
    return None


def _port(value: str, port: int | None) -> bool | None:
    if port is None:
        return None
    for part in value.split(","):
        low, _, high = part.partition(":")
        if not low.isdigit() or not (high or low).isdigit():
            return None
        if int(low) <= port <= int(high or low):
            return True
    return False


def _network(value: str, address: str | None) -> bool | None:
    if address is None:
        return None
    try:
        return ip_address(address) in ip_network(value, strict=False)
    except ValueError:
        return None


def _interface(pattern: str, name: str | None) -> bool | None:
    """A trailing `+` stands for anything. What came from elsewhere did not come over loopback."""
    if name is None:
        return False if pattern == "lo" else None
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern
