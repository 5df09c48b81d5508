"""Drills: what is told of them, the score of a timeline, the hints, and one from its begin to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gbtui.demo.faults import FAULTS
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.hosts.shelf import Shelf
from gbtui.incidents import watch
from gbtui.incidents.book import Incidents
from gbtui.incidents.practice import Practice
from gbtui.incidents.score import FULL, HINT, MINUTE, MISTAKE, hints, score
from gbtui.incidents.timeline import merged
from gbtui.incidents.types import Entry, Incident, Kind
from gbtui.runbooks.catalog import runbooks
from gbtui.runbooks.drills import drills, find_drill
from gbtui.runbooks.symptoms import SYMPTOMS
from gbtui.runbooks.types import Runbook

START = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
VALKEY = find_drill("valkey-loopback")


def test_every_runbook_has_a_drill_and_every_drill_a_symptom() -> None:
    every = drills()
    assert {one.book.id for one in every} == {book.id for book in runbooks()[0]}
    assert {one.id for one in every} == set(SYMPTOMS)
    assert all(one.items == FAULTS[one.id].items and one.items for one in every)


def test_no_symptom_tells_the_cause() -> None:
    told = [id_ for id_, symptom in SYMPTOMS.items() if FAULTS[id_].title.lower() in symptom.lower()]
    assert told == []
    names = ("DROP", "loopback", "acl", "BOTSERVER_URL", "proxy device", "privileged", "sealed", "HUP")
    assert [(id_, name) for id_, words in SYMPTOMS.items() for name in names if name in words] == []


def test_a_drill_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="valkey-loopback"):
        find_drill("nosuch")


def at(seconds: float, kind: Kind, word: str = "", subject: str = "", *lines: str) -> Entry:
    moment = START + timedelta(seconds=seconds)
    return Entry(f"{kind} {seconds}", moment, "anna", kind, word, subject, f"{kind} {subject}", lines)


RANG = at(1, "finding", "rang", "firewall.loopback-first acme-system")
CLEARED = at(90, "finding", "cleared", "firewall.loopback-first acme-system")
REPAIR = (
    at(60, "operation", "begin", "1", "firewall.accept-loopback container=acme-system"),
    at(80, "operation", "done", "1"),
)


def story(*entries: Entry) -> Incident:
    return Incident("20260318T140000Z-0000", "demo", merged((at(0, "begin"), *entries)))


def scored(
    *entries: Entry, given: int = 0, given_up: bool = False, after: float = 100
) -> tuple[bool, int, int]:
    now = START + timedelta(seconds=after)
    found = score(story(*entries), VALKEY.book, hints=given, given_up=given_up, now=now)
    return found.repaired, found.points, len(found.mistakes)


def test_a_straight_repair_has_every_point() -> None:
    assert scored(RANG, *REPAIR, CLEARED) == (True, FULL, 0)
    assert scored(RANG, *REPAIR, CLEARED, after=9999) == (True, FULL, 0), "the time of the repair counts"


def test_hints_mistakes_and_time_cost_points() -> None:
    other = at(30, "operation", "begin", "2", "containers.restart container=acme-system")
    refused = at(35, "operation", "refused", "", "no")
    mine = at(40, "finding", "rang", "services.running acme-system")
    calmed = at(45, "finding", "cleared", "services.running acme-system")
    assert scored(RANG, *REPAIR, CLEARED, given=2) == (True, FULL - 2 * HINT, 0)
    assert scored(RANG, other, refused, mine, calmed, *REPAIR, CLEARED) == (True, FULL - 3 * MISTAKE, 3)
    assert scored(RANG, after=300 + 185) == (False, FULL - 3 * MINUTE, 0)
    assert scored(RANG, given_up=True) == (False, 0, 0)
    assert scored(RANG, given=99)[1] == 0


def test_nothing_is_repaired_before_something_rang() -> None:
    assert scored()[0] is False


def test_what_rang_on_a_real_host_before_it_does_not_keep_a_drill_from_its_end() -> None:
    old = at(-900, "finding", "rang", "host.release host")
    fault = at(-5, "finding", "rang", "firewall.loopback-first acme-system")
    assert scored(old)[0] is False, "nothing of the drill rang"
    assert scored(old, RANG)[0] is False
    assert scored(old, RANG, *REPAIR, CLEARED) == (True, FULL, 0)
    assert scored(old, fault)[0] is False
    assert scored(old, fault, *REPAIR, CLEARED) == (True, FULL, 0), "its own, put in before it began"


@pytest.mark.parametrize("book", runbooks()[0], ids=lambda book: book.id)
def test_hints_lead_to_what_repairs_it(book: Runbook) -> None:
    given = hints(book)
    assert len(given) == len(set(given)) >= 3
    assert any(book.title in one for one in given)
    operations = [step.operation for step in book.steps if step.operation]
    assert all(any(operation in one for one in given) for operation in operations)
    assert not any(operation in given[0] for operation in operations)


async def test_a_drill_from_its_begin_to_its_end() -> None:
    host = DemoHost(faults=(VALKEY.id,))
    incidents = Incidents(host.name, Shelf(host, "incidents"), "anna", directory=None)
    practice = Practice(VALKEY, incidents)
    assert practice.score() is None
    await practice.begin()
    assert not practice.repaired
    first = await practice.hint()
    assert first in hints(VALKEY.book)
    assert await practice.hint() != first
    subject = "firewall.loopback-first acme-system"
    await incidents.add(watch.entry("finding", "anna", "x", word="rang", subject=subject))
    assert not practice.repaired
    await incidents.add(watch.entry("finding", "anna", "x", word="cleared", subject=subject))
    assert practice.repaired
    found = await practice.end()
    assert found is not None
    assert (found.repaired, found.hints, found.points) == (True, 2, FULL - 2 * HINT)
    assert not practice.repaired
    assert await incidents.look() is None
    (kept,) = await incidents.all()
    assert kept.end is not None
    assert kept.end.title == f"repaired: {found.points} of 100 points"
    assert await practice.hint() == ""


async def test_who_gives_up_has_no_point() -> None:
    host = DemoHost(faults=(VALKEY.id,))
    practice = Practice(VALKEY, Incidents(host.name, Shelf(host, "incidents"), "anna", directory=None))
    await practice.begin()
    found = await practice.end(given_up=True)
    assert found is not None
    assert (found.repaired, found.points) == (False, 0)
    assert practice.over is not None


async def test_a_drill_whose_incident_another_ends_is_over() -> None:
    """Or whose own end was written, and its answer lost: the score is that of its timeline."""
    host = DemoHost(faults=(VALKEY.id,))
    incidents = Incidents(host.name, Shelf(host, "incidents"), "anna", directory=None)
    practice = Practice(VALKEY, incidents)
    await practice.begin()
    await Incidents(host.name, Shelf(host, "incidents"), "ben", directory=None).end("mine now")
    await incidents.look()
    assert practice.over is not None
    found = practice.score()
    assert found is not None
    assert not found.repaired
    await incidents.begin("the next")
    await incidents.end("and its end")
    assert practice.timeline is not None
    assert practice.timeline.title == f"Drill: {VALKEY.title}"
