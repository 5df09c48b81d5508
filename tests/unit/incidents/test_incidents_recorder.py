"""What notes itself while an incident runs: operations, findings, bans, drift and walks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gbtui.checks.base import Check, Failing, Finding, Report
from gbtui.checks.catalog import CHECKS
from gbtui.checks.drift import Change
from gbtui.demo.host import DemoHost
from gbtui.facts.bans_types import Ban, Bans, Jail
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.hosts.shelf import Shelf
from gbtui.incidents.book import Incidents
from gbtui.incidents.recorder import Recorder
from gbtui.incidents.types import Entry
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from gbtui.runbooks.catalog import find as find_runbook
from gbtui.runbooks.walk import Record, begin
from tests.unit.guard.rig import Answers

NOW = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
LOOPBACK = next(check for check in CHECKS if check.id == "firewall.loopback-first")


def book(host: DemoHost, by: str = "anna") -> Incidents:
    return Incidents(host.name, Shelf(host, "incidents"), by, directory=None)


class Scene:
    """A demo host, one operator's incidents and recorder, and an engine that both witness."""

    def __init__(self, host: DemoHost, tmp_path: Path, by: str = "anna") -> None:
        self.host = host
        self.incidents = book(host, by)
        self.engine = Engine(host, Journal(tmp_path / by), user=by)
        self.recorder = Recorder(self.incidents, self.engine.story)
        self.engine.witnesses.append(self.recorder)

    async def told(self, kind: str) -> list[Entry]:
        """The entries of a kind that another operator reads on the host."""
        await self.recorder.close()
        seen = await book(self.host, "reader").look()
        return [one for one in seen.entries if one.kind == kind] if seen else []

    async def words(self, kind: str) -> list[tuple[str, str]]:
        return [(one.word, one.subject) for one in await self.told(kind)]


@pytest.fixture
async def scene(tmp_path: Path) -> Scene:
    made = Scene(DemoHost(faults=("valkey-loopback",)), tmp_path)
    await made.incidents.begin("Valkey times out")
    return made


def found(check: Check, subject: str, since: datetime) -> Finding:
    return Finding(check, Failing(subject, "loopback is cut off", ("-A INPUT -j DROP",)), since)


def report(at: datetime, *findings: Finding) -> Report:
    return Report(at, findings)


async def test_an_operation_is_noted_with_its_commands_and_how_it_ended(scene: Scene) -> None:
    words = {"container": "acme-system"}
    plan = await find("firewall.accept-loopback").plan(Context(scene.host, load()), words)
    outcome = await scene.engine.apply(
        plan, Answers(acknowledged=tuple(v.guard for v in plan.warnings), keeps="keep")
    )
    assert outcome.result == "done"
    begun, done = await scene.told("operation")
    assert (begun.word, done.word, begun.subject, done.subject) == ("begin", "done", outcome.id, outcome.id)
    assert begun.lines[0] == "firewall.accept-loopback container=acme-system"
    assert "acme-system $ iptables -w -I INPUT 1 -i lo -j ACCEPT" in begun.lines
    assert done.lines[1:] == tuple(f"● {step.title}" for step in plan.steps)


async def test_what_a_guard_refused_is_noted_too(scene: Scene) -> None:
    plan = await find("containers.remove-port").plan(
        Context(scene.host, load()), {"container": "acme-proxy", "device": "port-443"}
    )
    assert (await scene.engine.apply(plan, Answers())).result == "refused"
    (entry,) = await scene.told("operation")
    assert (entry.word, entry.subject) == ("refused", "")
    assert "443" in entry.title


async def test_where_no_incident_runs_nothing_is_noted(tmp_path: Path) -> None:
    scene = Scene(DemoHost(), tmp_path)
    plan = await find("containers.remove-port").plan(
        Context(scene.host, load()), {"container": "acme-proxy", "device": "port-443"}
    )
    await scene.engine.apply(plan, Answers())
    scene.recorder.report(report(NOW, found(LOOPBACK, "acme-system", NOW)))
    scene.recorder.drifted([change(NOW)])
    scene.recorder.walked(begin(find_runbook("valkey-timeout"), "demo", {"container": "acme-system"}))
    await scene.recorder.close()
    assert await scene.incidents.all() == ()


