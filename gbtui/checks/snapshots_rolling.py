"""Rolling snapshots: taken daily, kept a week, by something that runs by itself (item 84)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.host_asks import FACTS
from gbtui.checks.snapshots_asks import FIGURES, STORAGE, dataset_of
from gbtui.facts.host import HostFacts
from gbtui.facts.snapshots_rhythm import Rhythm, rhythm
from gbtui.facts.survey import HOST, Need, Place, Survey

SUBJECT = "rolling snapshots"
INSTALL = operation("snapshots.install-rolling")
_SANOID = "sanoid.timer"


def _rhythms(survey: Survey) -> dict[str, tuple[str, Rhythm]]:
    """By instance: its dataset and its rhythm. Only those with a role, on ZFS."""
    pools, figures = survey.of(STORAGE), survey.of(FIGURES)
    keep = timedelta(days=survey.profile.keep_days)
    found = {}
    for one in survey.containers:
        dataset = dataset_of(one, pools) if one.role else ""
        if dataset:
            found[one.name] = dataset, rhythm(figures.of(dataset), keep, figures.at)
    return found


def _daily(survey: Survey, place: Place) -> Iterator[Failing]:
    now, longest = survey.of(FIGURES).at, timedelta(hours=survey.profile.rolling_hours)
    rhythms, facts = _rhythms(survey), survey.of(FACTS)
    young = {one.name for one in survey.containers if one.created and now - one.created < longest}
    late = [
        f"{name}: {_ago(own.newest, now)}"
        for name, (_, own) in rhythms.items()
        if name not in young and (own.newest is None or now - own.newest > longest)
    ]
    if late:
        hours = survey.profile.rolling_hours
        message = f"{len(late)} of {len(rhythms)} containers have no rolling snapshot of the last {hours} h"
        yield Failing(SUBJECT, message, tuple(late), _again(facts))


def _ago(at: datetime | None, now: datetime) -> str:
    return "none at all" if at is None else f"the newest is of {at:%Y-%m-%d %H:%M} ({(now - at).days} d ago)"


def _again(facts: HostFacts) -> Remedy:
    """Where something is there to take them, why it does not is the question."""
    if not scheduled(facts):
        return INSTALL
    what = ", ".join(entry.partition(":")[0] for entry in scheduled(facts))
    return by_hand(f"look why it does not run, in the journal: {what}")


def scheduled(facts: HostFacts) -> tuple[str, ...]:
    """What takes snapshots by itself: lines of cron, and timers that are on."""
    units = {entry.partition(":")[0].rpartition("/")[2] for entry in facts.timer_lines}
    timers = [unit.removesuffix(".service") + ".timer" for unit in sorted(units)]
    on = [unit for name in (*timers, _SANOID) if (unit := facts.unit(name)) and unit.active == "active"]
    return (*facts.cron, *(f"{unit.name}: {unit.active}, {unit.enabled}" for unit in on))


def _scheduled(survey: Survey, place: Place) -> Iterator[Failing]:
    facts = survey.of(FACTS)
    own = [one for one in survey.containers if one.role]
    without = [one.name for one in own if not dict(one.config).get("snapshots.schedule")]
    if scheduled(facts) or (own and not without):
        return
    seen = [*facts.timer_lines, "no cron file takes snapshots, no timer of one that does is on"]
    seen += [f"snapshots.schedule is not set on {', '.join(without)}"]
    yield Failing(SUBJECT, "nothing takes snapshots by itself", tuple(seen), INSTALL)


def _retention(survey: Survey, place: Place) -> Iterator[Failing]:
    keep = survey.profile.keep_days
    old = [(name, own.overdue) for name, (_, own) in _rhythms(survey).items() if own.overdue]
    if not old:
        return
    count = sum(len(rows) for _, rows in old)
    seen = [f"{name}: {len(rows)}, the oldest {rows[0].name}" for name, rows in old]
    remedy = operation("snapshots.prune", keep=f"{keep}d")
    message = f"{count} rolling snapshots are older than {keep} d"
    yield Failing(SUBJECT, message, tuple(seen), remedy)


DAILY = Check(
    id="snapshots.daily",
    items=(84,),
    sentence="every container has a rolling snapshot of the last day",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FIGURES), Need(STORAGE), Need(FACTS)),
    judge=_daily,
    remedy="snapshots.install-rolling",
)
SCHEDULED = Check(
    id="snapshots.scheduled",
    items=(84,),
    sentence="something takes the rolling snapshots by itself",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FACTS),),
    judge=_scheduled,
    remedy="snapshots.install-rolling",
    departs="the guide wants cron: a timer that is on, or LXD's own schedule, serves as well",
)
RETENTION = Check(
    id="snapshots.retention",
    items=(84,),
    sentence="rolling snapshots are kept a week, not longer",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FIGURES), Need(STORAGE)),
    judge=_retention,
    remedy="snapshots.prune",
)
CHECKS = (DAILY, SCHEDULED, RETENTION)
