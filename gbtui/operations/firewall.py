"""`firewall.accept-loopback`: Valkey times out because a DROP stands before loopback (items 31–37, 67)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.errors import NotFound
from gbtui.facts.firewall_saved import saved_text, with_rule_first
from gbtui.guard.danger import danger_of
from gbtui.guard.execute import holds_file
from gbtui.guard.fingerprint import fingerprint, rely
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Reliance, Replace, Step, Verdict, Wait
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.firewall_look import Look, look
from gbtui.operations.firewall_rehearse import REHEARSED, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import rules as restored
from gbtui.operations.parameters import CONTAINER
from gbtui.profiles import Profile, Service
from gbtui.text import text

RULE = ("-i", "lo", "-j", "ACCEPT")
SPEC = " ".join(RULE)
ITEMS = (31, 32, 33, 34, 35, 36, 37, 67)
REVERT_AFTER = 60.0
RESTART_DARK = 10

RUNS = Guard("instance-runs", "the container exists and runs", (7,))
ORDER = Guard("loopback-not-first", "loopback is not accepted before the DROPs yet", (32, 37, 67))
SSH = Guard("ssh-unaffected", "the operator's own SSH session is not affected", (33,))
SERVICES = Guard("services-restart", "who uses botserver and botui knows that they restart", (36,))
BOOT = Guard("survives-reboot", "the saved rules are restored at the next boot", (34, 67))


async def accept_loopback(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to accept loopback first in INPUT of one container, save it, and restart what waited for it."""
    container = given["container"]
    runs = await _runs(context, container)
    if runs.verdict == "refuse":
        return _plan(context, container, verdicts=(runs,))
    profile = context.profile
    services = profile.services_of(profile.split(container)[1])
    seen = await look(context.host, container, profile.saved_rules, services)
    noop = _noop(container, profile, seen)
    if noop:
        return _plan(context, container, verdicts=(runs,), noop=noop)
    steps = _steps(context, container, services, seen)
    tried = _tried(container, seen, steps)
    scratch = await rehearse(context.host, container, tried, profile.cache_port)
    return _plan(
        context,
        container,
        verdicts=(
            runs,
            *_verdicts(container, profile, services, seen),
            rehearsed(scratch, container, loopback=True),
        ),
        steps=steps,
        verify=_verify(container, profile, services, seen, steps),
        relies_on=await _relies_on(context, container, seen),
        why=f"{_why(profile, seen)} (guide {34 if seen.right else 32})",
    )


def _tried(container: str, seen: Look, steps: Sequence[Step]) -> tuple[Exec, ...]:
    """What is rehearsed: the rule; where that runs already, the file, as it is restored at boot."""
    if not seen.right:
        return tuple(step.does for step in steps[:1] if isinstance(step.does, Exec))
    files = [step.does for step in steps if isinstance(step.does, Replace)]
    return tuple(restored(container, "iptables", text(file.after)) for file in files)


async def _runs(context: Context, container: str) -> Verdict:
    try:
        reply = await context.host.lxd.get(f"instances/{container}")
    except NotFound:
        return RUNS.refuse(f"there is no container {container}; gbtui show containers lists them")
    state = str(reply.data.get("status", "")) if isinstance(reply.data, dict) else ""
    if state != "Running":
        return RUNS.refuse(f"{container} is {state.lower() or 'in an unknown state'}: start it first")
    return RUNS.allow(f"{container} runs")


def _noop(container: str, profile: Profile, seen: Look) -> str:
    if not seen.right or (not seen.saved_right and seen.folder):
        return ""
    said = f"already right: loopback is accepted before any DROP in {container}"
    if seen.saved_right:
        return f"{said}, and {profile.saved_rules} holds it"
    return f"{said}; it is not saved, because its folder for {profile.saved_rules} does not exist"


def _why(profile: Profile, seen: Look) -> str:
    if seen.right:
        return f"loopback is accepted now, and would not be after a reboot: {profile.saved_rules} lacks it"
    first = seen.first()
    where = f"loopback at {first + 1}" if first is not None else "loopback is never accepted"
    marks = seen.marks
    drop = f"DROP stands at {marks[0].rule + 1} of {marks[0].chain}" if marks and marks[0].rule >= 0 else ""
    drop = drop or ("the policy drops what is left" if marks else "nothing is dropped yet")
    return f"services on 127.0.0.1 such as Valkey are cut off: {drop}, {where}"


# Steps


def _steps(context: Context, container: str, services: Sequence[Service], seen: Look) -> tuple[Step, ...]:
    profile = context.profile
    steps = [] if seen.right else [_accept(container, seen)]
    if seen.folder:
        steps.append(_save(context, container, seen))
    if not seen.right and services:
        steps.append(Step("Wait for Valkey", _pong(container, profile)))
        steps.append(_restart(container, services))
        steps += [Step(f"Wait for {s.name}", _healthy(container, s, 30.0)) for s in services]
    return tuple(steps)


def _accept(container: str, seen: Look) -> Step:
    return Step(
        title="Accept loopback first in INPUT",
        does=Exec(container, ("iptables", "-w", "-I", "INPUT", "1", *RULE)),
        done=_is_first(container, seen),
        undo=(Exec(container, ("iptables", "-w", "-D", "INPUT", *RULE)),),
        armed=True,
        undo_dark=(f"services on 127.0.0.1 of {container} such as Valkey",) if seen.marks else (),
    )


def _is_first(container: str, seen: Look) -> Probe:
    """Our rule by its content. Where no such rule exists yet, its being there at all proves it, even
    when somebody (fail2ban, at its start) puts another before it; else only the first place does."""
    first = "" if seen.first() is None else f"-P INPUT {seen.policy()}\n"
    run = Exec(container, ("iptables", "-w", "-S", "INPUT"))
    return Probe("loopback is accepted in INPUT", run, "contains", f"{first}-A INPUT {SPEC}")


