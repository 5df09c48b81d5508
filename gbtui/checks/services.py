"""Services: botserver and botui run, as systemd started them, healthy and current (36–44, 51, 61–63)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.firewall import cuts_loopback
from gbtui.checks.scopes import SYSTEM
from gbtui.checks.services_asks import SERVICES, live, needs_curl, needs_ss, port_of
from gbtui.errors import TimedOut
from gbtui.facts.services import Listener
from gbtui.facts.services_live import Live, Services
from gbtui.facts.survey import Need, Place, Survey
from gbtui.profiles import Profile, Service

JUST_STARTED = 600.0
"""Seconds after a start within which systemd's own restarts count as flapping."""
SKEW = 2.0
"""Seconds by which a file may be younger than the process that was started for it."""
_LOCAL = ("localhost", "127.0.0.1", "::1")


# What judges share


def _strangers(found: Services, service: Service) -> list[Listener]:
    """Who holds the service's port and is not of its unit."""
    port = port_of(service)
    return [one for one in found.holders if one.port == port and one.unit != service.unit]


def _flaps(found: Services, one: Live) -> bool:
    """It ends and systemd starts it again, now or a short while ago. An old count alone is history."""
    waits = one.state.sub == "auto-restart"
    young = one.since is None or found.at - one.since < JUST_STARTED
    return waits or (one.state.restarts > 1 and young)


def _state(one: Live) -> tuple[str, ...]:
    state = one.state
    return (
        f"LoadState={state.load} ActiveState={state.active} SubState={state.sub}",
        f"Result={one.result} NRestarts={state.restarts}",
    )


def _clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Judges


def running(survey: Survey, place: Place) -> Iterator[Failing]:
    """Each unit of the place: known to systemd, active, not ending again and again."""
    found = survey.of(SERVICES, place)
    for service, one in live(survey, place):
        subject, seen = f"{place.name} {service.unit}", _state(one)
        look = f"lxc exec {place.name} -- journalctl -u {service.unit} -n 50 says why"
        if one.state.load == "masked":
            words = f"lxc exec {place.name} -- systemctl unmask {service.unit}, once you know who masked it"
            yield Failing(subject, f"{service.name}: its unit is masked", seen, by_hand(words))
        elif one.state.load != "loaded":
            words = f"give {place.name} its {service.unit}, or choose the profile that fits this host"
            yield Failing(subject, f"{service.name}: systemd knows no such unit", seen, by_hand(words))
        elif _strangers(found, service):
            continue
        elif _flaps(found, one):
            message = f"{service.name} ends and systemd restarts it, {one.state.restarts} times so far"
            yield Failing(subject, message, seen, by_hand(look))
        elif not one.runs:
            remedy = operation("services.restart", container=place.name, unit=service.unit)
            yield Failing(subject, f"{service.name} does not run: {one.state.active}", seen, remedy)


def owner(survey: Survey, place: Place) -> Iterator[Failing]:
    """Who listens on a service's port is of its unit."""
    found = survey.of(SERVICES, place)
    needs_ss(found, place)
    for service, _ in live(survey, place):
        for one in _strangers(found, service):
            of = f"of {one.unit}" if one.unit else "started by hand"
            who = f"process {one.pid} ({one.program}, user {one.user}) {of}"
            if not one.pid:
                who = "a process outside the container"
            end = f"lxc exec {place.name} -- kill {one.pid}, then " if one.pid and not one.unit else ""
            again = f"{end}gbtui apply services.restart container={place.name} unit={service.unit}"
            yield Failing(
                f"{place.name} port {one.port}",
                f"{service.name}'s port {one.port} is not held by {service.unit}: a restart changes nothing",
                (who,),
                by_hand(again),
            )


def health(survey: Survey, place: Place) -> Iterator[Failing]:
    """Each health URL answers 200, unless another check already says why it cannot."""
    found = survey.of(SERVICES, place)
    needs_curl(found, place)
    for service, one in live(survey, place):
        explained = not one.runs or _flaps(found, one) or _strangers(found, service)
        if not service.health:
            continue
        code = found.health.get(service.health)
        if code is None:
            raise TimedOut(f"health of {service.name}", why=f"{service.health} was not asked in time")
        if code == "200" or explained or cuts_loopback(survey, place):
            continue
        said = "does not answer" if code == "000" else f"answers {code}"
        since = "" if one.started is None else f"{service.unit} runs since {_clock(one.started)}"
        remedy = operation("services.restart", container=place.name, unit=service.unit)
        yield Failing(
            f"{place.name} {service.name}",
            f"{service.name} {said} at {service.health}",
            tuple(filter(None, (f"{service.health}: {code}", since))),
            remedy,
        )


