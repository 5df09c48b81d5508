"""Caddy and CoreDNS: systemd runs them, and they answer when they are asked (items 6, 11, 16, 18).

Where one is down all that is read out of it is unknown; that it is down is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gbtui.checks.base import Check, Failing, Remedy, Severity, operation
from gbtui.checks.dns_asks import DNS
from gbtui.checks.proxy_asks import RUNNING
from gbtui.checks.scopes import NAMES, PROXY
from gbtui.checks.services import running
from gbtui.checks.services_asks import SERVICES
from gbtui.errors import GbtuiError, NotFound
from gbtui.facts.survey import Need, Place, Survey


def _restart(place: Place, why: str) -> Remedy:
    """Caddy's own way: a restart of its unit drops connections, and so wants a reason."""
    return operation("proxy.restart", reason=why, container=place.name)


def caddy(survey: Survey, place: Place) -> Iterator[Failing]:
    """Its unit runs, and its admin API answers."""
    down = tuple(running(survey, place))
    if down:
        again = _restart(place, "it does not run")
        yield from (replace(one, remedy=again) if _restarts(one) else one for one in down)
        return
    said, profile = survey.answers.get((RUNNING, place.name)), survey.profile
    if isinstance(said, NotFound):
        message = f"Caddy runs, and does not answer at {profile.proxy_admin}"
        remedy = _restart(place, "its admin API does not answer")
        yield Failing(f"{place.name} {profile.proxy_unit}", message, (said.why,), remedy)
    elif isinstance(said, GbtuiError):
        raise said


def _restarts(failing: Failing) -> bool:
    return failing.remedy is not None and failing.remedy.operation == "services.restart"


def coredns(survey: Survey, place: Place) -> Iterator[Failing]:
    """Its unit runs, and it answers at least one of many questions."""
    down = tuple(running(survey, place))
    if down:
        yield from down
        return
    look, unit = survey.of(DNS, place), survey.profile.dns_unit
    if look.silent:
        seen = tuple(f"{zone}: no answer at 127.0.0.1" for zone in look.answers)
        message = "CoreDNS runs, and answers no question"
        remedy = operation("services.restart", container=place.name, unit=unit)
        yield Failing(f"{place.name} {unit}", message, seen, remedy)


CHECKS = (
    Check(
        id="proxy.running",
        items=(6, 16),
        sentence="systemd runs Caddy, and its admin API answers",
        severity=Severity.ERROR,
        scope=PROXY,
        needs=(Need(SERVICES, PROXY), Need(RUNNING, PROXY)),
        judge=caddy,
        remedy="proxy.restart",
        certain=False,
    ),
    Check(
        id="dns.running",
        items=(11, 18),
        sentence="systemd runs CoreDNS, and it answers",
        severity=Severity.ERROR,
        scope=NAMES,
        needs=(Need(SERVICES, NAMES), Need(DNS, NAMES)),
        judge=coredns,
        remedy="services.restart",
        certain=False,
    ),
)
