"""Containers: what is privileged, whose files /opt/gbo holds, whose mounts they have (21, 22, 25, 76, 90)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.containers_asks import OWNERS
from gbtui.checks.scopes import SYSTEM
from gbtui.facts.containers_mounts import crossing, mounts
from gbtui.facts.survey import EVERY, Need, Place, Survey

_NOBODY, _SHIFTED_FROM = 65534, 100_000
"""Owners that are nobody's here: the kernel's word for one without a name, and uids of a shifted range."""


def _privileged(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    must = next((role.privileged for role in survey.profile.roles if role.name == place.role), False)
    if one is None or not must:
        return
    if not one.privileged:
        value = dict(one.config).get("security.privileged", "unset")
        remedy = operation("containers.set-privileged", container=one.name, value="true")
        message = f"{one.name} is not privileged: botserver cannot own {survey.profile.root}"
        yield Failing(one.name, message, (f"security.privileged: {value}",), remedy)
    elif one.running and survey.of(OWNERS, place).shifted:
        remedy = operation("containers.restart", container=one.name)
        seen = ("security.privileged: true", "/proc/self/uid_map inside is shifted")
        yield Failing(one.name, f"{one.name} was not restarted since it was made privileged", seen, remedy)


def _owners(survey: Survey, place: Place) -> Iterator[Failing]:
    one, gbo = survey.container(place.name), survey.of(OWNERS, place)
    if one is None or not one.privileged or gbo.shifted:
        return  # the check of the privilege says so
    shifted = [own for own in gbo.owned if own.uid == _NOBODY or own.uid >= _SHIFTED_FROM]
    closed = [own for own in gbo.owned if not own.writable and own not in shifted]
    seen = [f"{own.path}: uid {own.uid}" for own in shifted] + [f"{own.path}: not writable" for own in closed]
    if seen:
        remedy = by_hand(
            f"chown what the evidence shows inside {one.name} to whom the files beside it belong"
        )
        paths = ", ".join(own.path for own in (*shifted, *closed)[:3])
        yield Failing(place.name, f"{paths} belongs to nobody that botserver could be", tuple(seen), remedy)
    if not gbo.owned:
        message = f"there is no {survey.profile.root}"
        yield Failing(place.name, message, (), by_hand("look at the mounts of the container"))


def _mounts(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None:
        return
    runner = place.role == survey.profile.runner_role
    # where the runner shares something, it is the runner's mount that has to go
    others = [other for other in survey.containers if runner or other.role != survey.profile.runner_role]
    for disk in mounts(one):
        why = crossing(one, disk, others, survey.profile.tenants)
        if not why:
            continue
        brought = f"by profile {disk.origin}" if disk.origin else "its own device"
        seen = (f"{disk.name}: {disk.source} at {disk.path} ({brought})", why)
        remedy = operation("containers.remove-mount", container=one.name, device=disk.name)
        severity = Severity.ERROR if runner else Severity.WARNING
        yield Failing(
            f"{one.name} {disk.name}", "it mounts another container's files", seen, remedy, severity
        )


PRIVILEGED = Check(
    id="containers.system-privileged",
    items=(21,),
    sentence="the system container is privileged, in its configuration and in effect",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(OWNERS, SYSTEM),),
    judge=_privileged,
    remedy="containers.set-privileged",
)
GBO_OWNED = Check(
    id="containers.gbo-owned",
    items=(22,),
    sentence="/opt/gbo belongs to uids of the system container, and root there may write it",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(OWNERS, SYSTEM),),
    judge=_owners,
    remedy="chown what is shifted to whom the files beside it belong",
)
OWN_MOUNTS = Check(
    id="containers.no-cross-mounts",
    items=(25, 76, 90),
    sentence="no container mounts another's files, the CI runner least of all",
    severity=Severity.ERROR,
    scope=EVERY,
    needs=(),
    judge=_mounts,
    remedy="containers.remove-mount",
    departs="the guide's loop counts root disks and misses what profiles bring: LXD's expanded devices are "
    "looked at, and whose files their sources are",
)
CHECKS = (PRIVILEGED, GBO_OWNED, OWN_MOUNTS)