def current(survey: Survey, place: Place) -> Iterator[Failing]:
    """What runs is the program that lies there."""
    for service, one in live(survey, place):
        newer = one.changed is not None and one.started is not None and one.changed > one.started + SKEW
        if not one.runs or not (one.replaced or newer):
            continue
        seen = [f"{service.unit} executes {one.program}{' (deleted)' if one.replaced else ''}"]
        seen += [f"process started {_clock(one.started)}"] if one.started is not None else []
        seen += [f"file written {_clock(one.changed)}"] if one.changed is not None else []
        remedy = operation("services.restart", container=place.name, unit=service.unit)
        message = f"{service.name} still runs the program of before: it was not restarted since"
        yield Failing(f"{place.name} {service.unit}", message, tuple(seen), remedy)


def botserver_url(survey: Survey, place: Place) -> Iterator[Failing]:
    """botui reaches botserver on loopback: in the process that runs, and in the one to come."""
    for service, one in live(survey, place):
        if service.name != "botui" or one.state.load != "loaded":
            continue
        wrong = (
            []
            if not one.runs or _right(one.now, survey.profile, place)
            else [f"running with {_shown(one.now)}"]
        )
        wrong += [] if _right(one.later, survey.profile, place) else [f"next start with {_shown(one.later)}"]
        if wrong:
            remedy = operation("services.set-botserver-url", container=place.name)
            message = "botui does not reach botserver on loopback: WebSockets close before TALK runs"
            yield Failing(f"{place.name} {service.unit}", message, tuple(wrong), remedy)


def _right(url: str, profile: Profile, place: Place) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    ports = [port_of(one) for one in profile.services_of(place.role) if one.name == "botserver"]
    return parts.scheme == "http" and parts.hostname in _LOCAL and port in ports and "@" not in parts.netloc


def _shown(url: str) -> str:
    """The value without the name and password that may stand in it."""
    if not url:
        return "no BOTSERVER_URL"
    scheme, sep, rest = url.partition("://")
    return (
        f"BOTSERVER_URL={scheme}{sep}…@{rest.rpartition('@')[2]}" if "@" in rest else f"BOTSERVER_URL={url}"
    )


_NEEDS = (Need(SERVICES, SYSTEM),)

RUNNING = Check(
    id="services.running",
    items=(7, 36, 51, 61, 62, 92),
    sentence="systemd knows and runs botserver and botui, and they do not end again and again",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=_NEEDS,
    judge=running,
    remedy="services.restart",
    certain=False,
)
OWNER = Check(
    id="services.owner",
    items=(36, 61, 62),
    sentence="who listens on 5858 and 5859 is what systemd started as system.service and ui.service",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=_NEEDS,
    judge=owner,
    remedy="end the process that systemd did not start, then services.restart",
    certain=False,
    departs="`systemctl status` says what systemd started, not who answers: upstream also starts botserver "
    "by hand, and such a copy outlives every restart of the unit",
)
HEALTH = Check(
    id="services.health",
    items=(7, 36, 61, 62),
    sentence="botserver and botui answer 200 at their health URLs",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=_NEEDS,
    judge=health,
    remedy="services.restart",
    certain=False,
)
CURRENT = Check(
    id="services.current",
    items=(43, 44, 51),
    sentence="a service has been restarted since its binary was replaced",
    severity=Severity.WARNING,
    scope=SYSTEM,
    needs=_NEEDS,
    judge=current,
    remedy="services.restart",
    departs="the guide waits ten minutes: the running process is compared with the file instead",
)
BOTSERVER_URL = Check(
    id="services.botserver-url",
    items=(63,),
    sentence="botui's BOTSERVER_URL is botserver on loopback, over plain HTTP",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=_NEEDS,
    judge=botserver_url,
    remedy="services.set-botserver-url",
    departs="the guide looks into ui.service: drop-ins and environment files beat it, so the environment "
    "of the running process counts, and that of its next start",
)
CHECKS = (RUNNING, OWNER, HEALTH, CURRENT, BOTSERVER_URL)
