"""`bans.unban`: lifted until neither fail2ban nor the packet filter holds the address (guide 29, 30, 72)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.bans_filter import shown
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_special import overlapping
from gbtui.guard.plan import Danger, Plan, Step, Wait
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.bans_address import ADDRESS, JAIL_NAME
from gbtui.operations.bans_look import held, keep_free, look_at
from gbtui.operations.bans_one import JAIL, SETTLES, Look, asked, deletions, judge_jail, network_of
from gbtui.operations.base import Context, Operation
from gbtui.operations.parameters import PLACE


async def unban(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to lift one ban, with every rule that the packet filter has for it."""
    where, jail, network = given["container"], given["jail"], network_of(given)
    title = f"Unban {shown(network)} in {jail} of {where}"
    place = await look_at(context.host, where)
    verdicts = [judge_jail(place, jail)]
    if verdicts[0].verdict == "refuse":
        return assemble(UNBAN, context, given, title, verdicts=verdicts)
    seen = Look(where, jail, network, await held(context.host, where, *place.jails))
    if not seen.held:
        return assemble(UNBAN, context, given, title, verdicts=verdicts, noop=_free(seen))
    free = await keep_free(context.host, (network,))
    steps = _unban_steps(seen, free.get(network, ""))
    return assemble(
        UNBAN,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(Wait(seen.free(), SETTLES),),
        relies_on=await relying(context, asked(seen)),
        why=_why_unban(seen),
        target=shown(network),
        undo_warning=f"{shown(network)} is banned anew, for the whole ban time",
    )


def _free(seen: Look) -> str:
    said = f"nothing to do: {seen.jail} of {seen.where} does not list {shown(seen.network)}, nor does a rule"
    near = [
        one
        for one in seen.all.held
        if one.network.version == seen.network.version and overlapping(seen.network, (Own(one.network, ""),))
    ]
    if near:
        others = dict.fromkeys(f"{shown(one.network)} in {one.jail}" for one in near)
        said += f"; held is {', '.join(others)}"
    return said


def _why_unban(seen: Look) -> str:
    if not seen.listed:
        return f"no jail lists it, and the packet filter turns it away all the same ({seen.rules[0].tool})"
    if not seen.rules:
        return f"{seen.jail} lists it; the packet filter has no rule for it"
    tools = ", ".join(dict.fromkeys(one.tool for one in seen.rules))
    return f"{seen.jail} lists it, and {tools} turns it away"


def _unban_steps(seen: Look, no_undo: str) -> tuple[Step, ...]:
    """Rules beyond fail2ban's own one first, by their specification; then fail2ban's."""
    steps = deletions(seen.where, seen.rules, keep=int(seen.listed), no_undo=no_undo)
    if not seen.listed:
        return steps
    back = () if no_undo else (seen.do("banip"),)
    title = f"Unban {shown(seen.network)} in {seen.jail}"
    lift = Step(title, seen.do("unbanip"), seen.free(), back, no_undo)
    return (*steps, lift, Step("Wait for the packet filter", Wait(seen.free(), SETTLES)))


UNBAN = Operation(
    id="bans.unban",
    title="Unban an address",
    summary="lift a ban in a jail of the host or a container until the packet filter has no rule left for it",
    subject="bans",
    parameters=(PLACE, JAIL_NAME, ADDRESS),
    guards=(JAIL,),
    danger=Danger.DISRUPTIVE,
    items=(29, 30, 72),
    make=unban,
)
