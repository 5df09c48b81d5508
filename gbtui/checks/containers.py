"""Containers: they run, one of each role for every tenant (items 6-15)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.base import Check, Failing, Severity, operation
from gbtui.facts.survey import EVERY, HOST, Place, Survey


def _running(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None or one.running or not place.role:
        return
    purpose = next(role.purpose for role in survey.profile.roles if role.name == place.role)
    remedy = operation("containers.start", container=one.name)
    yield Failing(
        one.name, f"{purpose}: the container is {one.state.lower()}", (f"state {one.state}",), remedy
    )


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
CHECKS = (RUNNING, COMPLETE)
