"""`firewall.delete-rule`: one rule taken out, by what it says and never by its number (items 32, 37)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise

from gbtui.facts.firewall_edit import without_rule
from gbtui.facts.firewall_match import words_of
from gbtui.facts.firewall_reach import Sample, meets, way
from gbtui.facts.firewall_saved import is_others
from gbtui.facts.firewall_ssh import Login, lets_in
from gbtui.facts.firewall_types import Chain, Rule
from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.firewall_look import accepts_loopback
from gbtui.operations.firewall_operator import SSH, logins, stays
from gbtui.operations.firewall_rehearse import REHEARSED, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rule_there
from gbtui.operations.firewall_state import HOST, Family, Rules, facts, read_rules, save_step, there
from gbtui.operations.parameters import PLACE
from gbtui.operations.running import RUNS

ITEMS = (32, 33, 37, 66, 67)
TABLES = ("filter", "nat", "mangle", "raw", "security")
_CHAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,27}")
_PLAIN = re.compile(r"[ -~]{4,512}")
_FIRST = {"-s", "-d", "-i", "-o", "-p", "-m", "-j", "-g", "-f", "!", "-A"}

ONE = Guard("exactly-one", "the specification fits one rule and no other", (32,))
LOOPBACK = Guard("loopback-stays", "loopback's ACCEPT is never taken out", (37, 67))
OWNER = Guard("not-others", "rules that another program keeps are left to it", (29, 30))
OPENS = Guard("opens", "who takes out a DROP knows that it lets in what it kept out", (66,))


def _rule(value: str) -> str:
    if not _PLAIN.fullmatch(value):
        return "not a rule in plain characters"
    words = words_of(value)
    if words[0] not in _FIRST or len(words) < 2:
        return "it does not begin as a rule does"
    return ""


def _chain(value: str) -> str:
    return "" if _CHAIN.fullmatch(value) else "not a chain's name"


RULE = Parameter(
    "rule", "a rule as iptables -S shows it, such as '-p tcp -m tcp --dport 9000 -j DROP'", _rule
)
CHAIN = Parameter("chain", "NAME of a chain, such as INPUT", _chain, "INPUT")
TABLE = Parameter(
    "table", " or ".join(TABLES), lambda value: "" if value in TABLES else "no such table", "filter"
)
FAMILY = Parameter(
    "family", "ip or ip6", lambda value: "" if value in ("ip", "ip6") else "no such family", "ip"
)


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


async def delete_rule(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to delete one rule, running and saved."""
    where = given["container"]
    title = f"Delete a rule of {where}"
    verdicts = [*await there(context, where)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    found = _find(seen, given)
    verdicts.append(_one(found, given))
    if verdicts[-1].verdict == "refuse":
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    people = await logins(context.host) if where == HOST else ()
    verdicts += [_loopback(found), _owner(found), _opens(found)]
    if where == HOST:
        verdicts.append(_ssh(found, people))
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    steps = _steps(context, seen, found)
    does = [step.does for step in steps if isinstance(step.does, Exec)]
    scratch = await rehearse(context.host, where, does, context.profile.cache_port)
    line = f"-A {found.name} {found.rule.spec}"
    proved = f"{line} is gone, the rest stands"
    verdicts.append(rehearsed(scratch, where, proved=proved, before=[f.running for f in seen.families]))
    return assemble(
        DELETE_RULE,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, *facts(seen)),
        why=f"{line}: {found.rule.packets or 0} packets so far" if found.rule.packets is not None else line,
        target=where,
        undo_warning=f"{line} stands again as rule {found.at[0] + 1} of {found.name}",
    )


