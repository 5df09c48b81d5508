"""`firewall.host-forward-accept`: the host forwards its containers' packets under ufw (guide item 27)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gbtui.errors import NotFound
from gbtui.facts.firewall_types import Chain
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Verdict, Wait
from gbtui.hosts.base import Command
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.firewall_operator import SSH, logins, stays
from gbtui.operations.firewall_rehearse import REHEARSED, Rehearsal, rehearse
from gbtui.operations.firewall_rehearse import verdict as rehearsed
from gbtui.operations.firewall_scripts import ufw_with
from gbtui.operations.firewall_state import HOST, Family, Rules, facts, read_rules

ITEMS = (27,)
DEFAULTS = "/etc/default/ufw"
WANTED = b'DEFAULT_FORWARD_POLICY="ACCEPT"'
RELOAD = Exec(HOST, ("ufw", "reload"), 90.0)
_POLICY = re.compile(rb"^DEFAULT_FORWARD_POLICY=.*$", re.MULTILINE)
_ROUTES = "/proc/sys/net/ipv4/ip_forward"

UFW = Guard("ufw-active", "ufw is there and active: its policy is what counts", (27,))
KERNEL = Guard("kernel-forwards", "the kernel forwards packets at all", (27,))
REACHED = Guard("containers-reached", "who opens forwarding knows that it works in both directions", (27, 66))


async def host_forward_accept(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to set ufw's default forward policy to ACCEPT and load it."""
    title = "Accept forwarded packets on the host (ufw)"
    try:
        before = await context.host.read(DEFAULTS)
    except NotFound:
        missing = UFW.refuse(f"{DEFAULTS} does not exist: ufw is not installed there (apt install ufw)")
        return assemble(ACCEPT, context, given, title, verdicts=(missing,))
    seen = await read_rules(context, HOST)
    closed = tuple(f for f in seen.families if _policy(f) != "ACCEPT" and (f.name == "ip" or _six(before)))
    after = _accepting(before)
    if after == before and not (closed and seen.ufw):
        noop = f"already so: {DEFAULTS} says ACCEPT" + (
            ", and FORWARD does" if seen.ufw else "; ufw is inactive"
        )
        return assemble(ACCEPT, context, given, title, verdicts=(_active(seen),), noop=noop)
    steps = _steps(context, seen, before, after, closed)
    does = [ufw_with(after)] if seen.ufw else []
    scratch = await rehearse(context.host, HOST, does, context.profile.cache_port)
    now, then = _rules(seen, None), _rules(seen, scratch)
    verdicts = [
        _active(seen),
        await _kernel(context),
        REACHED.warn(
            "who can route to the containers' network reaches every port of theirs that nothing drops"
        ),
        stays(now, then, await logins(context.host)),
        _rehearsed(scratch, seen, closed),
    ]
    return assemble(
        ACCEPT,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *_verify(seen, closed)),
        relies_on=await relying(context, *facts(seen), (DEFAULTS, Exec(HOST, ("sha256sum", "--", DEFAULTS)))),
        why=_why(seen, closed),
        target=HOST,
        undo_warning="the host forwards nothing by default again: no internet for containers (guide 27)",
    )


def _accepting(text: bytes) -> bytes:
    if not _POLICY.search(text):
        return text + (b"" if text.endswith(b"\n") else b"\n") + WANTED + b"\n"
    found = _POLICY.findall(text)
    if all(line.split(b"=", 1)[1].strip(b"\"' ") == b"ACCEPT" for line in found):
        return text
    return _POLICY.sub(WANTED, text)


def _six(text: bytes) -> bool:
    return re.search(rb"^IPV6=[\"']?yes", text, re.MULTILINE | re.IGNORECASE) is not None


def _policy(family: Family) -> str:
    chain = family.chain("filter", "FORWARD")
    return chain.policy if chain is not None else "ACCEPT"


