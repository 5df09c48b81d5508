"""`firewall.persist-lxd-forward`: a unit that forwards the containers' packets after every boot (item 28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.facts.firewall_reach import Sample, way
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Verdict, Wait
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.firewall_lxd_unit import (
    Unit,
    commands,
    covers,
    puts_in,
    read_unit,
    shown,
    spec,
    unit_text,
)
from gbtui.operations.firewall_operator import SSH, logins, stays
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rule_there
from gbtui.operations.firewall_state import HOST, Family, Rules, read_rules

ITEMS = (28,)
BRIDGE = Guard("bridge-known", "LXD says which bridges its containers are on", (28,))
OWN = Guard(
    "unit-replaced", "a unit that is there already is only replaced knowingly, and kept as a backup", (28,)
)
BOOT = Guard("survives-reboot", "the unit is wanted at boot, after ufw has loaded its rules", (28,))


async def persist_lxd_forward(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to write, enable and start the unit."""
    title = f"Forward for LXD's containers after every boot ({context.profile.forward_unit})"
    bridges = await _bridges(context)
    if not bridges:
        none = BRIDGE.refuse(
            "no container is on a bridge: there is nothing to forward (gbtui show containers)"
        )
        return assemble(PERSIST, context, given, title, verdicts=(none,))
    known = BRIDGE.allow(f"containers are on {', '.join(bridges)}")
    unit = await read_unit(context)
    seen = await read_rules(context, HOST)
    right = puts_in(unit.text, bridges)
    if right and unit.enabled and unit.active and _forwarded(seen, bridges):
        noop = f"already so: {unit.name} is enabled and has run, and {', '.join(bridges)} is forwarded"
        return assemble(PERSIST, context, given, title, verdicts=(known,), noop=noop)
    lacks = not all(_passes(seen.ip6, bridge) for bridge in bridges) and b"ip6tables" not in (
        unit.text or b""
    )
    after = unit.text if right and not lacks and unit.text else unit_text(bridges, seen)
    steps = _steps(context, seen, bridges, unit, after)
    does = [Exec(HOST, argv) for argv in commands(bridges, seen)]
    scratch = await rehearse(context.host, HOST, does, context.profile.cache_port)
    chains = tuple(chain for family in seen.families for chain in family.running.chains)
    then = tuple(chain for family in seen.families for chain in scratch.tables(family.name).chains)
    verdicts = [
        known,
        _own(unit, after),
        BOOT.allow(f"multi-user.target wants {unit.name}, ordered after ufw"),
    ]
    verdicts.append(
        stays(chains, then if scratch.state == "rehearsed" else chains, await logins(context.host))
    )
    verdicts.append(_rehearsed(scratch, seen, bridges))
    return assemble(
        PERSIST,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *_verify(covers(seen, after), bridges)),
        relies_on=await relying(
            context,
            (f"unit file {unit.path}", Exec(HOST, ("sha256sum", "--", unit.path))),
            ("whether it is enabled", shown(unit.name, "UnitFileState")),
            *(
                (f"FORWARD ({f.label})", Exec(HOST, (f.program, "-w", "-S", "FORWARD")))
                for f in seen.families
            ),
        ),
        why=_why(unit, seen, bridges),
        target=HOST,
        undo_warning="after a boot the containers may be without internet again (guide 28)",
    )


# Looking


async def _bridges(context: Context) -> tuple[str, ...]:
    """Networks of the containers' NICs, by name."""
    reply = await context.host.lxd.get("instances", {"recursion": "1"})
    found = []
    for one in reply.data if isinstance(reply.data, list) else ():
        devices = one.get("expanded_devices") if isinstance(one, Mapping) else None
        for device in devices.values() if isinstance(devices, Mapping) else ():
            name = str(device.get("network") or device.get("parent") or "")
            if device.get("type") == "nic" and name.replace("-", "").replace("_", "").isalnum():
                found.append(name)
    return tuple(sorted(dict.fromkeys(found)))


def _forwarded(seen: Rules, bridges: Sequence[str]) -> bool:
    """IPv4's rule runs, and nothing stops what comes from a bridge over IPv6."""
    there = all(spec(bridge) in [r.spec for r in seen.ip.rules("filter", "FORWARD")] for bridge in bridges)
    return there and all(_passes(seen.ip6, bridge) for bridge in bridges)


def _passes(family: Family, bridge: str) -> bool:
    packet = Sample("tcp", "NEW", 443, None, None, None, bridge)
    return way(family.running.chains, family.name, "FORWARD", packet, hopeful=False).accepted


def _steps(
    context: Context, seen: Rules, bridges: Sequence[str], unit: Unit, after: bytes
) -> tuple[Step, ...]:
    steps, covered = [], covers(seen, after)
    if unit.text != after:
        steps.append(_write(context, unit, after))
    if unit.text != after or not unit.enabled:
        steps.append(_enable(unit))
    steps += _restart(unit, covered, bridges) if unit.active else (_start(unit, covered, bridges),)
    return tuple(steps)


