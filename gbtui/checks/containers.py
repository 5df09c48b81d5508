"""Containers: they run, one of each role, with an address, doing their work (items 6-15)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks import containers_own, containers_ports
from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.containers_asks import ROLE
from gbtui.checks.scopes import PROBED
from gbtui.errors import MissingTool
from gbtui.facts.survey import EVERY, HOST, Need, Place, Survey

_NOT_THERE = 127
LOOK = "look at the unit of the role in its container (systemctl status), then restart it"


def _purpose(survey: Survey, place: Place) -> str:
    return next((role.purpose for role in survey.profile.roles if role.name == place.role), place.name)


def _running(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None or one.running or not place.role:
        return
    remedy = operation("containers.start", container=one.name)
    message = f"{_purpose(survey, place)}: the container is {one.state.lower()}"
    yield Failing(one.name, message, (f"state {one.state}",), remedy)


def _complete(survey: Survey, place: Place) -> Iterator[Failing]:
    profile = survey.profile
    tenants = sorted({one.tenant for one in survey.containers if one.role})
    for tenant in tenants:
        roles = {one.role for one in survey.containers if one.tenant == tenant and one.role}
        for role in profile.roles:
            if role.name not in roles:
                found = (f"found: {', '.join(sorted(roles))}",)
                yield Failing(profile.instance(tenant, role.name), f"no container for {role.purpose}", found)
    if not tenants:
        yield Failing("containers", f"no instance is named {profile.instance('<tenant>', '<role>')}")


def _address(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None or not one.running or not place.role or one.ipv4:
        return
    seen = tuple(f"{card} {family} {address}" for card, family, address in one.network)
    message = f"{one.name} runs without an IPv4 address"
    remedy = operation("containers.restart", container=one.name)
    yield Failing(one.name, message, seen or ("LXD sees no address of it",), remedy)


def _answers(survey: Survey, place: Place) -> Iterator[Failing]:
    purpose = _purpose(survey, place)
    for answers in survey.of(ROLE, place):
        if any(answer.status == 0 for answer in answers):
            continue
        if all(answer.status == _NOT_THERE for answer in answers):
            raise MissingTool(f"probe of {place.name}", why=answers[0].words)
        seen = tuple(answer.words for answer in answers)
        yield Failing(place.name, f"{purpose} does not do its work", seen, by_hand(LOOK))


RUNNING = Check(
    id="containers.running",
    items=(6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    sentence="each of the ten containers of a tenant runs",
    severity=Severity.ERROR,
    scope=EVERY,
    needs=(),
    judge=_running,
    remedy="containers.start",
)
COMPLETE = Check(
    id="containers.complete",
    items=(6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    sentence="a tenant has one container of each role",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(),
    judge=_complete,
    remedy="create the container as the guide says, or choose the profile that fits this host",
)
ADDRESS = Check(
    id="containers.address",
    items=(14,),
    sentence="a container that runs has an IPv4 address",
    severity=Severity.ERROR,
    scope=EVERY,
    needs=(),
    judge=_address,
    remedy="containers.restart",
    certain=False,
)
ANSWERS = Check(
    id="containers.role-answers",
    items=(8, 9, 12, 13, 14, 15),
    sentence="what a container is there for does its work, by its own probe",
    severity=Severity.ERROR,
    scope=PROBED,
    needs=(Need(ROLE, PROBED),),
    judge=_answers,
    remedy=LOOK,
    certain=False,
)
CHECKS = (RUNNING, COMPLETE, ADDRESS, ANSWERS, *containers_ports.CHECKS, *containers_own.CHECKS)
