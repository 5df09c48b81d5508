"""`dns.reload`: the zone file's serial is what is answered; the guide's HUP does nothing (guide 71)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui import text
from gbtui.errors import NotFound
from gbtui.facts.dns_zone import zone_serial
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import dns_scripts as scripts
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.dns_look import CATCHES, CONFIG, DIG, DNS, ZONE, Dns, look, reload, zone_file
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.parameters_dns import ZONE_NAME
from gbtui.operations.running import RUNS

SERIAL = Guard("serial-newer", "the file's serial is newer than the one that is answered", (71,))
SEEN = Guard("serial-seen", "the serial can be asked for", (70, 71))
_HALF, _WHOLE = 1 << 31, 1 << 32


async def make_reload(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to let CoreDNS read its files anew, until it answers the file's serial."""
    container, zone = given["container"], given["zone"]
    title = f"Reload {zone} in {container}"
    dns, verdicts = await look(context, container, zone)
    path, written, answered = "", None, ""
    if dns is not None:
        path = zone_file(dns)
        written = await _written(context, dns, path)
        answered = await _answered(context, dns, zone)
        verdicts.append(_newer(path, written, answered))
        if not answered and await _refused(context, dns, zone):
            how = f"gbtui apply dns.apply-acl container={container} zone={zone}"
            why = "the acl refuses SOA, to secondaries as well: no serial could be seen"
            verdicts.append(SEEN.refuse(f"{why}; first {how}"))
    if dns is None or written is None or verdicts[-1].verdict == "refuse":
        return assemble(RELOAD, context, given, title, verdicts=verdicts)
    if answered == str(written):
        noop = f"already so: serial {written} of {path} is what is answered"
        return assemble(RELOAD, context, given, title, verdicts=verdicts, noop=noop)
    servers = [server for server in (dns.desk.inside, dns.desk.outside) if server]
    waits = [_serial(dns, server, zone, written) for server in servers]
    signal = Step(
        "Let CoreDNS read its files (SIGUSR1)", reload(container), waits[0].probe, no_undo="it only reads"
    )
    return assemble(
        RELOAD,
        context,
        given,
        title,
        why=f"{path} has serial {written}, and {answered or 'nothing'} is answered (guide 71)",
        verdicts=verdicts,
        steps=(signal, Step(f"See serial {written} answered", waits[0])),
        verify=waits,
        relies_on=await relying(
            context,
            (path, Exec(container, ("sha256sum", "--", path))),
            (dns.path, Exec(container, ("sha256sum", "--", dns.path))),
            ("CoreDNS", scripts.processes(container)),
        ),
        target=container,
    )


async def _written(context: Context, dns: Dns, path: str) -> int | None:
    try:
        return zone_serial(await context.host.read(path, instance=dns.container)) if path else None
    except NotFound:
        return None


async def _answered(context: Context, dns: Dns, zone: str) -> str:
    done = await context.host.run(command(scripts.serial(dns.desk.where, dns.desk.inside, zone)))
    said = text.line(done.stdout, limit=20)
    return said if said.isascii() and said.isdecimal() else ""


async def _refused(context: Context, dns: Dns, zone: str) -> bool:
    done = await context.host.run(command(scripts.dig(dns.desk.where, dns.desk.inside, zone, ("SOA",))))
    return text.line(done.stdout) == "SOA REFUSED"


def _newer(path: str, written: int | None, answered: str) -> Verdict:
    if not path:
        return SERIAL.refuse("the server block names no file for the zone: there is nothing to reload from")
    if written is None:
        return SERIAL.refuse(f"{path} has no SOA that could be read: CoreDNS would not take it")
    if not answered:
        return SERIAL.allow(f"nothing is answered now; {path} has {written}")
    ahead = (written - int(answered)) % _WHOLE
    if ahead == 0 or ahead < _HALF:
        return SERIAL.allow(f"{written} comes after {answered}")
    why = f"{written} of {path} is older than {answered}: secondaries never take it"
    return SERIAL.warn(f"{why}; raise it first")


def _serial(dns: Dns, server: str, zone: str, written: int) -> Wait:
    run = scripts.serial(dns.desk.where, server, zone)
    return Wait(Probe(f"{server} answers serial {written}", run, "stdout", str(written)), 20.0)


RELOAD = Operation(
    id="dns.reload",
    title="Reload DNS",
    summary="let CoreDNS read its zones anew by SIGUSR1, until the serial that is answered is the file's",
    subject="dns",
    parameters=(CONTAINER, ZONE_NAME),
    guards=(RUNS, DNS, CATCHES, CONFIG, ZONE, DIG, SERIAL, SEEN),
    danger=Danger.DISRUPTIVE,
    items=(69, 71),
    make=make_reload,
)
