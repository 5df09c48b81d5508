"""The guards of `firewall.drop-port`: nobody is cut off who was not meant, and what is proven is said."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.firewall_reach import way
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Context, Guard
from gbtui.operations.firewall_drop_look import loopback, packet
from gbtui.operations.firewall_others import Door, Target
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal
from gbtui.operations.firewall_rehearse import verdict as rehearsal
from gbtui.operations.firewall_state import Rules

BEHIND = Guard("behind-loopback", "loopback is accepted before the port is dropped", (32, 37, 67))
EXPOSED = Guard("not-exposed", "no port that the guide exposes for this role is closed", (16, 17, 18, 24))
USED = Guard("in-use", "who uses the port from elsewhere is known", (66,))
SIX = Guard("both-families", "the port is closed over IPv6 as well", (68,))
LOOPS = Guard(
    "loopback-proof", "what is proven of loopback, and what rests on rules alone, is said", (35, 67)
)
PROVEN = Guard("udp-proof", "what of a UDP port is proven, and what rests on rules alone, is said", (66, 67))


def exposed(context: Context, where: str, door: Door) -> Verdict:
    """Whether it is none of the ports that the role is there for."""
    name = context.profile.split(where)[1]
    role = next((one for one in context.profile.roles if one.name == name), None)
    if role is not None and f"{door.protocol}:{door.port}" in role.exposed:
        return EXPOSED.refuse(f"the guide exposes port {door} of {where}; fail2ban bans addresses, not ports")
    return EXPOSED.allow(f"{door} is none of the ports {where} is there for")


def behind(seen: Rules, door: Door) -> Verdict:
    """Whether loopback is accepted before the end of INPUT."""
    found = loopback(seen.ip.running, "ip", door)
    if found.accepted and found.path:
        chain, number = found.path[-1]
        return BEHIND.allow(f"loopback is accepted by rule {number + 1} of {chain}, before the end of INPUT")
    hint = f"gbtui apply firewall.accept-loopback container={seen.where}"
    return BEHIND.refuse(
        f"loopback is not accepted before: services on 127.0.0.1 would time out; first {hint}"
    )


def used(at: Target, door: Door) -> Verdict:
    """Who uses it from elsewhere, as far as that can be seen."""
    if at.peers:
        peers = ", ".join(at.peers[:5])
        return USED.warn(f"{len(at.peers)} connected to {at.where} :{door} from elsewhere now: {peers}")
    if at.there == "silent" and door.protocol == "udp":
        return USED.warn(f"UDP has no connections: who uses {at.where} :{door} from elsewhere cannot be told")
    if at.there == "open":
        return USED.warn(f"{at.other} reaches {at.where} :{door} now; whoever uses it is cut off")
    if at.there == "unknown" or not at.addresses:
        return USED.warn(
            f"it cannot be tried from {at.other} whether {at.where} :{door} is closed afterwards"
        )
    return USED.allow(f"nobody is connected from elsewhere; from {at.other} it is {at.there}")


def proven(at: Target, door: Door) -> tuple[Verdict, ...]:
    """What is proven by packets, and what is not."""
    if door.protocol == "tcp":
        return (_loops(at, door),)
    if not at.own:
        said = f"who listens on {at.where} :{door} says nothing to a packet it does not know"
        rests = "that it still gets those of the container itself rests on the rules and their rehearsal"
        return (PROVEN.warn(f"{said}; {rests}"),)
    heard = " and ".join(f"{address} {'answers' if word == 'open' else word}" for address, word in at.own)
    others = "the new rules' counters prove that a packet from elsewhere is dropped"
    return (PROVEN.allow(f"loopback has to say the same afterwards ({heard}); {others}"),)


def _loops(at: Target, door: Door) -> Verdict:
    """TCP answers for itself, where something inside can ask it."""
    if not at.own:
        asked = (
            f"whether loopback still answers on {at.where} :{door} cannot be tried there (no bash inside?)"
        )
        return LOOPS.warn(f"{asked}: that it does rests on the rules and their rehearsal")
    heard = " and ".join(f"{address} {'answers' if word == 'open' else word}" for address, word in at.own)
    return LOOPS.allow(f"loopback has to say the same afterwards ({heard})")


def six(seen: Rules) -> Verdict:
    """Whether IPv6 is closed as well."""
    if seen.ip6.output is None:
        return SIX.warn(f"there is no ip6tables in {seen.where}: the port stays open over IPv6")
    return SIX.allow("IPv4 and IPv6")


def rehearsed(scratch: Rehearsal, seen: Rules, texts: Mapping[str, bytes], door: Door) -> Verdict:
    """What came of it in the scratch namespace; without one, what the rules say."""
    wrong = ""
    for family in seen.families:
        after = texts.get(family.name, family.output or b"")
        after = scratch.after.get(family.name, after)
        tables = parse_save(after, seen.where, family.name)
        found = way(tables.chains, family.name, "INPUT", packet(door), hopeful=False)
        if found.accepted and found.path:
            chain, number = found.path[-1]
            wrong = (
                wrong
                or f"rule {number + 1} of {chain} lets it in before ({family.label}): firewall.delete-rule"
            )
        elif found.accepted:
            wrong = wrong or f"port {door} is not dropped ({family.label})"
    if wrong and scratch.state != "rehearsed":
        return REHEARSED.refuse(wrong)
    families = " and ".join(family.label for family in seen.families)
    proved = f"a packet from elsewhere to :{door} is dropped ({families})"
    return rehearsal(scratch, seen.where, proved=proved, wrong=wrong, loopback=True)