def _forwards(family: Family) -> Probe:
    run = Exec(HOST, (family.program, "-w", "-S", "FORWARD"))
    return Probe(f"FORWARD accepts by default ({family.label})", run, "contains", "-P FORWARD ACCEPT")


def _steps(
    context: Context, seen: Rules, before: bytes, after: bytes, closed: tuple[Family, ...]
) -> tuple[Step, ...]:
    steps = []
    restore = Replace(HOST, DEFAULTS, after, before, "")
    if after != before:
        does = Replace(HOST, DEFAULTS, before, after, f"{DEFAULTS}.bak-{context.now():%Y%m%d%H%M%S}")
        done = holds_file(HOST, DEFAULTS, after)
        steps.append(Step(f"Set the forward policy in {DEFAULTS}", does, done, (restore,), armed=True))
    if seen.ufw and closed:
        policies = tuple(Exec(HOST, (f.program, "-w", "-P", "FORWARD", _policy(f))) for f in closed)
        undo = (restore, RELOAD) if after != before else policies
        dark = ("the internet for containers, where no rule of its own forwards them",)
        steps.append(Step("Reload ufw", RELOAD, _forwards(closed[0]), undo, armed=True, undo_dark=dark))
    return tuple(steps)


def _verify(seen: Rules, closed: tuple[Family, ...]) -> tuple[Wait, ...]:
    if not seen.ufw:
        return ()
    routed = Probe("ufw says so", Exec(HOST, ("ufw", "status", "verbose")), "contains", "allow (routed)")
    return (*(Wait(_forwards(family), 20.0) for family in closed), Wait(routed, 20.0))


def _why(seen: Rules, closed: tuple[Family, ...]) -> str:
    if not closed:
        return f"FORWARD accepts now, and would not after a boot: {DEFAULTS} says otherwise"
    policies = " and ".join(f"{_policy(family)} ({family.label})" for family in closed)
    return f"FORWARD's policy is {policies}: containers may be without internet (guide 27)"


def _rules(seen: Rules, scratch: Rehearsal | None) -> tuple[Chain, ...]:
    """All chains: as they are, or as they were in the rehearsal."""
    after = scratch is not None and scratch.state == "rehearsed"
    tables = [scratch.tables(f.name) if after and scratch else f.running for f in seen.families]
    return tuple(chain for one in tables for chain in one.chains)


# Guards


def _active(seen: Rules) -> Verdict:
    if seen.ufw:
        return UFW.allow("ufw is active")
    return UFW.warn("ufw is inactive: the setting is written, and counts from when somebody enables it")


async def _kernel(context: Context) -> Verdict:
    done = await context.host.run(Command(("cat", "--", _ROUTES), root=True))
    if done.ok and done.stdout.strip() == b"1":
        return KERNEL.allow("net.ipv4.ip_forward is 1")
    return KERNEL.warn(
        "net.ipv4.ip_forward is not 1: no policy makes it forward (LXD sets it with its bridge)"
    )


def _rehearsed(scratch: Rehearsal, seen: Rules, closed: tuple[Family, ...]) -> Verdict:
    wrong = ""
    for family in closed if seen.ufw and scratch.state == "rehearsed" else ():
        chains = scratch.tables(family.name).chains
        if not any((c.table, c.chain, c.policy) == ("filter", "FORWARD", "ACCEPT") for c in chains):
            wrong = f"ufw, started anew with the setting, does not accept forwarded packets ({family.label})"
    proved = (
        "ufw started anew with the setting accepts forwarded packets" if seen.ufw else "nothing is loaded"
    )
    return rehearsed(scratch, HOST, proved=proved, wrong=wrong, before=[f.running for f in seen.families])


ACCEPT = Operation(
    id="firewall.host-forward-accept",
    title="Accept forwarded packets",
    summary="set ufw's default forward policy to ACCEPT and load it, so that containers reach the internet",
    subject="firewall",
    parameters=(),
    guards=(UFW, KERNEL, REACHED, SSH, REHEARSED),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=host_forward_accept,
)
