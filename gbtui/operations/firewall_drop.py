"""`firewall.drop-port`: a port of a container closed to everybody but the container itself (items 66–68)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.facts.firewall_edit import with_rule_last
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_reach import Sample, Way, way
from gbtui.facts.firewall_saved import saved_text, with_rule_first
from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict, Wait
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.firewall_others import Target, look_from, target
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rule_there
from gbtui.operations.firewall_state import BOOT, Family, Rules, boot, facts, read_rules, save_step, there
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS

LOOPBACK = "-i lo -j ACCEPT"
ITEMS = (66, 67, 68)
_PORT = re.compile(r"[1-9][0-9]{0,4}")

BEHIND = Guard("behind-loopback", "loopback is accepted before the port is dropped", (32, 37, 67))
EXPOSED = Guard("not-exposed", "no port that the guide exposes for this role is closed", (16, 17, 18, 24))
USED = Guard("in-use", "who uses the port from elsewhere is known", (66,))
SIX = Guard("both-families", "the port is closed over IPv6 as well", (68,))


def _port(value: str) -> str:
    if not _PORT.fullmatch(value) or int(value) > 65535:
        return "not a port number"
    return ""


PORT = Parameter("port", "a TCP port, 1 to 65535, such as 6379", _port)


async def drop_port(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to drop TCP to one port of a container, but over loopback, running and saved."""
    where, port = given["container"], given["port"]
    title = f"Drop port {port} of {where} for everybody else"
    verdicts = [*await there(context, where)]
    if verdicts[0].verdict == "refuse":
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts)
    seen = await read_rules(context, where)
    verdicts += [_exposed(context, where, port), _behind(seen, port)]
    if any(v.verdict == "refuse" for v in verdicts):
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts)
    needed = tuple(f for f in seen.families if not _dropped(f.running, f.name, port))
    unsaved = tuple(f for f in seen.families if seen.folder and not _saved(f, port))
    if not needed and not unsaved:
        noop = f"already so: {where} drops port {port} for everybody but itself, running and saved"
        return assemble(DROP_PORT, context, given, title, verdicts=verdicts, noop=noop)
    at = await target(context, where, port)
    texts = {f.name: _text(f, port) for f in (*needed, *unsaved)}
    steps = _steps(context, seen, needed, texts, port)
    scratch = await rehearse(
        context.host, where, [s.does for s in steps if isinstance(s.does, Exec)], int(port)
    )
    verdicts += [_used(at, port), _six(seen), boot(seen, seen.families)]
    verdicts.append(_rehearsed(scratch, seen, texts, port))
    open_now = at.there == "open"
    return assemble(
        DROP_PORT,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *_verify(at, port)),
        relies_on=await relying(context, *facts(seen)),
        why=f"internal services are for their own container alone; tried from {at.other} it is {at.there}",
        dark=(f"{where} :{port} for everybody but {where} itself, until it is undone",) if open_now else (),
        target=where,
        undo_warning=f"port {port} of {where} is open to everybody again (guide 66)",
    )


# Looking


def _packet(port: str, *, loopback: bool = False, six: bool = False) -> Sample:
    own = ("::1" if six else "127.0.0.1") if loopback else None
    return Sample("tcp", "NEW", int(port), None, own, own, "lo" if loopback else "eth0")


def _dropped(tables: Tables, family: str, port: str) -> bool:
    """Whether the port is closed to others: by our rule, or whatever may let somebody in."""
    rules = [r.spec for c in tables.chains if (c.table, c.chain) == ("filter", "INPUT") for r in c.rules]
    if _spec(port) in rules:
        return not way(tables.chains, family, "INPUT", _packet(port), hopeful=False).accepted
    return not way(tables.chains, family, "INPUT", _packet(port), hopeful=True).accepted


def _loopback(tables: Tables, family: str, port: str) -> Way:
    packet = _packet(port, loopback=True, six=family == "ip6")
    return way(tables.chains, family, "INPUT", packet, hopeful=False)


def _spec(port: str) -> str:
    return f"-p tcp -m tcp --dport {port} -j DROP"


def _saved(family: Family, port: str) -> bool:
    if family.file is None:
        return False
    tables = parse_save(family.file, "file", family.name)
    return _dropped(tables, family.name, port) and _loopback(tables, family.name, port).accepted


def _text(family: Family, port: str) -> bytes:
    """The rules to save: those that run, with ours."""
    text = family.output or b""
    if _opens(family, port):
        text = with_rule_first(text, "INPUT", LOOPBACK)
    if _dropped(family.running, family.name, port):
        return saved_text(text)
    return with_rule_last(text, "INPUT", _spec(port))


