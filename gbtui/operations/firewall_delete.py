"""`firewall.delete-rule`: one rule taken out, by what it says and never by its number (items 32, 37)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise

from gbtui.facts.firewall_edit import without_rule
from gbtui.facts.firewall_match import words_of
from gbtui.facts.firewall_parse import parse_save
from gbtui.guard.plan import Danger, Exec, Plan, Step
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Operation, Parameter
from gbtui.operations.firewall_closed import CLOSES, closed
from gbtui.operations.firewall_delete_guards import (
    LOOPBACK,
    ONE,
    OPENS,
    OWNER,
    Found,
    keeps_out,
    loopback,
    one,
    opens,
    owner,
    ssh,
    without,
)
from gbtui.operations.firewall_operator import SSH, logins
from gbtui.operations.firewall_rehearse import REHEARSED, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rule_there
from gbtui.operations.firewall_state import HOST, Rules, facts, read_rules, save_step, there
from gbtui.operations.parameters import PLACE
from gbtui.operations.running import RUNS

ITEMS = (32, 33, 37, 66, 67)
TABLES = ("filter", "nat", "mangle", "raw", "security")
_CHAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,27}")
_PLAIN = re.compile(r"[ -~]{4,512}")
_FIRST = {"-s", "-d", "-i", "-o", "-p", "-m", "-j", "-g", "-f", "!", "-A"}


def _rule(value: str) -> str:
    if not _PLAIN.fullmatch(value):
        return "not a rule in plain characters"
    words = words_of(value)
    if len(words) < 2 or words[0] not in _FIRST:
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


async def delete_rule(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to delete one rule, running and saved."""
    where = given["container"]
    title = f"Delete a rule of {where}"
    verdicts = [*await there(context, where)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    found = _find(seen, given)
    verdicts.append(one(found, given))
    if verdicts[-1].verdict == "refuse":
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    people = await logins(context.host) if where == HOST else ()
    verdicts += [loopback(found), owner(found), opens(found)]
    if where == HOST:
        verdicts.append(ssh(found, people))
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DELETE_RULE, context, given, title, verdicts=verdicts)
    steps = _steps(context, seen, found)
    does = [step.does for step in steps if isinstance(step.does, Exec)]
    scratch = await rehearse(context.host, where, does, context.profile.cache_port)
    line = f"-A {found.name} {found.rule.spec}"
    proved = f"{line} is gone, the rest stands"
    verdicts.append(rehearsed(scratch, where, proved=proved, before=[f.running for f in seen.families]))
    chains = found.family.running.chains
    lost = await closed(context, where, chains, without(chains, found))
    verdicts.append(lost.verdict)
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
        dark=lost.dark,
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
            undo_dark=(f"what '{spec}' keeps out of {seen.where}",) if keeps_out(found.rule) else (),
        )
    ]
    file = found.family.file
    after = _unsaved(file, found) if file is not None else None
    if after is not None and after != file:
        steps.append(save_step(context, seen, found.family, after))
    return tuple(steps)


def _unsaved(file: bytes, found: Found) -> bytes:
    """The saved file without the rule, also where somebody has written it without `-m tcp`."""
    for chain in parse_save(file, "file", found.family.name).chains:
        if (chain.table, chain.chain) == (found.table, found.name):
            for rule in chain.rules:
                if _bare(rule.spec) == _bare(found.rule.spec):
                    file = without_rule(file, found.table, found.name, rule.spec)
    return file


def _bare(spec: str) -> list[str]:
    """The words of a rule but the matches that `-p` brings by itself."""
    words = words_of(spec)
    implied = {n for n, (a, b) in enumerate(pairwise(words)) if a == "-m" and b in {"tcp", "udp"}}
    return [word for number, word in enumerate(words) if not {number, number - 1} & implied]


DELETE_RULE = Operation(
    id="firewall.delete-rule",
    title="Delete a rule",
    summary="take one rule out of the running and the saved rules, by what it says and never by its number",
    subject="firewall",
    parameters=(PLACE, RULE, CHAIN, TABLE, FAMILY),
    guards=(RUNS, ONE, LOOPBACK, OWNER, OPENS, SSH, REHEARSED, CLOSES),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=delete_rule,
)
