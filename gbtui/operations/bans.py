"""`bans.ban`: judged here, proven in the packet filter; and all operations on bans (guide 29, 30, 72, 74)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.bans_filter import Network, shown
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_special import overlapping
from gbtui.guard.plan import Danger, Plan, Step, Verdict, Wait
from gbtui.operations import bans_address
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.bans_address import ADDRESS, JAIL_NAME, judge_address
from gbtui.operations.bans_install import INSTALL_FLOOD, INSTALL_MAIL
from gbtui.operations.bans_look import Place, about_jail, client, held, look_at, never
from gbtui.operations.bans_one import JAIL, SETTLES, Look, asked, judge_jail, network_of
from gbtui.operations.bans_orphans import CLEAR_ORPHANS
from gbtui.operations.bans_unban import UNBAN
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import PLACE
from gbtui.operations.peers import peers

IGNORED = Guard("never-banned", "nobody is banned whom the jail is told never to ban", (29, 72))
REACHES = Guard("address-arrives", "clients' addresses reach the place where the ban is", (23, 72))
ORPHAN = Guard("no-orphan-rule", "no rule without a ban is in the way", (29, 72))


async def ban(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to ban one address in one jail."""
    where, jail, network = given["container"], given["jail"], network_of(given)
    title = f"Ban {shown(network)} in {jail} of {where}"
    place = await look_at(context.host, where)
    verdicts = [judge_jail(place, jail)]
    if verdicts[0].verdict == "refuse":
        return assemble(BAN, context, given, title, verdicts=verdicts)
    ignored, lasts = await about_jail(context.host, where, jail)
    seen = Look(where, jail, network, await held(context.host, where, jail))
    own, people = await never(context.host)
    verdicts += [*judge_address(network, own, people), judge_ignored(network, ignored, jail)]
    verdicts += [_orphan(seen), *_reaches(place)]
    if seen.listed and seen.blocked:
        noop = f"already so: {jail} lists {shown(network)}, and the packet filter turns it away"
        return assemble(BAN, context, given, title, verdicts=verdicts, noop=noop)
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(BAN, context, given, title, verdicts=verdicts)
    steps = _ban_steps(seen)
    why = f"for {lasts}, the ban time of {jail}"
    if seen.listed:
        why = f"{jail} lists it, and the packet filter lets it through: banned anew, {why}"
    return assemble(
        BAN,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(Wait(seen.dropped(), SETTLES),),
        relies_on=await relying(
            context, asked(seen), ("never banned", client(where, "get", jail, "ignoreip")), peers()
        ),
        why=why,
        target=shown(network),
        undo_warning=f"{shown(network)} can reach {where} again",
    )


def _ban_steps(seen: Look) -> tuple[Step, ...]:
    address = shown(seen.network)
    lift = Step(
        f"Lift the ban of {address} that blocks nothing", seen.do("unbanip"), undo=(seen.do("banip"),)
    )
    place = Step(f"Ban {address} in {seen.jail}", seen.do("banip"), seen.taken(), (seen.do("unbanip"),))
    wait = Step("Wait for the packet filter", Wait(seen.dropped(), SETTLES))
    return (*((lift,) if seen.listed else ()), place, wait)


def judge_ignored(network: Network, ignored: tuple[Own, ...], jail: str) -> Verdict:
    """Whether the jail is told never to ban it."""
    found = overlapping(network, ignored)
    if found is not None:
        return IGNORED.refuse(
            f"{jail} is told never to ban {found.network} (ignoreip); take that back first: "
            f"fail2ban-client set {jail} delignoreip {shown(found.network)}"
        )
    return IGNORED.allow(f"not in {jail}'s ignoreip")


def _orphan(seen: Look) -> Verdict:
    if seen.rules and not seen.listed:
        return ORPHAN.refuse(
            f"the packet filter holds {shown(seen.network)} without a ban ({seen.rules[0].tool}): "
            "banning now would leave that rule behind for ever; bans.clear-orphans takes it away"
        )
    return ORPHAN.allow("no rule without a ban")


def _reaches(place: Place) -> tuple[Verdict, ...]:
    if not place.devices:
        return ()
    return (
        REACHES.warn(
            f"clients who come through LXD's proxy devices ({', '.join(place.devices)}) arrive in "
            f"{place.where} as 127.0.0.1: this ban does not stop them (a jail of the host does, or nat=true)"
        ),
    )


BAN = Operation(
    id="bans.ban",
    title="Ban an address",
    summary="ban an address in a jail of the host or a container, proven in the packet filter",
    subject="bans",
    parameters=(PLACE, JAIL_NAME, ADDRESS),
    guards=(JAIL, *bans_address.GUARDS, IGNORED, ORPHAN, REACHES),
    danger=Danger.REVERSIBLE,
    items=(29, 30, 72, 74),
    make=ban,
)
OPERATIONS = (BAN, UNBAN, CLEAR_ORPHANS, INSTALL_FLOOD, INSTALL_MAIL)