def _find(seen: Rules, given: Mapping[str, str]) -> Found:
    family = seen.ip if given["family"] == "ip" else seen.ip6
    words, name = words_of(given["rule"]), given["chain"]
    if words[0] == "-A":
        name, words = words[1], words[2:]
    chain = family.chain(given["table"], name)
    rules = chain.rules if chain is not None else ()
    at = tuple(number for number, rule in enumerate(rules) if words_of(rule.spec) == words)
    near = get_close_matches(" ".join(words), [rule.spec for rule in rules], n=2, cutoff=0.5)
    return Found(family, given["table"], name, chain, at, tuple(near))


def _steps(context: Context, seen: Rules, found: Found) -> tuple[Step, ...]:
    spec, number = found.rule.spec, str(found.at[0] + 1)
    words = tuple(words_of(spec))
    head = (found.family.program, "-w", "-t", found.table)
    steps = [
        Step(
            title=f"Delete the rule from {found.name} ({found.family.label})",
            does=Exec(seen.where, (*head, "-D", found.name, *words)),
            done=rule_there(seen.where, found.family.program, found.name, spec, 0, table=found.table),
            undo=(Exec(seen.where, (*head, "-I", found.name, number, *words)),),
            armed=True,
        )
    ]
    file = found.family.file
    after = without_rule(file, found.table, found.name, spec) if file is not None else None
    if after is not None and after != file:
        steps.append(save_step(context, seen, found.family, after))
    return tuple(steps)


# Guards


def _one(found: Found, given: Mapping[str, str]) -> Verdict:
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


def _loopback(found: Found) -> Verdict:
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


def _owner(found: Found) -> Verdict:
    if is_others(found.name, found.rule.spec):
        return OWNER.refuse("fail2ban or LXD keeps it: gbtui apply bans.unban, or change the LXD network")
    if found.name.startswith("ufw"):
        return OWNER.warn(
            f"ufw keeps {found.name}, and brings the rule back at its next reload: ufw delete …"
        )
    return OWNER.allow("no other program keeps it")


def _opens(found: Found) -> Verdict:
    target = next((w for last, w in pairwise(words_of(found.rule.spec)) if last in {"-j", "-g"}), "")
    if target in {"DROP", "REJECT"}:
        return OPENS.warn("what it kept out comes in from now on, unless another rule stops it")
    return OPENS.allow(f"it keeps nothing out: {target or 'it only counts'}")


def _ssh(found: Found, people: tuple[Login, ...]) -> Verdict:
    """Refused where somebody's SSH goes through it, even if another rule would let it in afterwards."""
    chains = found.family.running.chains
    if found.table != "filter":
        return _redirects(found, people)
    through = lets_in(chains, people).get((found.family.name, (found.name, found.at[0])))
    if through is not None:
        return SSH.refuse(
            f"{through.words()} comes in by this very rule; let it in by another one placed before"
        )
    return stays(chains, _without(chains, found), people)


def _redirects(found: Found, people: tuple[Login, ...]) -> Verdict:
    for login in people:
        packet = Sample("tcp", "NEW", login.port, None, login.peer)
        met, target = meets(found.rule.spec, packet)
        if met and target in {"DNAT", "REDIRECT"} and login.family == found.family.name:
            return SSH.refuse(f"{login.words()} is led by this rule to where it arrives")
    return SSH.allow(f"SSH is not led anywhere by it (table {found.table})")


def _without(chains: tuple[Chain, ...], found: Found) -> tuple[Chain, ...]:
    def less(chain: Chain) -> Chain:
        if (chain.table, chain.chain) != (found.table, found.name):
            return chain
        kept = (rule for number, rule in enumerate(chain.rules) if number != found.at[0])
        return replace(chain, rules=tuple(kept))

    return tuple(map(less, chains))


DELETE_RULE = Operation(
    id="firewall.delete-rule",
    title="Delete a rule",
    summary="take one rule out of the running and the saved rules, by what it says and never by its number",
    subject="firewall",
    parameters=(PLACE, RULE, CHAIN, TABLE, FAMILY),
    guards=(RUNS, ONE, LOOPBACK, OWNER, OPENS, SSH, REHEARSED),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=delete_rule,
)