async def test_findings_ring_and_clear_once_whoever_sees_them(scene: Scene, tmp_path: Path) -> None:
    other = Scene(scene.host, tmp_path, "ben")
    await other.incidents.look()
    assert scene.incidents.current is not None
    start, since = scene.incidents.current.started, scene.incidents.current.started - timedelta(minutes=4)
    one, subject = found(LOOPBACK, "acme-system", since), "firewall.loopback-first acme-system"
    for recorder in (scene.recorder, other.recorder):
        recorder.report(report(start + timedelta(seconds=1), one))
    assert await scene.words("finding") == [("rang", subject)]
    assert (await scene.told("finding"))[0].at == since
    await other.recorder.close()
    await other.incidents.look()
    other.recorder.report(report(start + timedelta(seconds=40)))
    await other.recorder.close()
    scene.recorder.report(report(start + timedelta(seconds=50)))
    assert await scene.words("finding") == [("rang", subject), ("cleared", subject)]


async def test_an_older_report_of_another_clears_nothing(scene: Scene, tmp_path: Path) -> None:
    assert scene.incidents.current is not None
    start = scene.incidents.current.started
    scene.recorder.report(report(start + timedelta(seconds=5), found(LOOPBACK, "acme-system", start)))
    await scene.recorder.close()
    other = Scene(scene.host, tmp_path, "ben")
    await other.incidents.look()
    other.recorder.report(report(start + timedelta(seconds=6)))
    await other.recorder.close()
    assert [word for word, _ in await scene.words("finding")] == ["rang"]
    other.recorder.report(report(start + timedelta(minutes=2)))
    await other.recorder.close()
    assert [word for word, _ in await scene.words("finding")] == ["rang", "cleared"]


async def test_bans_of_before_are_no_news(scene: Scene) -> None:
    def bans(*addresses: str) -> Bans:
        return Bans((Jail("acme-proxy", "caddy-http-flood", tuple(Ban(one, 60.0) for one in addresses)),))

    at = datetime.now(UTC)
    scene.recorder.bans(bans("203.0.113.7"), at)
    scene.recorder.bans(bans("203.0.113.7", "198.51.100.9"), at)
    scene.recorder.bans(bans("198.51.100.9"), at)
    assert await scene.words("ban") == [
        ("banned", "acme-proxy caddy-http-flood 198.51.100.9"),
        ("lifted", "acme-proxy caddy-http-flood 203.0.113.7"),
    ]


def change(at: datetime) -> Change:
    return Change(at, at, "rules", "acme-system", "iptables", ("-A INPUT -j DROP",), ())


async def test_drift_of_the_incidents_time_is_noted_once(scene: Scene) -> None:
    assert scene.incidents.current is not None
    start = scene.incidents.current.started
    changes = [change(start + timedelta(seconds=3)), change(start - timedelta(hours=1))]
    scene.recorder.drifted(changes)
    scene.recorder.drifted(changes)
    (entry,) = await scene.told("drift")
    assert (entry.title, entry.lines) == ("acme-system: rules", ("+ -A INPUT -j DROP",))


async def test_steps_of_a_walk_are_noted_as_they_end(scene: Scene) -> None:
    walk = begin(find_runbook("valkey-timeout"), "demo", {"container": "acme-system"})
    now = datetime.now(UTC).isoformat()
    old = Record("served", "done", "2026-01-01T00:00:00+00:00")
    walk = walk.recorded(old, "cut-off")
    walk = walk.recorded(Record("cut-off", "begun", now, "ben"), "cut-off")
    scene.recorder.walked(walk)
    walk = walk.recorded(Record("cut-off", "done", now, "ben", "it fails", ("DROP at 1",)), "accept")
    scene.recorder.walked(walk)
    scene.recorder.walked(walk)
    (entry,) = await scene.told("step")
    assert (entry.by, entry.word, entry.subject) == ("ben", "done", "valkey-timeout cut-off")
    assert entry.title == "Valkey times out: Is loopback cut off?"
    assert entry.lines == ("it fails", "DROP at 1")
