"""`firewall.restore-saved`: the saved rules in force again, fail2ban's and LXD's left alone (item 34)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gbtui.facts.firewall_edit import back, batch, others_of, own_lines
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_saved import is_others
from gbtui.facts.firewall_types import Chain
from gbtui.guard.plan import Danger, Plan, Probe, Step, Verdict, Wait
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.firewall_closed import CLOSES, Closed, closed
from gbtui.operations.firewall_operator import SSH, logins, stays
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import own, rule_there, rules_around
from gbtui.operations.firewall_state import HOST, Family, Rules, facts, read_rules, there
from gbtui.operations.parameters import PLACE
from gbtui.operations.running import RUNS
from gbtui.text import text

ITEMS = (34, 37)
LONGEST = 100_000
"""Bytes: more does not fit into one argument of a program."""

SAVED = Guard("saved-whole", "there is a saved file, and all of it is understood", (34,))
OTHERS = Guard("others-stay", "fail2ban's bans and LXD's rules stay in force", (29, 30))


@dataclass(frozen=True, slots=True)
class Change:
    """One family's way from the running rules to the saved ones. `after` is how they will read."""

    family: Family
    saved: Tables
    forward: str
    after: Tables
    backward: str

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it touches."""
        return tuple(dict.fromkeys(chain.table for chain in self.saved.chains))

    def digest(self, tables: Tables) -> str:
        """What `gbtui-own` says of `tables`."""
        rows = [row for table in self.tables for row in (table, *own_lines(tables, table))]
        return hashlib.sha256("".join(f"{row}\n" for row in rows).encode()).hexdigest()


async def restore_saved(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to put the saved rules in place of the running ones, where they differ."""
    where = given["container"]
    title = f"Restore the saved rules of {where}"
    verdicts = [*await there(context, where)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(RESTORE, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    filed = tuple(family for family in seen.families if family.file is not None)
    verdicts.append(_saved(seen, filed))
    if verdicts[-1].verdict == "refuse":
        return assemble(RESTORE, context, given, title, verdicts=verdicts)
    forward = {f.name: batch(_tables(f), f.running) for f in filed}
    does = [rules_around(where, f.program, forward[f.name]) for f in filed]
    scratch = await rehearse(context.host, where, does, context.profile.cache_port)
    changes = [_change(f, forward[f.name], scratch) for f in filed]
    changes = [one for one in changes if one.digest(one.family.running) != one.digest(one.after)]
    if not changes and scratch.state != "failed":
        noop = (
            f"already so: the rules that {' and '.join(f.path for f in filed)} holds are in force in {where}"
        )
        return assemble(RESTORE, context, given, title, verdicts=verdicts, noop=noop)
    verdicts += [_others(changes), _rehearsed(scratch, where, changes)]
    if where == HOST:
        verdicts.append(await _ssh(context, seen, changes))
    lost = await _closed(context, seen, changes)
    verdicts.append(lost.verdict)
    steps = tuple(_step(where, one) for one in changes)
    refused = any(v.verdict == "refuse" for v in verdicts)
    return assemble(
        RESTORE,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=() if refused else steps,
        verify=() if refused else (*proofs(steps), *_verify(where, changes)),
        relies_on=() if refused else await relying(context, *facts(seen)),
        why=_why(seen, changes),
        dark=() if refused else lost.dark,
        target=where,
        undo_warning="the rules that ran before come back",
    )


def _tables(family: Family) -> Tables:
    return parse_save(
        family.file or b"", family.running.chains[0].where if family.running.chains else "", family.name
    )


def _change(family: Family, forward: str, scratch: Rehearsal) -> Change:
    """As the kernel then has them; where that was not rehearsed, as the batch reads."""
    saved = _tables(family)
    after = scratch.tables(family.name)
    if scratch.state != "rehearsed":
        after = parse_save(_declared(forward, family).encode(), family.path, family.name)
    return Change(family, saved, forward, after, batch(back(family.running, saved), after))


def _declared(forward: str, family: Family) -> str:
    """The batch as iptables-save would print what it makes, with fail2ban's chains as they are."""
    rows = [row for row in forward.splitlines() if not row.startswith(("-F ", "-X "))]
    theirs = [c for c in family.running.chains if is_others(c.chain, "") and c.table == "filter"]
    more = [f":{c.chain} - [0:0]" for c in theirs]
    more += [f"-A {c.chain} {r.spec}".rstrip() for c in theirs for r in c.rules]
    at = rows.index("*filter") + 1 if "*filter" in rows else 0
    return "\n".join([*rows[:at], *(more if at else []), *rows[at:], ""])


def _step(where: str, one: Change) -> Step:
    family = one.family
    expected = one.digest(one.after)
    title = f"the {family.label} rules are those of {family.path}"
    return Step(
        title=f"Put the rules of {family.path} in force ({family.label})",
        does=rules_around(where, family.program, one.forward),
        done=Probe(title, own(where, family.program, one.tables), "stdout", expected),
        undo=(rules_around(where, family.program, one.backward),),
        armed=True,
    )


def _verify(where: str, changes: Sequence[Change]) -> tuple[Wait, ...]:
    """fail2ban's and LXD's rules are where they were."""
    probes = []
    for one in changes:
        for chain in one.family.running.chains:
            if chain.table in one.tables and not is_others(chain.chain, ""):
                for spec in dict.fromkeys(others_of(chain)):
                    count = others_of(chain).count(spec)
                    program = one.family.program
                    probes.append(rule_there(where, program, chain.chain, spec, count, table=chain.table))
    return tuple(Wait(probe, 10.0) for probe in probes)


def _why(seen: Rules, changes: Sequence[Change]) -> str:
    said = [f"the {one.family.label} rules that run are not those of {one.family.path}" for one in changes]
    unfiled = [family.label for family in seen.families if family.file is None]
    said += [f"{' and '.join(unfiled)}: nothing is saved, left as it is"] if unfiled else []
    return "; ".join(said)


# Guards


def _saved(seen: Rules, filed: Sequence[Family]) -> Verdict:
    if not filed:
        hint = f"gbtui apply firewall.save container={seen.where}"
        return SAVED.refuse(f"{seen.where} has no {seen.ip.path}: nothing is saved ({hint})")
    for family in filed:
        tables, data = _tables(family), family.file or b""
        if tables.malformed or not tables.whole or not tables.chains:
            return SAVED.refuse(f"{family.path} is not whole: {tables.malformed} lines of it are not rules")
        if text(data).encode() != data or len(data) > LONGEST:
            return SAVED.refuse(
                f"{family.path} has characters that are no text, or is too long: restore it by hand"
            )
    return SAVED.allow(" and ".join(family.path for family in filed))


def _others(changes: Sequence[Change]) -> Verdict:
    count = sum(
        is_others(chain.chain, rule.spec)
        for one in changes
        for chain in one.family.running.chains
        for rule in chain.rules
    )
    return OTHERS.allow(f"{count} rules of fail2ban and LXD are not touched")


def _theirs(tables: Tables) -> list[tuple[str, str, str]]:
    rules = ((c, r.spec) for c in tables.chains for r in c.rules if is_others(c.chain, r.spec))
    return sorted((chain.table, chain.chain, spec) for chain, spec in rules)


def _rehearsed(scratch: Rehearsal, where: str, changes: Sequence[Change]) -> Verdict:
    wrong = ""
    for one in changes if scratch.state == "rehearsed" else ():
        if _theirs(one.after) != _theirs(one.family.running):
            wrong = f"rules of fail2ban or LXD would be lost ({one.family.label})"
    proved = "the saved rules are in force, and fail2ban's and LXD's with them"
    return rehearsed(scratch, where, proved=proved, wrong=wrong, loopback=True)


async def _ssh(context: Context, seen: Rules, changes: Sequence[Change]) -> Verdict:
    now, then = _both(seen, changes)
    return stays(now, then, await logins(context.host))


async def _closed(context: Context, seen: Rules, changes: Sequence[Change]) -> Closed:
    now, then = _both(seen, changes)
    return await closed(context, seen.where, now, then)


def _both(seen: Rules, changes: Sequence[Change]) -> tuple[tuple[Chain, ...], tuple[Chain, ...]]:
    """All chains as they are, and as they will be."""
    now = {family.name: family.running for family in seen.families}
    return _chains(now), _chains(now | {one.family.name: _whole(one) for one in changes})


def _whole(one: Change) -> Tables:
    """As they will be, with the tables that the file says nothing of as they are."""
    kept = [chain for chain in one.family.running.chains if chain.table not in one.tables]
    return replace(one.after, chains=(*(c for c in one.after.chains if c.table in one.tables), *kept))


def _chains(by_family: Mapping[str, Tables]) -> tuple[Chain, ...]:
    return tuple(chain for tables in by_family.values() for chain in tables.chains)


RESTORE = Operation(
    id="firewall.restore-saved",
    title="Restore the saved rules",
    summary="put the saved rules in place of those that run, without touching fail2ban's and LXD's own",
    subject="firewall",
    parameters=(PLACE,),
    guards=(RUNS, SAVED, OTHERS, REHEARSED, SSH, CLOSES),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=restore_saved,
)
