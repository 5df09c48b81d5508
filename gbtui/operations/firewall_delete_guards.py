"""What keeps `firewall.delete-rule` from taking out a rule that must stay (items 32, 33, 37)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from gbtui.facts.firewall_match import words_of
from gbtui.facts.firewall_reach import Sample, meets, way
from gbtui.facts.firewall_saved import is_others
from gbtui.facts.firewall_ssh import Login, lets_in
from gbtui.facts.firewall_types import Chain, Rule
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Guard
from gbtui.operations.firewall_look import accepts_loopback
from gbtui.operations.firewall_operator import SSH, stays
from gbtui.operations.firewall_state import Family

ONE = Guard("exactly-one", "the specification fits one rule and no other", (32,))
LOOPBACK = Guard("loopback-stays", "loopback's ACCEPT is never taken out", (37, 67))
OWNER = Guard("not-others", "rules that another program keeps are left to it", (29, 30))
OPENS = Guard("opens", "who takes out a DROP knows that it lets in what it kept out", (66,))


@dataclass(frozen=True, slots=True)
class Found:
    """The rule that is meant: its family, its chain (None: no such), its places there, and near ones."""

    family: Family
    table: str
    name: str
    chain: Chain | None
    at: tuple[int, ...]
    near: tuple[str, ...]

    @property
    def rule(self) -> Rule:
        """The one rule; only where it was found."""
        rules = self.chain.rules if self.chain is not None else ()
        return rules[self.at[0]]


def one(found: Found, given: Mapping[str, str]) -> Verdict:
    """Whether the specification fits one rule."""
    where = f"{found.table} {found.name} of {given['container']} ({found.family.label})"
    if found.chain is None:
        return ONE.refuse(f"there is no chain {where}; gbtui show firewall lists them")
    if given["chain"] not in {"INPUT", found.name}:
        return ONE.refuse(
            f"the rule is of chain {found.name}, chain={given['chain']} was given: leave one out"
        )
    if not found.at:
        near = f"; near it: {' · '.join(found.near)}" if found.near else ""
        return ONE.refuse(f"no rule of {where} says that, or no longer{near}")
    if len(found.at) > 1:
        places = ", ".join(str(number + 1) for number in found.at)
        return ONE.refuse(
            f"{len(found.at)} rules of {where} say exactly that ({places}): which one is meant cannot be said"
        )
    return ONE.allow(f"rule {found.at[0] + 1} of {where}, and no other")


def loopback(found: Found) -> Verdict:
    """Refused where loopback comes in by it."""
    if found.table != "filter":
        return LOOPBACK.allow(f"table {found.table} accepts nothing")
    six = found.family.name == "ip6"
    own = "::1" if six else "127.0.0.1"
    packet = Sample("tcp", "NEW", 6379, None, own, own, "lo")
    chains = found.family.running.chains
    path = way(chains, found.family.name, "INPUT", packet, hopeful=True)
    if accepts_loopback(found.rule) or (path.accepted and (found.name, found.at[0]) in path.path):
        return LOOPBACK.refuse(
            "loopback is accepted by it: services on 127.0.0.1 such as Valkey would time out"
        )
    return LOOPBACK.allow("loopback is accepted by another rule, or by none")


def owner(found: Found) -> Verdict:
    """Refused where fail2ban or LXD keeps it."""
    if is_others(found.name, found.rule.spec):
        return OWNER.refuse("fail2ban or LXD keeps it: gbtui apply bans.unban, or change the LXD network")
    if found.name.startswith("ufw"):
        return OWNER.warn(
            f"ufw keeps {found.name}, and brings the rule back at its next reload: ufw delete …"
        )
    return OWNER.allow("no other program keeps it")


def opens(found: Found) -> Verdict:
    """Whether it is one that keeps something out."""
    if keeps_out(found.rule):
        return OPENS.warn("what it kept out comes in from now on, unless another rule stops it")
    return OPENS.allow(f"it keeps nothing out: {_target(found.rule) or 'it only counts'}")


def keeps_out(rule: Rule) -> bool:
    """Whether it drops or refuses what it meets."""
    return _target(rule) in {"DROP", "REJECT"}


def _target(rule: Rule) -> str:
    return next((word for last, word in pairwise(words_of(rule.spec)) if last in {"-j", "-g"}), "")


def ssh(found: Found, people: tuple[Login, ...]) -> Verdict:
    """Refused where somebody's SSH goes through it, even if another rule would let it in afterwards."""
    chains = found.family.running.chains
    if found.table != "filter":
        return _redirects(found, people)
    through = lets_in(chains, people).get((found.family.name, (found.name, found.at[0])))
    if through is not None:
        return SSH.refuse(
            f"{through.words()} comes in by this very rule; let it in by another one placed before"
        )
    return stays(chains, without(chains, found), people)


def _redirects(found: Found, people: tuple[Login, ...]) -> Verdict:
    for login in people:
        packet = Sample("tcp", "NEW", login.port, None, login.peer)
        met, target = meets(found.rule.spec, packet)
        if met and target in {"DNAT", "REDIRECT"} and login.family == found.family.name:
            return SSH.refuse(f"{login.words()} is led by this rule to where it arrives")
    return SSH.allow(f"SSH is not led anywhere by it (table {found.table})")


def without(chains: tuple[Chain, ...], found: Found) -> tuple[Chain, ...]:
    """The chains as they are once the rule is gone."""

    def less(chain: Chain) -> Chain:
        if (chain.table, chain.chain) != (found.table, found.name):
            return chain
        kept = (rule for number, rule in enumerate(chain.rules) if number != found.at[0])
        return replace(chain, rules=tuple(kept))

    return tuple(map(less, chains))
