"""An undo that changes rules is tried in a scratch namespace, and nobody's SSH goes with it (items 33, 37).

What it may cut off inside a container is loopback, when that was cut off before the operation: that is
what is undone, so it is a warning, to be acknowledged by name. On the host it is a refusal.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gbtui.facts.firewall_boot import path6
from gbtui.guard.plan import Action, Exec, Plan, Reliance, Replace, Verdict
from gbtui.guard.preview import place
from gbtui.guard.undo import Judged
from gbtui.operations.assemble import relying
from gbtui.operations.base import Context
from gbtui.operations.firewall_delete_guards import LOOPBACK
from gbtui.operations.firewall_host import DEFAULTS
from gbtui.operations.firewall_lxd_unit import read_unit
from gbtui.operations.firewall_operator import SSH, logins, stays
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse, verdict
from gbtui.operations.firewall_scripts import rules as restored
from gbtui.operations.firewall_scripts import ufw_with
from gbtui.operations.firewall_state import HOST, Rules, facts, read_rules, there
from gbtui.text import text

GUARDS = (REHEARSED, LOOPBACK, SSH)
PROGRAMS = ("iptables", "ip6tables")
_SCRIPTS = ("gbtui-rules", "gbtui-rules-around")
_ACCEPT = ("INPUT", "-i", "lo", "-j", "ACCEPT")


async def judge(context: Context, turned: Plan) -> Judged:
    """What the guards say of every place whose rules the undo would change. Raises what its looks raise."""
    actions = [step.does for step in turned.steps]
    places = dict.fromkeys(place(action) for action in actions if _is_firewall(context, action))
    verdicts: list[Verdict] = []
    relies_on: list[Reliance] = []
    for where in places:
        runs = await there(context, where)
        verdicts += runs
        if any(one.verdict == "refuse" for one in runs):
            continue
        seen = await read_rules(context, where)
        does = await _tried(context, seen, [one for one in actions if place(one) == where])
        if does:
            scratch = await rehearse(context.host, where, does, context.profile.cache_port)
            verdicts += await _verdicts(context, seen, scratch, does)
            relies_on += await relying(context, *facts(seen))
    return Judged(tuple(verdicts), tuple(relies_on))


def _is_firewall(context: Context, action: Action) -> bool:
    if isinstance(action, Replace):
        saved = context.profile.saved_rules
        return action.path in (saved, path6(saved), DEFAULTS)
    return isinstance(action, Exec) and (_changes(action) or _stops(context, action))


def _changes(run: Exec) -> bool:
    """Whether it changes rules by itself; fail2ban's chains are its own, and judged as bans."""
    argv = run.argv
    if argv[0] in PROGRAMS:
        return not any(word.startswith("f2b-") for word in argv)
    return argv[:2] == ("sh", "-c") and len(argv) > 3 and argv[3] in _SCRIPTS


def _stops(context: Context, run: Exec) -> bool:
    return run.argv == ("systemctl", "stop", context.profile.forward_unit)


# What is tried


async def _tried(context: Context, seen: Rules, actions: Sequence[Action]) -> tuple[Exec, ...]:
    """The commands on the rules that run; where there are none, the files, as they are loaded at boot."""
    does: list[Exec] = []
    for action in actions:
        if isinstance(action, Exec) and _stops(context, action):
            does += await _stopping(context, seen)
        elif isinstance(action, Exec) and _changes(action):
            does.append(action)
    return tuple(does or dict.fromkeys(one for action in actions for one in _loaded(context, seen, action)))


async def _stopping(context: Context, seen: Rules) -> list[Exec]:
    """What the unit takes out when it stops, of the rules that are there."""
    there_now = {
        (family.program, rule.spec) for family in seen.families for rule in family.rules("filter", "FORWARD")
    }
    does = []
    for line in text((await read_unit(context)).text or b"").splitlines():
        words = shlex.split(line.partition("=")[2].lstrip("-")) if line.startswith("ExecStop=") else []
        program = words[0].rpartition("/")[2] if words else ""
        if program in PROGRAMS and (program, " ".join(words[words.index("FORWARD") + 1 :])) in there_now:
            does.append(Exec(HOST, (program, *words[1:])))
    return does


def _loaded(context: Context, seen: Rules, action: Action) -> Iterator[Exec]:
    if not isinstance(action, Replace):
        return
    if action.path == DEFAULTS:
        if seen.ufw:
            yield ufw_with(action.after)
        return
    for family in seen.families:
        if action.path == family.path:
            yield restored(seen.where, family.program, text(action.after))


# What came of it


async def _verdicts(context: Context, seen: Rules, scratch: Rehearsal, does: Sequence[Exec]) -> list[Verdict]:
    before = [family.running for family in seen.families]
    said = [_rehearsed(seen, scratch, does)]
    if said[0].guard == LOOPBACK.id:
        said.append(REHEARSED.allow(f"in a scratch namespace of {seen.where}: it goes through"))
    if seen.where == HOST:
        now = tuple(chain for tables in before for chain in tables.chains)
        then = tuple(chain for family in seen.families for chain in scratch.tables(family.name).chains)
        known = scratch.state == "rehearsed"
        said.append(stays(now, then if known else now, await logins(context.host)))
    elif scratch.state == "impossible" and any(_takes_out(run) for run in does):
        said.append(_cut_off("its ACCEPT is taken out, and nothing tells whether another rule has it"))
    return said


def _rehearsed(seen: Rules, scratch: Rehearsal, does: Sequence[Exec]) -> Verdict:
    before = [family.running for family in seen.families]
    said = verdict(scratch, seen.where, proved="the rules of before stand again", before=before)
    if said.verdict == "refuse" and scratch.state == "rehearsed" and seen.where != HOST:
        return _cut_off(said.reason.partition(": ")[2].removesuffix("; nothing was changed"))
    return said


def _takes_out(run: Exec) -> bool:
    return "-D" in run.argv and run.argv[-len(_ACCEPT) :] == _ACCEPT


def _cut_off(how: str) -> Verdict:
    """What the operation had put right goes wrong again, and the operator has to want it."""
    return LOOPBACK.warn(
        f"{how}: services on 127.0.0.1 such as Valkey time out again, as before the operation; "
        "leave it done, unless that is what is wanted"
    )
