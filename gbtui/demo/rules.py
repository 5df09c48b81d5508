"""A packet filter in memory: tables, chains, rules in order, and what they do to a packet.

Order decides, as in the kernel: the guide's first incident (item 32) is nothing but a DROP that
stands before loopback's ACCEPT, and whether Valkey answers is computed from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

BUILT_IN = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
}
FINAL = {"ACCEPT", "DROP", "REJECT"}


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as INPUT sees it. `state` is conntrack's word."""

    iface: str
    proto: str
    dport: int
    source: str = "203.0.113.5"
    state: str = "NEW"


@dataclass(slots=True)
class Rule:
    """One rule in canonical order. `options` are (negated, name, value) before the target."""

    options: tuple[tuple[bool, str, str], ...]
    target: str = ""
    target_options: tuple[tuple[str, str], ...] = ()
    packets: float = 0.0
    octets: float = 0.0

    def same(self, other: Rule) -> bool:
        """Whether iptables takes the two for the same rule: everything but the counters."""
        mine = (self.options, self.target, self.target_options)
        return mine == (other.options, other.target, other.target_options)

    def matches(self, packet: Packet) -> bool:
        return all(_holds(name, value, packet) != negated for negated, name, value in self.options)


def _holds(name: str, value: str, packet: Packet) -> bool:
    """Whether one match holds. What a packet here does not have (limits, sets) is taken as not matching."""
    if name in ("-m", "--comment"):
        return True
    if name == "-i":
        return packet.iface == value
    if name == "-p":
        return value in (packet.proto, "all")
    if name == "-s":
        return ip_address(packet.source) in ip_network(value, strict=False)
    if name == "--dport":
        low, _, high = value.partition(":")
        return int(low) <= packet.dport <= int(high or low)
    if name == "--dports":
        return str(packet.dport) in value.split(",")
    if name in ("--ctstate", "--state"):
        return packet.state in value.split(",")
    return name == "--dst-type" and value == "LOCAL"


@dataclass(slots=True)
class Chain:
    """A chain: `policy` "" for one that somebody made."""

    name: str
    policy: str = ""
    packets: float = 0.0
    octets: float = 0.0
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Ruleset:
    """All tables of one address family. A table exists from its first use on, as with nf_tables."""

    tables: dict[str, dict[str, Chain]] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, Chain]:
        """The table, made with its built-in chains when it was not there."""
        if name not in self.tables:
            self.tables[name] = {chain: Chain(chain, "ACCEPT") for chain in BUILT_IN[name]}
        return self.tables[name]

    def judge(self, packet: Packet, *, count: float = 1.0, size: float = 60.0) -> str:
        """What INPUT does with `count` such packets: ACCEPT, DROP or REJECT; counters move."""
        chains = self.tables.get("filter")
        if chains is None:
            return "ACCEPT"
        verdict = _walk(chains, chains["INPUT"], packet, count, count * size)
        if verdict in FINAL:
            return verdict
        chain = chains["INPUT"]
        chain.packets += count
        chain.octets += count * size
        return chain.policy


def _walk(chains: dict[str, Chain], chain: Chain, packet: Packet, count: float, octets: float) -> str:
    """The verdict of one chain, "" when the packet falls out of its end."""
    for rule in chain.rules:
        if not rule.matches(packet):
            continue
        rule.packets += count
        rule.octets += octets
        if rule.target in FINAL:
            return rule.target
        if rule.target == "RETURN":
            return ""
        if rule.target in chains:
            verdict = _walk(chains, chains[rule.target], packet, count, octets)
            if verdict:
                return verdict
    return ""