def _write(context: Context, unit: Unit, after: bytes) -> Step:
    path, before = unit.path, unit.text
    backup = f"{path}.bak-{context.now():%Y%m%d%H%M%S}" if before is not None else ""
    undo = (
        Replace(HOST, path, after, before, "") if before is not None else Exec(HOST, ("rm", "-f", "--", path))
    )
    done = holds_file(HOST, path, after, new=before is None)
    return Step(f"Write {path}", Replace(HOST, path, before, after, backup), done, (undo,), armed=True)


def _enable(unit: Unit) -> Step:
    """Also has systemd read the file again, which is why it is there for an enabled unit, too."""
    done = Probe(f"{unit.name} is enabled", shown(unit.name, "UnitFileState"), "stdout", "enabled")
    does = Exec(HOST, ("systemctl", "enable", unit.name))
    undo = does if unit.enabled else Exec(HOST, ("systemctl", "disable", unit.name))
    return Step(f"Enable {unit.name}", does, done, (undo,), armed=True)


def _start(unit: Unit, covered: Sequence[Family], bridges: Sequence[str]) -> Step:
    """The first start. Stopping takes the rules out, also those that ran before: they are put back."""
    again = [
        Exec(HOST, (f.program, "-w", "-I", "FORWARD", str(at + 1), *spec(bridge).split()))
        for f in covered
        for bridge in bridges
        for at in _at(f, bridge)[:1]
    ]
    done = Probe(f"{unit.name} has run", shown(unit.name, "ActiveState"), "stdout", "active")
    stop = Exec(HOST, ("systemctl", "stop", unit.name))
    start = Exec(HOST, ("systemctl", "start", unit.name), 60.0)
    return Step(f"Start {unit.name}", start, done, (stop, *again), armed=True, undo_dark=_dark(bridges))


def _dark(bridges: Sequence[str]) -> tuple[str, ...]:
    return (f"what comes from {', '.join(bridges)}, where no other rule forwards it",)


def _restart(unit: Unit, covered: Sequence[Family], bridges: Sequence[str]) -> tuple[Step, ...]:
    """It is active, and rules of it are gone: once more. Nothing to do where they are all there."""
    missing = [(f, bridge) for f in covered for bridge in bridges if not _at(f, bridge)]
    if not missing:
        return ()
    family, bridge = missing[0]
    undo = [Exec(HOST, (f.program, "-w", "-D", "FORWARD", *spec(b).split())) for f, b in missing]
    done = rule_there(HOST, family.program, "FORWARD", spec(bridge), 1)
    again = Exec(HOST, ("systemctl", "restart", unit.name), 60.0)
    title = f"Restart {unit.name}"
    return (Step(title, again, done, tuple(undo), armed=True, undo_dark=_dark(bridges)),)


def _at(family: Family, bridge: str) -> list[int]:
    return [n for n, rule in enumerate(family.rules("filter", "FORWARD")) if rule.spec == spec(bridge)]


def _verify(covered: Sequence[Family], bridges: Sequence[str]) -> tuple[Wait, ...]:
    """Both families' rules once, and no second copy of one that was there."""
    probes = [
        rule_there(HOST, family.program, "FORWARD", spec(bridge), max(1, len(_at(family, bridge))))
        for family in covered
        for bridge in bridges
    ]
    return tuple(Wait(probe, 10.0) for probe in probes)


def _why(unit: Unit, seen: Rules, bridges: Sequence[str]) -> str:
    if unit.text is None:
        return f"there is no {unit.name}: what forwards for {', '.join(bridges)} now is gone after a boot"
    if not unit.enabled:
        return f"{unit.name} is not enabled: nothing starts it at boot"
    if not _forwarded(seen, bridges):
        return f"{unit.name} is there, and {', '.join(bridges)} is not forwarded in both families"
    return f"{unit.name} does not put in the rule for every bridge, or has not run"


# Guards


def _own(unit: Unit, after: bytes) -> Verdict:
    path, before = unit.path, unit.text
    if before is None or before == after:
        return OWN.allow(f"{path} is new" if before is None else f"{path} stays as it is")
    return OWN.warn(f"{path} is another one now: it is replaced, and kept beside it as a backup")


def _rehearsed(scratch: Rehearsal, seen: Rules, bridges: Sequence[str]) -> Verdict:
    wrong = ""
    for family in seen.families if scratch.state == "rehearsed" else ():
        chains = scratch.tables(family.name).chains
        for bridge in bridges:
            packet = Sample("tcp", "NEW", 443, None, None, None, bridge)
            if not way(chains, family.name, "FORWARD", packet, hopeful=False).accepted:
                wrong = f"what comes from {bridge} is not forwarded all the same ({family.label})"
    proved = f"what comes from {', '.join(bridges)} is forwarded"
    return rehearsed(scratch, HOST, proved=proved, wrong=wrong, before=[f.running for f in seen.families])


PERSIST = Operation(
    id="firewall.persist-lxd-forward",
    title="Keep LXD's forwarding",
    summary="a systemd unit that puts in the forward rule for LXD's bridge at every boot, enabled, started",
    subject="firewall",
    parameters=(),
    guards=(BRIDGE, OWN, BOOT, SSH, REHEARSED),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=persist_lxd_forward,
)
