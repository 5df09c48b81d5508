"""Nothing flickers: what rings when, since when, and what clears it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gbtui.checks.base import Check, Failing, Judged, Unknown
from gbtui.checks.containers import RUNNING
from gbtui.checks.inspector import Inspector
from gbtui.checks.waivers import Waiver
from gbtui.checks.watch import Watch, from_json, to_json
from gbtui.demo.host import DemoHost
from gbtui.errors import Malformed
from gbtui.facts.survey import Place
from gbtui.facts.surveyor import Surveyor
from gbtui.profiles import load

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DNS = Place("acme-dns", "dns", "acme")
UNLUCKY = replace(RUNNING, certain=False)


def fails(check: Check) -> Judged:
    failing = ((check, DNS, Failing("acme-dns", "stopped")),)
    return Judged(failing, (), frozenset({(check.id, DNS.name)}))


def holds(check: Check) -> Judged:
    return Judged((), (), frozenset({(check.id, DNS.name)}))


def unread(check: Check) -> Judged:
    return Judged((), (Unknown(check, DNS.name, "timed out"),), frozenset())


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_a_certain_finding_rings_at_once_and_clears_when_it_holds() -> None:
    watch = Watch()
    assert [one.since for one in watch.take(fails(RUNNING), AT).findings] == [AT]
    assert [one.since for one in watch.take(fails(RUNNING), later(1)).findings] == [AT]
    assert watch.take(holds(RUNNING), later(2)).findings == ()
    assert [one.since for one in watch.take(fails(RUNNING), later(3)).findings] == [later(3)]


def test_an_uncertain_one_rings_the_second_time_with_the_first_times_since() -> None:
    watch = Watch()
    first = watch.take(fails(UNLUCKY), AT)
    assert (first.findings, len(first.pending)) == ((), 1)
    assert [one.since for one in watch.take(fails(UNLUCKY), later(1)).findings] == [AT]


def test_one_unlucky_probe_between_good_ones_never_rings() -> None:
    watch = Watch()
    for minute in range(0, 20, 2):
        assert watch.take(fails(UNLUCKY), later(minute)).findings == ()
        assert watch.take(holds(UNLUCKY), later(minute + 1)).findings == ()


def test_what_cannot_be_read_clears_nothing() -> None:
    watch = Watch()
    watch.take(fails(RUNNING), AT)
    report = watch.take(unread(RUNNING), later(1))
    assert [one.since for one in report.findings] == [AT]
    assert [one.why for one in report.unknown] == ["timed out"]


def test_since_outlives_a_start() -> None:
    watch = Watch()
    watch.take(fails(UNLUCKY), AT)
    watch.take(fails(UNLUCKY), later(1))
    again = Watch(from_json(to_json(watch.state())), [UNLUCKY])
    assert [one.since for one in again.take(fails(UNLUCKY), later(9)).findings] == [AT]


def test_what_cannot_be_read_after_a_start_is_still_told_with_its_own_words_and_survives_the_next() -> None:
    watch = Watch()
    watch.take(fails(RUNNING), AT)
    for minute in (1, 2):  # nobody can read it in two starts in a row
        watch = Watch(from_json(to_json(watch.state())), [RUNNING])
        ((told,), unknown) = (report := watch.take(unread(RUNNING), later(minute))).findings, report.unknown
        assert (told.since, told.severity, told.failing.message) == (AT, RUNNING.severity, "stopped")
        assert "an earlier look" in told.failing.evidence[0]
        assert [one.why for one in unknown] == ["timed out"]
    assert watch.take(holds(RUNNING), later(3)).findings == ()
    assert watch.state() == ()


def test_a_finding_of_a_check_that_is_no_more_is_left_behind() -> None:
    watch = Watch()
    watch.take(fails(RUNNING), AT)
    assert Watch(watch.state(), [replace(RUNNING, id="containers.other")]).state() == ()


@pytest.mark.parametrize(
    "text", ['[{"check": "a"}]', "[1]", "1", '[{"check": "a", "subject": "b", "since": ""}]']
)
def test_a_file_that_is_none_is_said_to_be(text: str) -> None:
    with pytest.raises(Malformed):
        from_json(json.loads(text))


async def test_a_finding_goes_with_its_container_but_not_when_nobody_knows_what_there_is() -> None:
    host = DemoHost(faults=["container-stop"])
    inspector = Inspector(Surveyor(host, load(), "acme"), [RUNNING])
    assert [one.failing.subject for one in (await inspector.round()).findings] == ["acme-webmail"]
    host.inject("lxd-down")
    assert [one.failing.subject for one in (await inspector.round()).findings] == ["acme-webmail"]
    host.undo("lxd-down")
    del host.state.instances["acme-webmail"]
    assert (await inspector.round()).findings == ()


def test_a_waived_finding_is_told_apart_until_its_last_day_is_over() -> None:
    waiver = Waiver("containers.running", "acme-*", "moved away", "ops", date(2026, 11, 23))
    watch = Watch()
    report = watch.take(fails(RUNNING), AT, (waiver,))
    assert (report.findings, [why for _, why in report.waived]) == ((), [waiver.words])
    told = watch.take(fails(RUNNING), AT + timedelta(days=1), (waiver,)).findings
    assert [one.lapsed for one in told] == [waiver.words]


def test_worst_and_oldest_come_first() -> None:
    old = replace(RUNNING, id="containers.old")
    both = Judged((*fails(RUNNING).failing, *fails(old).failing), (), frozenset())
    watch = Watch()
    watch.take(fails(old), AT)
    assert [one.check.id for one in watch.take(both, later(1)).findings] == [
        "containers.old",
        "containers.running",
    ]
