"""`services.restart`: units in order, each proven healthy and steady before the next (items 36, 92)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.guard.plan import Danger, Plan, Step, Verdict, Wait
from gbtui.operations.assemble import assemble
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.containers_look import at_work
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS, runs
from gbtui.operations.services_look import (
    HEALTHY_WITHIN,
    OWNER,
    WHO_WAITS,
    Target,
    dark,
    facts,
    healthy,
    owners,
    restart,
    steady,
    targets,
)
from gbtui.operations.services_url import SET_BOTSERVER_URL

ITEMS = (36, 44, 51, 61, 62, 92)
MOST = 8
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@:.-]{0,120}")
_OTHERS = (".socket", ".timer", ".target", ".mount", ".path", ".slice", ".scope", ".device", ".swap")

KNOWN = Guard("unit-known", "systemd knows the units", (36, 61, 62))
RELOAD = Guard("reload-instead", "Caddy is reloaded; a restart of it needs a reason", (57,))
SEALS = Guard("restart-seals", "who restarts Vault has the keys at hand", (65, 95))


def _units(value: str) -> str:
    names = value.split(",")
    if len(names) > MOST:
        return f"more than {MOST} units"
    if len({_full(name) for name in names}) != len(names):
        return "the same unit twice"
    for name in names:
        if not _UNIT.fullmatch(name):
            return "not the name of a unit"
        if name.endswith(_OTHERS):
            return "not a service"
    return ""


def _full(name: str) -> str:
    return name if name.endswith(".service") else f"{name}.service"


UNIT = Parameter("unit", "UNIT[,UNIT…], such as system.service,ui.service (default: the role's)", _units, "")


async def make_restart(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to restart units of one container, in the order given, else in the profile's."""
    container, title = given["container"], f"Restart services of {given['container']}"
    verdicts: list[Verdict] = [await runs(context, container)]
    units = _wanted(context, container, given["unit"])
    if verdicts[0].verdict == "allow" and not units:
        why = f"the profile knows no service of {container}: name it with unit="
        verdicts.append(KNOWN.refuse(why))
    if verdicts[-1].verdict == "refuse":
        return assemble(RESTART, context, given, title, verdicts=verdicts)
    found = await targets(context, container, units)
    verdicts += [_known(container, found), *_special(context, container, found)]
    if not any(verdict.verdict == "refuse" for verdict in verdicts):
        verdicts += [await owners(context, container, found), _who_waits(found)]
    refused = any(verdict.verdict == "refuse" for verdict in verdicts)
    steps = () if refused else _steps(container, found)
    return assemble(
        RESTART,
        context,
        given,
        title if len(found) > 1 else f"Restart {found[0].name} in {container}",
        why=_why(found),
        verdicts=verdicts,
        steps=steps,
        verify=() if refused else _all_right(context, container, found),
        relies_on=() if refused else await facts(context, container, found),
        dark=() if refused else dark(found),
        target=container,
    )


def _wanted(context: Context, container: str, given: str) -> tuple[str, ...]:
    if given:
        return tuple(_full(name) for name in given.split(","))
    role = context.profile.split(container)[1]
    return tuple(service.unit for service in context.profile.services_of(role))


def _steps(container: str, found: Sequence[Target]) -> tuple[Step, ...]:
    """Each one healthy and steady before the next: a second restart never hides a first that failed."""
    steps: list[Step] = []
    for target in found:
        steps.append(restart(container, target))
        if target.service is not None:
            steps.append(Step(f"Wait for {target.name}", healthy(container, target)))
        steps.append(Step(f"See {target.name} run steadily", steady(container, target)))
    return tuple(steps)


def _all_right(context: Context, container: str, found: Sequence[Target]) -> tuple[Wait, ...]:
    """Each runs steadily, and the container does what its role is for: units without a health URL, too."""
    running = tuple(steady(container, target) for target in found)
    return (*running, *at_work(context, container, HEALTHY_WITHIN))


def _why(found: Sequence[Target]) -> str:
    said = ", ".join(f"{one.unit} is {one.state.active or one.state.load}" for one in found)
    flaps = [
        f"{one.unit} was restarted by systemd {one.state.restarts} times"
        for one in found
        if one.state.restarts
    ]
    return "; ".join([f"{said} (guide 36)", *flaps])


# Guards


def _known(container: str, found: Sequence[Target]) -> Verdict:
    for one in found:
        if one.state.load == "masked":
            return KNOWN.refuse(
                f"{one.unit} is masked in {container}: somebody wants it off; unmask it first"
            )
        if one.state.load != "loaded":
            where = f"lxc exec {container} -- systemctl list-units --type=service"
            return KNOWN.refuse(f"systemd in {container} has no {one.unit} ({one.state.load}); {where}")
    down = [one.unit for one in found if one.state.active in ("inactive", "failed") and one.lasts]
    if down:
        return KNOWN.warn(f"systemd does not run {', '.join(down)} now: the restart starts it")
    return KNOWN.allow(f"systemd knows {', '.join(one.unit for one in found)}")


def _special(context: Context, container: str, found: Sequence[Target]) -> list[Verdict]:
    verdicts = []
    names = {one.unit.removesuffix(".service") for one in found}
    if context.profile.split(container)[1] == "proxy" and names & {"proxy", "caddy", "proxy-caddy"}:
        how = f"proxy.reload container={container}, or proxy.restart with a reason"
        verdicts.append(RELOAD.refuse(f"a restart drops every connection and what ACME is doing: {how}"))
    if names & {"vault", "vault-server"}:
        why = "Vault starts sealed: botserver has no secrets until it is unsealed with its threshold of keys"
        verdicts.append(SEALS.warn(why))
    return verdicts


def _who_waits(found: Sequence[Target]) -> Verdict:
    names = " and ".join(one.name for one in found)
    return WHO_WAITS.warn(f"{names}: restarted one after another, each away for about 10 s")


RESTART = Operation(
    id="services.restart",
    title="Restart services",
    summary="restart units of a container in order, each healthy and steady before the next;"
    " refused while a copy that systemd did not start holds the port",
    subject="services",
    parameters=(CONTAINER, UNIT),
    guards=(RUNS, KNOWN, OWNER, RELOAD, SEALS, WHO_WAITS),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=make_restart,
)
OPERATIONS = (RESTART, SET_BOTSERVER_URL)
