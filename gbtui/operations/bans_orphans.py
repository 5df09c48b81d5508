"""`bans.clear-orphans`: rules of fail2ban's chains and sets for addresses that no jail has (guide 29, 72).

They are left by a restart in the wrong moment, or by `unban --all` where a jail listed something that
is no address: fail2ban then shows nobody banned, and the packet filter goes on turning people away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.facts.bans_filter import Held, HeldList, Network, shown
from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.bans_look import held, keep_free, look_at, state_of
from gbtui.operations.bans_one import deletions
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import PLACE

MOST = 20
"""Addresses that one plan clears: each is looked at again before anything is done."""

ANSWERS = Guard(
    "fail2ban-answers", "fail2ban runs there: without its list every ban would look like an orphan", (29, 72)
)
SETTLED = Guard("no-ban-in-progress", "no ban is just being made: it was looked at twice", (29, 72))
ENTRIES = Guard("entries-are-addresses", "whoever clears knows what the jails list that is no address", (29,))


async def clear_orphans(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to delete every rule that no ban stands behind."""
    where = given["container"]
    title = f"Clear orphan rules of fail2ban in {where}"
    place = await look_at(context.host, where)
    if place.why:
        return assemble(CLEAR_ORPHANS, context, given, title, verdicts=(ANSWERS.refuse(place.why),))
    verdicts = [ANSWERS.allow(f"fail2ban of {where} answers; its jails: {', '.join(place.jails) or 'none'}")]
    seen = await held(context.host, where, *place.jails)
    found = orphans(seen)
    verdicts += _entries(seen)
    if not found:
        bans = sum(one.state == "listed" for one in seen.held)
        noop = f"nothing to clear: {bans} bans in {where}, and no rule without one"
        return assemble(CLEAR_ORPHANS, context, given, title, verdicts=verdicts, noop=noop)
    again = set(orphans(await held(context.host, where, *place.jails)))
    lasting = {group: rules for group, rules in _grouped(found).items() if again.issuperset(rules)}
    if not lasting:
        reason = f"{_shown(found)}: not so at a second look: a ban was being made or lifted"
        verdicts.append(SETTLED.refuse(f"{reason}; plan again"))
        return assemble(CLEAR_ORPHANS, context, given, title, verdicts=verdicts)
    verdicts.append(SETTLED.allow("without a ban at two looks"))
    chosen = list(lasting.values())[:MOST]
    free = await keep_free(context.host, [rules[0].network for rules in chosen])
    steps = _steps(where, seen, chosen, free)
    return assemble(
        CLEAR_ORPHANS,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, *_asked(where, chosen)),
        why=_why(chosen, len(lasting), place.jails),
        target=where,
        undo_warning="they are turned away again, and no jail will ever lift it",
    )


def orphans(seen: HeldList) -> tuple[Held, ...]:
    """Rules that no jail's list stands behind, and second ones of addresses that are listed once."""
    own: set[tuple[str, str, str]] = set()
    listed = {(one.jail, one.network) for one in seen.held if one.state == "listed"}
    found = []
    for one in seen.held:
        key = (one.jail, str(one.network), one.tool)
        if one.state == "listed":
            continue
        if (one.jail, one.network) in listed and key not in own:
            own.add(key)  # the first is the ban's own
        else:
            found.append(one)
    return tuple(found)


def _grouped(found: Sequence[Held]) -> dict[tuple[str, str], list[Held]]:
    groups: dict[tuple[str, str], list[Held]] = {}
    for one in found:
        groups.setdefault((one.jail, str(one.network)), []).append(one)
    return groups


def _steps(
    where: str, seen: HeldList, chosen: Sequence[Sequence[Held]], free: Mapping[Network, str]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    for rules in chosen:
        every = seen.of(rules[0].jail, rules[0].network)
        listed = any(one.state == "listed" for one in every)
        ruled = [one for one in every if one.state != "listed"]
        steps += deletions(where, ruled, keep=int(listed), no_undo=free.get(rules[0].network, ""))
    return tuple(steps)


def _asked(where: str, chosen: Sequence[Sequence[Held]]) -> list[tuple[str, Exec]]:
    return [
        (f"how {shown(one.network)} is held", state_of(where, one.jail, one.network))
        for one in (rules[0] for rules in chosen)
    ]


def _why(chosen: Sequence[Sequence[Held]], total: int, jails: Sequence[str]) -> str:
    said = f"turned away without a ban: {_shown([rules[0] for rules in chosen])}"
    gone = sorted({rules[0].jail for rules in chosen} - set(jails))
    if gone:
        said += f"; there is no jail {', '.join(gone)} any more"
    return said if total <= len(chosen) else f"{said}; {total - len(chosen)} more remain for the next time"


def _shown(found: Sequence[Held]) -> str:
    names = [f"{shown(one.network)} in {one.jail}" for one in found]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _entries(seen: HeldList) -> tuple[Verdict, ...]:
    if not seen.bogus:
        return ()
    names = ", ".join(f"{entry!r} in {jail}" for jail, entry in seen.bogus[:5])
    return (
        ENTRIES.warn(
            f"fail2ban lists what is no address: {names}. While it does, `unban --all` leaves rules behind; "
            "take it out with: fail2ban-client set JAIL unbanip ENTRY"
        ),
    )


CLEAR_ORPHANS = Operation(
    id="bans.clear-orphans",
    title="Clear orphan rules",
    summary="delete rules of fail2ban's chains and sets for addresses that no jail has banned",
    subject="bans",
    parameters=(PLACE,),
    guards=(ANSWERS, SETTLED, ENTRIES),
    danger=Danger.DISRUPTIVE,
    items=(29, 72),
    make=clear_orphans,
)
