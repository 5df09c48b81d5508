"""`bans.ban` and `bans.unban`: judged here, proven in the packet filter (guide items 29, 30, 72, 74)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gbtui.facts.bans_filter import Held, HeldList, Network, as_network, shown
from gbtui.facts.bans_own import Own
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.operations import bans_address
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.bans_address import ADDRESS, JAIL_NAME, judge_address, overlapping
from gbtui.operations.bans_look import (
    Place,
    about_jail,
    client,
    held,
    look_at,
    never,
    state_of,
)
from gbtui.operations.bans_rules import added, deleted
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import PLACE

ITEMS = (29, 30, 72, 74)
SETTLES = 20.0
"""Seconds that fail2ban's own action may take: its client answers before."""

JAIL = Guard("jail-exists", "fail2ban runs there and has that jail", (29, 30, 72))
IGNORED = Guard("never-banned", "nobody is banned whom the jail is told never to ban", (29, 72))
REACHES = Guard("address-arrives", "clients' addresses reach the place where the ban is", (23, 72))
ORPHAN = Guard("no-orphan-rule", "no rule without a ban is in the way", (29, 72))


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


def _network(given: Mapping[str, str]) -> Network:
    network = as_network(given["address"])
    assert network is not None  # noqa: S101 - the parameter's check has seen it
    return network


async def ban(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to ban one address in one jail."""
    where, jail, network = given["container"], given["jail"], _network(given)
    title = f"Ban {shown(network)} in {jail} of {where}"
    place = await look_at(context.host, where)
    verdicts = [judge_jail(place, jail)]
    if verdicts[0].verdict == "refuse":
        return assemble(BAN, context, given, title, verdicts=verdicts)
    ignored, lasts = await about_jail(context.host, where, jail)
    seen = Look(where, jail, network, await held(context.host, where, jail))
    own, people = await never(context.host)
    verdicts += [*judge_address(network, own, people), _ignored(network, ignored, jail)]
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
            context, *_asked(seen), ("never banned", client(where, "get", jail, "ignoreip"))
        ),
        why=why,
        target=shown(network),
        undo_warning=f"{shown(network)} can reach {where} again",
    )


def _asked(seen: Look) -> tuple[tuple[str, Exec], ...]:
    return ((f"how {shown(seen.network)} is held", state_of(seen.where, seen.jail, seen.network)),)


def _ban_steps(seen: Look) -> tuple[Step, ...]:
    address = shown(seen.network)
    lift = Step(
        f"Lift the ban of {address} that blocks nothing", seen.do("unbanip"), undo=(seen.do("banip"),)
    )
    place = Step(f"Ban {address} in {seen.jail}", seen.do("banip"), seen.taken(), (seen.do("unbanip"),))
    wait = Step("Wait for the packet filter", Wait(seen.dropped(), SETTLES))
    return (*((lift,) if seen.listed else ()), place, wait)


def _ignored(network: Network, ignored: tuple[Own, ...], jail: str) -> Verdict:
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


async def unban(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to lift one ban, with every rule that the packet filter has for it."""
    where, jail, network = given["container"], given["jail"], _network(given)
    title = f"Unban {shown(network)} in {jail} of {where}"
    place = await look_at(context.host, where)
    verdicts = [judge_jail(place, jail)]
    if verdicts[0].verdict == "refuse":
        return assemble(UNBAN, context, given, title, verdicts=verdicts)
    seen = Look(where, jail, network, await held(context.host, where, *place.jails))
    if not seen.held:
        return assemble(UNBAN, context, given, title, verdicts=verdicts, noop=_free(seen))
    steps = _unban_steps(seen)
    return assemble(
        UNBAN,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(Wait(seen.free(), SETTLES),),
        relies_on=await relying(context, *_asked(seen)),
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


def _unban_steps(seen: Look) -> tuple[Step, ...]:
    """Rules beyond fail2ban's own one first, by their specification; then fail2ban's."""
    extra = seen.rules[1:] if seen.listed else seen.rules
    address = shown(seen.network)
    steps = [
        Step(
            f"Delete the rule without a ban for {address} ({rule.tool})",
            deleted(seen.where, rule),
            undo=(added(seen.where, rule),),
        )
        for rule in extra
    ]
    if seen.listed:
        steps.append(
            Step(f"Unban {address} in {seen.jail}", seen.do("unbanip"), seen.free(), (seen.do("banip"),))
        )
        steps.append(Step("Wait for the packet filter", Wait(seen.free(), SETTLES)))
    return tuple(steps)


BAN = Operation(
    id="bans.ban",
    title="Ban an address",
    summary="ban an address in a jail of the host or a container, proven in the packet filter",
    subject="bans",
    parameters=(PLACE, JAIL_NAME, ADDRESS),
    guards=(JAIL, *bans_address.GUARDS, IGNORED, ORPHAN, REACHES),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=ban,
)
UNBAN = Operation(
    id="bans.unban",
    title="Unban an address",
    summary="lift a ban in a jail of the host or a container until the packet filter has no rule left for it",
    subject="bans",
    parameters=(PLACE, JAIL_NAME, ADDRESS),
    guards=(JAIL,),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=unban,
)
OPERATIONS = (BAN, UNBAN)