def _save(context: Context, container: str, seen: Look) -> Step:
    """Running rules plus ours, without fail2ban's and LXD's own; a backup first (R6)."""
    path = context.profile.saved_rules
    after = saved_text(seen.output) if seen.right else with_rule_first(seen.output, "INPUT", SPEC)
    backup = f"{path}.bak-{context.now():%Y%m%d%H%M%S}" if seen.file is not None else ""
    undo = (
        Replace(container, path, after, seen.file, "")
        if seen.file is not None
        else Exec(container, ("rm", "-f", "--", path))
    )
    return Step(
        title=f"Save the rules in {path}",
        does=Replace(container, path, seen.file, after, backup),
        done=holds_file(container, path, after, new=seen.file is None),
        undo=(undo,),
        armed=True,
    )


def _restart(container: str, services: Sequence[Service]) -> Step:
    units = tuple(service.unit for service in services)
    return Step(
        title=f"Restart {' and '.join(service.name for service in services)}",
        does=Exec(container, ("systemctl", "restart", *units), 45.0),
        no_undo="a restart cannot be taken back; the services come up with the rules as they are then",
    )


# Waits


def _pong(container: str, profile: Profile) -> Wait:
    run = Exec(container, ("timeout", "2", profile.cache_client, "ping"), 10.0)
    return Wait(Probe("Valkey answers PONG", run, "stdout", "PONG"), 20.0)


def _healthy(container: str, service: Service, timeout: float) -> Wait:
    argv = ("curl", "-fsS", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", service.health)
    return Wait(Probe(f"{service.name} is healthy", Exec(container, argv, 10.0), "stdout", "200"), timeout)


def _verify(
    container: str, profile: Profile, services: Sequence[Service], seen: Look, steps: Sequence[Step]
) -> tuple[Wait, ...]:
    """The effect, not exit statuses: rules, file, PONG, health."""
    proofs = [Wait(step.done, 10.0) for step in steps if step.done is not None]
    if not services or seen.right:
        return tuple(proofs)
    return (*proofs, _pong(container, profile), *(_healthy(container, s, 10.0) for s in services))


# Guards


def _verdicts(
    container: str, profile: Profile, services: Sequence[Service], seen: Look
) -> tuple[Verdict, ...]:
    order = ORDER.allow(_why(profile, seen))
    ssh = SSH.allow(f"one rule inside {container} that accepts loopback: SSH to the host never passes it")
    restarts = () if seen.right or not services else (_restarts(services, seen),)
    return (order, ssh, *restarts, _boot(profile, seen))


def _restarts(services: Sequence[Service], seen: Look) -> Verdict:
    names = " and ".join(service.name for service in services)
    said = f"{names} restart and do not answer for about {RESTART_DARK} s"
    if seen.inactive:
        units = ", ".join(seen.inactive)
        said += f"; systemd does not run {units} now: a copy started by hand would be in the way"
    return SERVICES.warn(said)


def _boot(profile: Profile, seen: Look) -> Verdict:
    path = profile.saved_rules
    if not seen.folder:
        folder = path.rpartition("/")[0]
        return BOOT.warn(f"{folder} does not exist: not saved, and lost at the next boot (mkdir {folder})")
    if not seen.restores:
        return BOOT.warn(f"nothing restores {path} at boot: the rule is saved, and not there after a reboot")
    return BOOT.allow(f"{seen.restores} restores {path}")


# The whole


async def _relies_on(context: Context, container: str, seen: Look) -> tuple[Reliance, ...]:
    """The rules without counters, but fail2ban's (bans come and go), and the saved file."""
    asked = [
        (
            f"rules of {container}, {table} {chain}".rstrip(),
            ("iptables", "-w", "-t", table, "-S", *((chain,) if chain else ())),
        )
        for table, chain in seen.chains()
    ]
    asked.append((context.profile.saved_rules, ("sha256sum", "--", context.profile.saved_rules)))
    return tuple([await rely(context.host, title, Exec(container, argv)) for title, argv in asked])


def _plan(
    context: Context,
    container: str,
    *,
    verdicts: tuple[Verdict, ...],
    steps: tuple[Step, ...] = (),
    verify: tuple[Wait, ...] = (),
    relies_on: tuple[Reliance, ...] = (),
    why: str = "",
    noop: str = "",
) -> Plan:
    restart = any(step.no_undo for step in steps)
    services = context.profile.services_of(context.profile.split(container)[1]) if restart else ()
    dark = tuple(
        f"{s.name} :{s.health.rpartition(':')[2].partition('/')[0]}, about {RESTART_DARK} s" for s in services
    )
    return Plan(
        operation=ACCEPT_LOOPBACK.id,
        parameters=(("container", container),),
        title=f"Accept loopback in {container}",
        why=why,
        danger=danger_of(steps, dark),
        steps=steps,
        verify=verify,
        verdicts=verdicts,
        relies_on=relies_on,
        fingerprint=fingerprint(relies_on),
        revert_after=REVERT_AFTER if any(step.armed for step in steps) else 0.0,
        dark=dark,
        noop=noop,
        host=context.host.name,
        items=ITEMS,
        target=container,
        undo_warning="services on 127.0.0.1 such as Valkey are cut off again (guide 32)" if steps else "",
    )


ACCEPT_LOOPBACK = Operation(
    id="firewall.accept-loopback",
    title="Accept loopback",
    summary="put the loopback ACCEPT first in a container's INPUT, save it, restart what waited for Valkey",
    subject="firewall",
    parameters=(CONTAINER,),
    guards=(RUNS, ORDER, SSH, SERVICES, BOOT, REHEARSED),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=accept_loopback,
)
