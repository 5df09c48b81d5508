"""`firewall.save`: the rules that run, kept for the next boot, without fail2ban's and LXD's (item 34)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.errors import GbtuiError
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.firewall_saved import compare, is_others, saved_text
from gbtui.guard.plan import Danger, Plan, Step, Verdict
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rules as restored
from gbtui.operations.firewall_state import (
    BOOT,
    HOST,
    Family,
    Rules,
    boot,
    facts,
    own_text,
    read_rules,
    save_step,
    there,
)
from gbtui.operations.folders import make_folder
from gbtui.operations.parameters import PLACE
from gbtui.operations.running import RUNS
from gbtui.text import text

ITEMS = (34, 37)

RIGHT = Guard(
    "worth-saving", "rules that cut off loopback, or none at all, are not kept for the next boot", (32, 37)
)
UFW = Guard("ufw-keeps", "where ufw keeps the host's rules, a second copy of them is known to be one", (27,))
STRIPPED = Guard(
    "others-left-out", "fail2ban's and LXD's rules are not saved: they put them in themselves", (29,)
)


async def save(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to write the running rules of both families to the files for the next boot."""
    where = given["container"]
    title = f"Save the rules of {where}"
    verdicts = [*await there(context, where)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(SAVE, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    differ = tuple(family for family in seen.families if not _same(family))
    if not differ:
        noop = f"already so: what runs in {where} is what {' and '.join(f.path for f in _filed(seen))} holds"
        return assemble(SAVE, context, given, title, verdicts=verdicts, noop=noop)
    verdicts += [_right(seen), _ufw(seen), _stripped(differ)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(SAVE, context, given, title, verdicts=verdicts)
    steps = _steps(context, seen, differ)
    does = [restored(where, family.program, text(own_text(family))) for family in differ]
    scratch = await rehearse(context.host, where, does, context.profile.cache_port)
    verdicts += [_boot(seen, differ), _rehearsed(scratch, seen, differ)]
    return assemble(
        SAVE,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, *facts(seen)),
        why="; ".join(_difference(family) for family in differ),
        target=where,
        undo_warning=f"after a boot {where} has the rules that were saved before",
    )


def _filed(seen: Rules) -> Sequence[Family]:
    return [family for family in seen.families if family.file is not None] or [seen.ip]


def _same(family: Family) -> bool:
    """Whether the file holds the running rules and nobody else's; where nothing runs, no file is right."""
    if family.file is None:
        return not own_text(family)
    saved = parse_save(family.file, "file", family.name)
    if any(is_others(c.chain, r.spec) for c in saved.chains for r in c.rules):
        return False
    return compare(family.running, saved, family.path)[0].state == "same"


def _difference(family: Family) -> str:
    if family.file is None:
        return f"{family.path} does not exist: the {family.label} rules would be gone at the next boot"
    found, _ = compare(family.running, parse_save(family.file, "file", family.name), family.path)
    said = [f"{len(found.only_in_memory)} rules run that it does not hold"] if found.only_in_memory else []
    said += [f"it holds {len(found.only_in_file)} that do not run"] if found.only_in_file else []
    return f"{family.path}: {', '.join(said) or found.why or 'it holds rules of fail2ban or LXD'}"


def _steps(context: Context, seen: Rules, differ: Sequence[Family]) -> tuple[Step, ...]:
    folder = seen.ip.path.rpartition("/")[0]
    steps = [] if seen.folder else [make_folder(seen.where, folder)]
    steps += [save_step(context, seen, family, own_text(family), armed=False) for family in differ]
    return tuple(steps)


# Guards


def _right(seen: Rules) -> Verdict:
    for family in seen.families:
        marks, _ = loopback_marks(family.running.chains)
        if marks:
            hint = f"firewall.accept-loopback container={seen.where}" if seen.where != HOST else "repair them"
            return RIGHT.refuse(f"{marks[0].message}; first {hint}: saved, it would come back at every boot")
        if family.file is not None and not own_text(family) and b"\n-A " in family.file:
            return RIGHT.refuse(
                f"no {family.label} rule runs, {family.path} has some: firewall.restore-saved"
            )
    return RIGHT.allow("loopback passes")


def _ufw(seen: Rules) -> Verdict:
    if seen.ufw:
        return UFW.warn(
            "ufw brings its chains back by itself at boot; restored from here they are a second, older copy"
        )
    return UFW.allow("ufw keeps no rules here")


def _stripped(differ: Sequence[Family]) -> Verdict:
    rules = [(c.chain, r.spec) for f in differ for c in f.running.chains for r in c.rules]
    left = sum(is_others(chain, spec) for chain, spec in rules)
    return STRIPPED.allow(f"{left} rules of fail2ban and LXD are left out of {len(rules)}")


def _boot(seen: Rules, differ: Sequence[Family]) -> Verdict:
    lost = [family.path for family in differ if not family.restores]
    if lost:
        return BOOT.warn(
            f"nothing restores {' and '.join(lost)} at boot: saved, and not in force after a reboot"
        )
    return boot(seen, tuple(differ)) if seen.folder else BOOT.allow("restored at boot")


def _rehearsed(scratch: Rehearsal, seen: Rules, differ: Sequence[Family]) -> Verdict:
    wrong = ""
    if scratch.state == "rehearsed":
        for family in differ:
            if _kept(scratch, family) != own_text(family):
                wrong = (
                    wrong or f"what would be saved restores to other {family.label} rules than those that run"
                )
    proved = "what is saved restores to the rules that run"
    return rehearsed(scratch, seen.where, proved=proved, wrong=wrong, loopback=True)


def _kept(scratch: Rehearsal, family: Family) -> bytes:
    try:
        return saved_text(scratch.after.get(family.name, b""))
    except GbtuiError as error:
        return str(error).encode()


SAVE = Operation(
    id="firewall.save",
    title="Save the rules",
    summary="write the rules that run to rules.v4 and rules.v6, without fail2ban's and LXD's, with a backup",
    subject="firewall",
    parameters=(PLACE,),
    guards=(RUNS, RIGHT, UFW, STRIPPED, BOOT, REHEARSED),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=save,
)
