"""`firewall.drop-port`: a port of a container closed to everybody but the container itself (items 66–68).

TCP or UDP, IPv4 and IPv6. What a connection cannot prove over UDP, the counters of the new rules do: a
packet was sent from elsewhere, and the rule has met it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.guard.plan import Danger, Exec, Plan, Step, Wait
from gbtui.operations import firewall_drop_guards as guards
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Operation, Parameter
from gbtui.operations.firewall_drop_look import LOOPBACK, dropped, opens, saved, saved_with
from gbtui.operations.firewall_others import Door, Target, look_from, target
from gbtui.operations.firewall_rehearse import REHEARSED, rehearse
from gbtui.operations.firewall_scripts import dropped as counted
from gbtui.operations.firewall_scripts import rule_there
from gbtui.operations.firewall_state import BOOT, Family, Rules, boot, facts, read_rules, save_step, there
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS

ITEMS = (66, 67, 68)
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def _port(value: str) -> str:
    if not _PORT.fullmatch(value) or int(value) > 65535:
        return "not a port number"
    return ""


PORT = Parameter("port", "a port, 1 to 65535, such as 6379", _port)
PROTOCOL = Parameter(
    "protocol",
    "tcp or udp",
    lambda value: "" if value in ("tcp", "udp") else "neither tcp nor udp",
    default="tcp",
)


async def drop_port(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to drop what comes to one port of a container, but over loopback, running and saved."""
    where, door = given["container"], Door(given["port"], given["protocol"])
    given = {**given, "protocol": "" if door.protocol == "tcp" else door.protocol}
    title = f"Drop port {door} of {where} for everybody else"
    verdicts = [*await there(context, where)]
    if verdicts[0].verdict == "refuse":
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    verdicts += [guards.exposed(context, where, door), guards.behind(seen, door)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts)
    needed = tuple(f for f in seen.families if not dropped(f.running, f.name, door))
    unsaved = tuple(f for f in seen.families if seen.folder and not saved(f, door))
    if not needed and not unsaved:
        noop = f"already so: {where} drops port {door} for everybody but itself, running and saved"
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts, noop=noop)
    at = await target(context, where, door)
    texts = {f.name: saved_with(f, door) for f in (*needed, *unsaved)}
    steps = _steps(context, seen, needed, texts, door)
    does = [s.does for s in steps if isinstance(s.does, Exec)]
    scratch = await rehearse(context.host, where, does, int(door.port), door.protocol)
    verdicts += [guards.used(at, door), *guards.proven(at, door), guards.six(seen)]
    verdicts += [boot(seen, seen.families), guards.rehearsed(scratch, seen, texts, door)]
    open_now = at.there == "open" or (at.there == "silent" and door.protocol == "udp")
    return assemble(
        DROP_PORT,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *_verify(at, door, needed)),
        relies_on=await relying(context, *facts(seen)),
        why=f"internal services are for their own container alone; tried from {at.other} it is {at.there}",
        dark=(f"{where} :{door} for everybody but {where} itself, until it is undone",) if open_now else (),
        target=where,
        undo_warning=f"port {door} of {where} is open to everybody again (guide 66)",
    )


def _steps(
    context: Context, seen: Rules, needed: Sequence[Family], texts: Mapping[str, bytes], door: Door
) -> tuple[Step, ...]:
    steps = []
    for family in needed:
        if opens(family, door):
            steps.append(_accept(seen.where, family))
        steps.append(_drop(seen.where, family, door))
    if seen.folder:
        steps += [
            save_step(context, seen, family, texts[family.name])
            for family in seen.families
            if family.name in texts and family.file != texts[family.name]
        ]
    return tuple(steps)


def _accept(where: str, family: Family) -> Step:
    words = tuple(LOOPBACK.split())
    had = sum(rule.spec == LOOPBACK for rule in family.rules("filter", "INPUT"))
    return Step(
        title=f"Accept loopback first in INPUT ({family.label})",
        does=Exec(where, (family.program, "-w", "-I", "INPUT", "1", *words)),
        done=rule_there(where, family.program, "INPUT", LOOPBACK, had + 1),
        undo=(Exec(where, (family.program, "-w", "-D", "INPUT", *words)),),
        armed=True,
    )


def _drop(where: str, family: Family, door: Door) -> Step:
    words = tuple(door.spec.split())
    return Step(
        title=f"Drop port {door}, behind loopback ({family.label})",
        does=Exec(where, (family.program, "-w", "-A", "INPUT", *words)),
        done=rule_there(where, family.program, "INPUT", door.spec, 1),
        undo=(Exec(where, (family.program, "-w", "-D", "INPUT", *words)),),
        armed=True,
    )


def _verify(at: Target, door: Door, needed: Sequence[Family]) -> tuple[Wait, ...]:
    """Packets, not rules: from the container itself as before, from elsewhere into silence."""
    looks = [look_from(at.where, at.where, address, door, word) for address, word in at.own]
    if door.protocol == "udp" and at.there == "unknown":
        return tuple(Wait(probe, 20.0, 2.0) for probe in looks)
    looks += [look_from(at.other, at.where, address, door, "silent") for address in at.addresses]
    if door.protocol == "udp":  # silence alone may be the service's own: who dropped it has counted it
        tried = {"ip6" if ":" in address else "ip" for address in at.addresses}
        looks += [counted(at.where, f.program, door.spec) for f in needed if f.name in tried]
    return tuple(Wait(probe, 20.0, 2.0) for probe in looks)


DROP_PORT = Operation(
    id="firewall.drop-port",
    title="Drop a port",
    summary="close a port of a container to everybody but itself, behind loopback's ACCEPT, and save it",
    subject="firewall",
    parameters=(CONTAINER, PORT, PROTOCOL),
    guards=(
        RUNS,
        guards.EXPOSED,
        guards.BEHIND,
        guards.USED,
        guards.LOOPS,
        guards.PROVEN,
        guards.SIX,
        BOOT,
        REHEARSED,
    ),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=drop_port,
)
