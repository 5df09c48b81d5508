"""Whether an iptables rule reaches ordinary loopback packets: three answers, not two. Pure.

A rule matches a sample packet surely, never, or under conditions that only a real packet decides
(ports, limits, unknown modules). Those conditions are kept, so that an ACCEPT under the same
conditions can be seen to come first.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

Condition = tuple[bool, str, tuple[str, ...]]
"""(negated, option, values)."""

LOOPBACK = {"ip": ("127.0.0.0/8", "127.0.0.1"), "ip6": ("::1/128", "::1")}

#: Options that only refine others, or that a loopback packet always meets.
_NEUTRAL = frozenset({"-m", "--comment", "--limit-iface-in", "--dir"})
#: Options that single out packets which ordinary loopback traffic is not: sets and countries are
#: lists of other machines, and there is no MAC address, bridge port or routing header.
_ELSEWHERE = frozenset(
    {"--match-set", "--src-cc", "--source-country", "--mac-source", "--physdev-in", "--physdev-is-bridged"}
    | {"--rt-type"}
)
#: Conditions that say the same of every equal packet (a limit, for one, does not).
_STEADY = frozenset(
    {
        "-p",
        "-s",
        "-d",
        "--dport",
        "--sport",
        "--dports",
        "--sports",
        "--ports",
        "--icmp-type",
        "--icmpv6-type",
    }
)
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp", "0": "all"}
_PARTS = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class Packet:
    """A sample of ordinary loopback traffic."""

    protocol: str
    state: str
    flags: frozenset[str] = frozenset()


_FLAGS = ("SYN,ACK", "ACK", "PSH,ACK", "FIN,ACK", "RST,ACK")


def samples(family: str) -> tuple[Packet, ...]:
    """A connection's life over loopback: TCP from SYN to RST, UDP, and an echo."""
    echo = "icmp" if family == "ip" else "ipv6-icmp"
    return (
        Packet("tcp", "NEW", frozenset({"SYN"})),
        *(Packet("tcp", "ESTABLISHED", frozenset(flags.split(","))) for flags in _FLAGS),
        *(Packet(protocol, state) for protocol in ("udp", echo) for state in ("NEW", "ESTABLISHED")),
    )


@dataclass(frozen=True, slots=True)
class Parsed:
    """A rule's target, whether it is a goto, and the conditions that loopback does not decide."""

    target: str
    goto: bool
    conditions: tuple[Condition, ...]


def parse_rule(spec: str, family: str) -> Parsed | None:
    """`spec` with everything decided that is the same for all samples; None: never matches them."""
    target, goto, found = "", False, []
    for condition in conditions(words_of(spec)):
        _, option, values = condition
        if option in {"-j", "-g"}:
            target, goto = values[0] if values else "", option == "-g"
            break  # what follows are the target's own options
        matches = _always(condition, family)
        if matches is False:
            return None
        if matches is None:
            found.append(condition)
    return Parsed(target, goto, tuple(found))


def residue(rule: Parsed, packet: Packet) -> frozenset[Condition] | None:
    """The conditions under which `rule` matches `packet`: none left = surely; None = never."""
    left = set()
    for condition in rule.conditions:
        matches = _for(condition, packet)
        if matches is False:
            return None
        if matches is None:
            left.add(condition)
    return frozenset(left)


def steady(conditions: frozenset[Condition]) -> bool:
    """Whether these conditions hold for all equal packets alike."""
    return all(option in _STEADY for _, option, _ in conditions)


def words_of(spec: str) -> list[str]:
    """The words of a rule, quotes resolved."""
    try:
        return shlex.split(spec) if '"' in spec or "'" in spec or "\\" in spec else spec.split()
    except ValueError:
        return spec.split()


def conditions(words: list[str]) -> list[Condition]:
    """The options of a rule in order, each with its values."""
    found: list[Condition] = []
    negated = False
    option, values = "", list[str]()
    for word in [*words, "-"]:
        if word == "!" or (word.startswith("-") and not word[1:2].isdigit()):
            if option:
                found.append((negated, option, tuple(values)))
                option, values, negated = "", [], False
            if word == "!":
                negated = True
            else:
                option = word
        elif option:
            values.append(word)
    return found


def _always(condition: Condition, family: str) -> bool | None:
    """Whether every sample meets `condition`; None where that depends on the packet."""
    negated, option, values = condition
    value = values[0] if values else ""
    if option in _NEUTRAL:
        return None if option == "-m" and value in {"socket", "rpfilter"} else True
    if option in {"-i", "--in-interface"}:
        return _interface(value) != negated
    if option in {"-s", "-d", "--source", "--destination"}:
        return _negate(_network(value, family), negated)
    if option in {"--src-range", "--dst-range"}:
        return _negate(_range(value, family), negated)
    if option in {"--dst-type", "--src-type"}:
        return ("LOCAL" in value.split(",")) != negated
    if option == "--pkt-type":
        return (value in {"unicast", "host"}) != negated
    if option in {"-f", "--pol"}:
        return (option == "--pol" and value == "none") != negated
    if option in _ELSEWHERE and not negated:
        return False
    return None


def _for(condition: Condition, packet: Packet) -> bool | None:
    negated, option, values = condition
    value = values[0] if values else ""
    if option in {"-p", "--protocol"}:
        named = _PROTOCOLS.get(value, value)
        return (named in {"all", packet.protocol}) != negated
    if option in {"--ctstate", "--state"}:
        return (packet.state in _PARTS.split(value)) != negated
    if option == "--tcp-flags" and len(values) == 2:
        if packet.protocol != "tcp":
            return False
        mask, wanted = (_flags(part) for part in values)
        return ((packet.flags & mask) == wanted) != negated
    return None


def _flags(value: str) -> frozenset[str]:
    if value == "ALL":
        return frozenset({"FIN", "SYN", "RST", "PSH", "ACK", "URG"})
    return frozenset() if value == "NONE" else frozenset(value.split(","))


def _interface(pattern: str) -> bool:
    """iptables' pattern: a trailing `+` stands for anything."""
    return "lo".startswith(pattern[:-1]) if pattern.endswith("+") else pattern == "lo"


def _network(value: str, family: str) -> bool | None:
    try:
        net = ip_network(value, strict=False)
    except ValueError:
        return None
    loopback, address = ip_network(LOOPBACK[family][0]), ip_address(LOOPBACK[family][1])
    if net.version != loopback.version:
        return False
    return True if address in net else (None if net.overlaps(loopback) else False)


def _range(value: str, family: str) -> bool | None:
    first, _, last = value.partition("-")
    try:
        low, high, address = ip_address(first), ip_address(last), ip_address(LOOPBACK[family][1])
    except ValueError:
        return None
    return int(low) <= int(address) <= int(high)


def _negate(matches: bool | None, negated: bool) -> bool | None:
    return None if matches is None else matches != negated