def _opens(family: Family, port: str) -> bool:
    """Whether loopback's ACCEPT has to come first: never set up in a family nobody has looked after."""
    found = _loopback(family.running, family.name, port)
    return not _dropped(family.running, family.name, port) and not (found.accepted and found.path)


# Steps


def _steps(
    context: Context, seen: Rules, needed: Sequence[Family], texts: Mapping[str, bytes], port: str
) -> tuple[Step, ...]:
    steps = []
    for family in needed:
        if _opens(family, port):
            steps.append(_accept(seen.where, family))
        steps.append(_drop(seen.where, family, port))
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


def _drop(where: str, family: Family, port: str) -> Step:
    words = tuple(_spec(port).split())
    return Step(
        title=f"Drop port {port}, behind loopback ({family.label})",
        does=Exec(where, (family.program, "-w", "-A", "INPUT", *words)),
        done=rule_there(where, family.program, "INPUT", _spec(port), 1),
        undo=(Exec(where, (family.program, "-w", "-D", "INPUT", *words)),),
        armed=True,
    )


def _verify(at: Target, port: str) -> tuple[Wait, ...]:
    """Connections, not rules: from the container itself as before, from elsewhere into silence."""
    looks = [look_from(at.where, at.where, address, port, word) for address, word in at.own]
    looks += [look_from(at.other, at.where, address, port, "silent") for address in at.addresses]
    return tuple(Wait(probe, 20.0, 2.0) for probe in looks)


# Guards


def _exposed(context: Context, where: str, port: str) -> Verdict:
    name = context.profile.split(where)[1]
    role = next((one for one in context.profile.roles if one.name == name), None)
    if role is not None and f"tcp:{port}" in role.exposed:
        return EXPOSED.refuse(f"the guide exposes port {port} of {where}; fail2ban bans addresses, not ports")
    return EXPOSED.allow(f"{port} is none of the ports {where} is there for")


def _behind(seen: Rules, port: str) -> Verdict:
    found = _loopback(seen.ip.running, "ip", port)
    if found.accepted and found.path:
        chain, number = found.path[-1]
        return BEHIND.allow(f"loopback is accepted by rule {number + 1} of {chain}, before the end of INPUT")
    hint = f"gbtui apply firewall.accept-loopback container={seen.where}"
    return BEHIND.refuse(
        f"loopback is not accepted before: services on 127.0.0.1 would time out; first {hint}"
    )


def _used(at: Target, port: str) -> Verdict:
    if at.peers:
        peers = ", ".join(at.peers[:5])
        return USED.warn(f"{len(at.peers)} connected to {at.where} :{port} from elsewhere now: {peers}")
    if at.there == "open":
        return USED.warn(f"{at.other} reaches {at.where} :{port} now; whoever uses it is cut off")
    if at.there == "unknown" or not at.addresses:
        return USED.warn(
            f"it cannot be tried from {at.other} whether {at.where} :{port} is closed afterwards"
        )
    return USED.allow(f"nobody is connected from elsewhere; from {at.other} it is {at.there}")


def _six(seen: Rules) -> Verdict:
    if seen.ip6.output is None:
        return SIX.warn(f"there is no ip6tables in {seen.where}: the port stays open over IPv6")
    return SIX.allow("IPv4 and IPv6")


def _rehearsed(scratch: Rehearsal, seen: Rules, texts: Mapping[str, bytes], port: str) -> Verdict:
    wrong = ""
    for family in seen.families:
        after = texts.get(family.name, family.output or b"")
        after = scratch.after.get(family.name, after)
        tables = parse_save(after, seen.where, family.name)
        found = way(tables.chains, family.name, "INPUT", _packet(port), hopeful=False)
        if found.accepted and found.path:
            chain, number = found.path[-1]
            wrong = (
                wrong
                or f"rule {number + 1} of {chain} lets it in before ({family.label}): firewall.delete-rule"
            )
        elif found.accepted:
            wrong = wrong or f"port {port} is not dropped ({family.label})"
    if wrong and scratch.state != "rehearsed":
        return REHEARSED.refuse(wrong)
    families = " and ".join(family.label for family in seen.families)
    proved = f"a packet from elsewhere to :{port} is dropped ({families})"
    return rehearsed(scratch, seen.where, proved=proved, wrong=wrong, loopback=True)


DROP_PORT = Operation(
    id="firewall.drop-port",
    title="Drop a port",
    summary="close a TCP port of a container to everybody but itself, behind loopback's ACCEPT, and save it",
    subject="firewall",
    parameters=(CONTAINER, PORT),
    guards=(RUNS, EXPOSED, BEHIND, USED, SIX, BOOT, REHEARSED),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=drop_port,
)
