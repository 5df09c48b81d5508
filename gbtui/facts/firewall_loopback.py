"""Where a DROP or REJECT cuts off loopback before its ACCEPT (guide items 31, 32, 67). Pure.

Sample packets of ordinary loopback traffic are walked through `filter INPUT` and the chains it
jumps to, as the kernel would. A host under ufw accepts loopback in `ufw-before-input`, two jumps away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gbtui.facts.firewall_match import Condition, Packet, Parsed, parse_rule, residue, samples, steady
from gbtui.facts.firewall_types import Chain, Mark

DEEPEST = 16
"""Jumps followed; the kernel's own bound is higher, but nobody's rules are."""

STEPS = 50_000
"""Rules looked at per packet. A rule set beyond it gets no marks, and words that say so."""

_BLOCKS = frozenset({"DROP", "REJECT"})
_ENDS = frozenset({"ACCEPT", "QUEUE", "NFQUEUE"})
_MESSAGES = {
    "": "loopback is never accepted before this {target}: services on 127.0.0.1 time out (guide 32)",
    "policy": "policy DROP and no rule accepts loopback: services on 127.0.0.1 time out (guide 32)",
}

Conditions = frozenset[Condition]


def loopback_marks(chains: Sequence[Chain]) -> tuple[list[Mark], str]:
    """A mark for every rule of `filter` that can drop ordinary loopback packets, per family.

    `rule` -1 is INPUT's policy. Nothing is marked where loopback is accepted first. The second
    value has words where the rules were too many to follow.
    """
    marks: list[Mark] = []
    note = ""
    for family in ("ip", "ip6"):
        filters = {
            chain.chain: chain
            for chain in chains
            if (chain.source, chain.family, chain.table) == ("iptables", family, "filter")
        }
        found = _marks(filters, family) if "INPUT" in filters else []
        if found is None:
            note = "too many rules to follow loopback through them"
        marks += found or []
    return marks, note


def _marks(filters: dict[str, Chain], family: str) -> list[Mark] | None:
    parsed: dict[str, list[Parsed | None]] = {}
    hits: set[tuple[str, int]] = set()
    for packet in samples(family):
        walk = _Walk(filters, family, packet, parsed)
        decided = walk.chain("INPUT", frozenset(), 0)
        if walk.steps > STEPS:
            return None
        hits |= walk.hits
        if (walk.to_policy or not decided) and filters["INPUT"].policy in _BLOCKS:
            hits.add(("INPUT", -1))
    order = {name: number for number, name in enumerate(filters)}
    found = []
    for name, number in sorted(hits, key=lambda hit: (order[hit[0]], hit[1])):
        rule = parsed[name][number] if number >= 0 else None
        message = _MESSAGES["" if rule else "policy"].format(target=rule.target if rule else "")
        where = filters[name].where
        found.append(Mark("drop-before-loopback", where, "filter", name, number, message, family))
    return found


@dataclass(slots=True)
class _Walk:
    """One packet's way. `ended` holds conditions under which it was decided already.

    `to_policy`: INPUT was left by a RETURN or goto under some conditions, and its policy decides.
    """

    filters: dict[str, Chain]
    family: str
    packet: Packet
    parsed: dict[str, list[Parsed | None]]
    ended: list[Conditions] = field(default_factory=list)
    hits: set[tuple[str, int]] = field(default_factory=set)
    steps: int = 0
    to_policy: bool = False

    def chain(self, name: str, base: Conditions, depth: int) -> bool:
        """Whether every packet that enters `name` under `base` is decided in it."""
        returned: list[Conditions] = []
        for number, rule in enumerate(self._rules(name)):
            self.steps += 1
            if self.steps > STEPS or depth > DEEPEST:
                return True
            left = None if rule is None else residue(rule, self.packet)
            if rule is None or left is None:
                continue
            under = base | left
            if any(before <= under for before in (*self.ended, *returned)):
                continue
            decided = self._decides(rule, under, depth)
            if decided and rule.target in _BLOCKS:
                self.hits.add((name, number))
            if decided and not left:
                return True
            if decided and steady(under):
                self.ended.append(under)
            elif not decided and (rule.goto or rule.target == "RETURN"):
                self.to_policy |= depth == 0
                if not left:
                    return False
                if steady(under):
                    returned.append(under)
        return False

    def _decides(self, rule: Parsed, under: Conditions, depth: int) -> bool:
        if rule.target in self.filters:
            return self.chain(rule.target, under, depth + 1)
        return rule.target in _BLOCKS or rule.target in _ENDS

    def _rules(self, name: str) -> list[Parsed | None]:
        if name not in self.parsed:
            self.parsed[name] = [parse_rule(rule.spec, self.family) for rule in self.filters[name].rules]
        return self.parsed[name]
