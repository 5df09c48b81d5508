"""One address in one jail: how fail2ban and the packet filter hold it, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gbtui.facts.bans_filter import Held, HeldList, Network, as_network, shown
from gbtui.guard.plan import Exec, Probe, Step, Verdict
from gbtui.operations.bans_look import Place, client, state_of
from gbtui.operations.bans_rules import added, deleted
from gbtui.operations.base import Guard

SETTLES = 20.0
"""Seconds that fail2ban's own action may take: its client answers before."""

JAIL = Guard("jail-exists", "fail2ban runs there and has that jail", (29, 30, 72))


@dataclass(frozen=True, slots=True)
class Look:
    """One address in one jail, as fail2ban and the packet filter hold it now."""

    where: str
    jail: str
    network: Network
    all: HeldList

    @property
    def held(self) -> tuple[Held, ...]:
        return self.all.of(self.jail, self.network)

    @property
    def listed(self) -> bool:
        """fail2ban says that it is banned."""
        return any(one.state == "listed" for one in self.held)

    @property
    def blocked(self) -> bool:
        """The packet filter turns it away."""
        return any(one.state == "blocked" for one in self.held)

    @property
    def rules(self) -> tuple[Held, ...]:
        """The packet filter's rules and elements for it."""
        return tuple(one for one in self.held if one.state != "listed")

    def free(self) -> Probe:
        """Neither fail2ban nor the packet filter holds it."""
        title = f"{shown(self.network)} is free of {self.jail} in {self.where}"
        return Probe(title, state_of(self.where, self.jail, self.network), "stdout", "free")

    def taken(self) -> Probe:
        """Either of them holds it: what is to be undone."""
        title = f"{shown(self.network)} is held by {self.jail} in {self.where}"
        return Probe(title, state_of(self.where, self.jail, self.network), "stdout", "free", negate=True)

    def dropped(self) -> Probe:
        """The packet filter turns it away."""
        title = f"the packet filter of {self.where} turns {shown(self.network)} away"
        return Probe(title, state_of(self.where, self.jail, self.network), "contains", "blocked ")

    def do(self, verb: str) -> Exec:
        """`banip` or `unbanip` of it."""
        return client(self.where, "set", self.jail, verb, shown(self.network))


def judge_jail(place: Place, jail: str) -> Verdict:
    """Whether the place has the jail."""
    if place.why:
        return JAIL.refuse(place.why)
    if jail not in place.jails:
        names = ", ".join(place.jails) or "none"
        return JAIL.refuse(f"{place.where} has no jail {jail}; its jails: {names}")
    return JAIL.allow(f"{place.where} runs fail2ban with {jail}")


def network_of(given: Mapping[str, str]) -> Network:
    """The address asked for, which its parameter has checked."""
    network = as_network(given["address"])
    assert network is not None  # noqa: S101 - the parameter's check has seen it
    return network


def asked(seen: Look) -> tuple[str, Exec]:
    """What a plan about one address rests on: how exactly it is held, whoever else is banned meanwhile."""
    return f"how {shown(seen.network)} is held", state_of(seen.where, seen.jail, seen.network)


def deletions(where: str, rules: Sequence[Held], *, keep: int = 0, no_undo: str = "") -> tuple[Step, ...]:
    """Steps that delete rules of one address in one jail, but for `keep` of each tool.

    Kept is what fail2ban itself would delete when it unbans: a REJECT, as its actions write it, before
    a DROP that somebody put in by hand.
    `no_undo`: why they must not come back; "" where they may.
    Each step's proof is how often the rule is still there, so that none is deleted twice.
    """
    steps = []
    for tool in dict.fromkeys(rule.tool for rule in rules):
        same = sorted((rule for rule in rules if rule.tool == tool), key=lambda rule: "-j DROP" in rule.spec)
        for left in range(len(same), keep, -1):
            rule = same[left - 1]
            rows = "\n".join([f"{rule.state} {tool}"] * left)
            title = f"fewer than {left} of {tool} for {shown(rule.network)} in {rule.jail}"
            run = state_of(where, rule.jail, rule.network)
            steps.append(
                Step(
                    f"Delete the rule without a ban for {shown(rule.network)} in {rule.jail} ({tool})",
                    deleted(where, rule),
                    Probe(title, run, "contains", rows, negate=True),
                    () if no_undo else (added(where, rule),),
                    no_undo,
                )
            )
    return tuple(steps)
