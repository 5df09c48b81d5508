"""`dns.apply-acl`: no amplification, and mail and certificates still work (guide 69, 70).

The guide's acl lets the world ask for A, AAAA and MX alone, and with `type ANY` means "everything":
to CoreDNS it is the one query type ANY, so that TXT, CAA, NS and SOA were refused to everybody.
Its aim is kept, what it breaks is not: departures are said in the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Action, Danger, Exec, Plan, Replace, Step, Wait
from gbtui.operations import dns_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Operation
from gbtui.operations.dns_acl import (
    CLIENT,
    LOST,
    SECONDARIES,
    TYPES,
    Acl,
    Asked,
    acl_for,
    ask,
    in_force,
    told,
    verdicts_on,
)
from gbtui.operations.dns_look import CATCHES, CONFIG, DIG, DNS, ZONE, Dns, look, reload
from gbtui.operations.dns_reload import RELOAD
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.parameters_dns import ZONE_NAME
from gbtui.operations.running import RUNS

ANSWERS_WITHIN = 30.0
WITH_FILE = "the undo of the Corefile reloads it again"


async def make_apply_acl(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to put the acl into a zone's server block, reload, and ask for every type."""
    container, zone = given["container"], given["zone"]
    title = f"Put an acl before {zone} in {container}"
    dns, verdicts = await look(context, container, zone)
    if dns is None:
        return assemble(APPLY_ACL, context, given, title, verdicts=verdicts)
    acl = await acl_for(context, dns)
    asked = await ask(context, dns, acl, zone)
    verdicts += verdicts_on(dns, acl)
    right = in_force(dns, acl)
    if right and all(one.right for one in asked):
        noop = f"already so: {dns.path} has such an acl for {zone}, and every type is answered by it"
        return assemble(APPLY_ACL, context, given, title, verdicts=verdicts, noop=noop)
    steps = _steps(context, dns, acl, asked, right=right)
    facts = (
        (dns.path, Exec(container, ("sha256sum", "--", dns.path))),
        ("CoreDNS", scripts.processes(container)),
    )
    return assemble(
        APPLY_ACL,
        context,
        given,
        title,
        why=f"{told(dns, asked, right=right)} (guide 70)",
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *(Wait(one.probe(), 10.0, 2.0) for one in asked)),
        relies_on=await relying(context, *facts),
        target=container,
        undo_warning=f"it answers as before: {told(dns, asked, right=right)} (guide 69, 70)",
    )


def _steps(context: Context, dns: Dns, acl: Acl, asked: Sequence[Asked], *, right: bool) -> tuple[Step, ...]:
    read = Step("Let CoreDNS read it (SIGUSR1)", reload(dns.container), no_undo=WITH_FILE)
    seen = [Step(f"See its answers {one.name}", Wait(one.probe(), ANSWERS_WITHIN, 2.0)) for one in asked]
    if right:
        return (read, *seen)
    after = acl.written(dns)
    replace = Replace(
        dns.container, dns.path, dns.corefile, after, f"{dns.path}.bak-{context.now():%Y%m%d%H%M%S}"
    )
    back: list[Action] = [Replace(dns.container, dns.path, after, dns.corefile, ""), reload(dns.container)]
    back += [Wait(one.probe(one.before), ANSWERS_WITHIN, 2.0) for one in asked if one.heard]
    write = Step(
        title=f"Write the acl into {dns.path}",
        does=replace,
        done=holds_file(dns.container, dns.path, after),
        undo=tuple(back),
    )
    return (write, read, *seen)


APPLY_ACL = Operation(
    id="dns.apply-acl",
    title="Apply the DNS acl",
    summary="no amplification through CoreDNS, and every type that mail and certificates need is answered;"
    " reloaded by SIGUSR1, proven by questions from inside and outside",
    subject="dns",
    parameters=(CONTAINER, ZONE_NAME),
    guards=(RUNS, DNS, CATCHES, CONFIG, ZONE, DIG, TYPES, CLIENT, LOST, SECONDARIES),
    danger=Danger.DISRUPTIVE,
    items=(69, 70, 71),
    make=make_apply_acl,
)
OPERATIONS = (APPLY_ACL, RELOAD)
