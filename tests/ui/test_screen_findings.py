"""The findings by keystrokes: what is wrong and why, the way to its remedy, and accepting it for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.checks.base import Failing as Fails
from gbtui.checks.base import Finding, Report, Severity, Unknown, by_hand
from gbtui.checks.containers import COMPLETE, RUNNING
from gbtui.checks.firewall import LOOPBACK
from gbtui.facts.reading import Reading, State
from gbtui.session import Session
from screens import findings_words
from screens.app import CockpitApp
from screens.details import DetailsScreen
from screens.findings import FindingsScreen
from screens.plan import PlanScreen
from screens.troubles import told_in, worst_first
from tests.ui.screen_stage import (
    NARROW,
    WIDE,
    AppPilot,
    cockpit,
    screen_text,
    see,
    session,
    toasts,
    until,
)
from widgets.findings_rows import rows_of

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
BOTH = ("valkey-loopback", "container-stop")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three checks, so that these tests are about the screen and not about the catalogue."""
    monkeypatch.setattr("gbtui.session.CHECKS", (RUNNING, COMPLETE, LOOPBACK))


async def opened(app: CockpitApp, pilot: AppPilot) -> FindingsScreen:
    """The findings screen, after a round."""
    await until(pilot, lambda: app.session.checks().reading.value)
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, FindingsScreen) and app.screen.pane.reading.value)
    assert isinstance(app.screen, FindingsScreen)
    return app.screen


def finding(severity: Severity, subject: str, minute: int = 0) -> Finding:
    failing = Fails(subject, "is not so", ("seen [/] this",), by_hand("look"), severity)
    return Finding(LOOPBACK, failing, AT.replace(minute=minute))


def report(*found: Finding, **more: object) -> Report:
    counted = {one: sum(f.severity is one for f in found) for one in Severity}
    return replace(Report(AT, found, counted=counted), **more)  # type: ignore[arg-type] # fields of a report


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_worst_first_with_evidence_and_the_guides_words(tmp_path: Path, size: tuple[int, int]) -> None:
    async with cockpit(session(tmp_path, faults=BOTH), size) as (app, pilot):
        screen = await opened(app, pilot)
        seen = await see(app, pilot, "findings 2", "2 error", "✖ error", "acme-webmail", "state Stopped")
        assert "gbtui plan containers.start container=acme-webmail" in seen
        assert "each of the ten containers" in seen
        await pilot.press("j")
        await see(app, pilot, "--dport 6379 -j DROP", "guide 32", "departs from the guide")
        row = screen.pane.selected
        assert row is not None
        assert row.subject == "acme-system"
        await pilot.press("q")
        await see(app, pilot, "1 containers" if size == WIDE else "1 cont")


async def test_the_strip_says_it_on_every_screen_and_forgets_it_when_it_is_gone(tmp_path: Path) -> None:
    of = session(tmp_path, faults=["container-stop"])
    async with cockpit(of) as (app, pilot):
        await opened(app, pilot)
        for key in ("", "question_mark"):
            await pilot.press(*[key] * bool(key))
            await until(pilot, lambda: "✖ 1" in screen_text(app).splitlines()[0])
            assert "acme-webmail: Roundcube" in screen_text(app).splitlines()[0]
        await pilot.press("escape")
        of.host.undo("container-stop")  # type: ignore[attr-defined] # it is the demo host
        await pilot.press("R")
        await see(app, pilot, "● everything is as the guide says · checked", " ago")
        assert "✖" not in screen_text(app).splitlines()[0]


async def test_enter_opens_the_plan_and_the_finding_goes(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, faults=["container-stop"])) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.stage == "asking")
        plan = app.screen
        assert isinstance(plan, PlanScreen)
        assert plan.plan.operation == "containers.start"
        for _ in plan.plan.warnings:
            await pilot.press("w")
        await pilot.press("y")
        await until(pilot, lambda: plan.stage == "ended")
        await pilot.press("q")
        await see(app, pilot, "everything is as the guide says")
        assert app.screen is screen


async def test_a_finding_is_waived_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "waivers.toml"
    monkeypatch.setenv("GBTUI_WAIVERS", str(file))
    async with cockpit(session(tmp_path, faults=["container-stop"]), NARROW) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("w")
        await see(app, pilot, "Accept this finding for a while", "reason", "until", "alice@laptop")
        await pilot.press("enter")
        await see(app, pilot, "reason: expected")
        await pilot.press(*"moved away", "enter", *"2020-01-01", "enter")
        await see(app, pilot, "it is over")
        await pilot.press(*["backspace"] * 10, *"2999-12-31", "enter", "enter")
        await see(app, pilot, "all else is as the guide says", "waived 1", "◌ waived")
        assert "✖" not in screen_text(app).splitlines()[0]
        assert 'reason = "moved away"' in file.read_text()
        assert 'subject = "acme-webmail"' in file.read_text()
        await pilot.press("G")
        await see(app, pilot, "waived: moved away (alice@laptop, until 2999-12-31)")
        await pilot.press("w")
        await until(pilot, lambda: "waived already" in toasts(app))
        file.write_text("[[waiver]]\nreason = ''\n")
        await pilot.press("R")
        await until(pilot, lambda: "waivers.toml, line 1" in str(app.session.waivers.error))
        await see(app, pilot, "findings 0", "? 1", f"? {str(file)[:30]}")


async def test_the_cursor_stays_on_its_finding_while_others_come_and_go(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path), NARROW) as (app, pilot):
        screen = await opened(app, pilot)
        some = [finding(Severity.WARNING, name) for name in ("a", "b", "c")]

        async def shown(*found: Finding) -> None:
            value = report(*found)
            screen.pane.show(Reading(State.OK, value, AT))
            await until(pilot, lambda: screen.pane.table.total == len(found))

        await shown(*some)
        await pilot.press("j")
        await shown(finding(Severity.ERROR, "new"), *some)
        assert (screen.pane.table.cursor, screen.pane.table.selected) == (2, screen.pane.table.rows[2])
        await see(app, pilot, "▲ b: is not so")
        await shown(some[1], some[2])
        assert screen.pane.table.cursor == 0
        await see(app, pilot, "▲ b: is not so")
        await shown(some[2])
        await see(app, pilot, "▲ c: is not so")


async def test_headings_are_passed_over_in_words(tmp_path: Path) -> None:
    of = session(tmp_path)
    async with cockpit(of) as (app, pilot):
        screen = await opened(app, pilot)
        failing = report(pending=(finding(Severity.ERROR, "acme-dns"),))
        screen.pane.show(Reading(State.OK, failing, AT))
        await see(app, pilot, "nothing else is known to be wrong", "pending 1")
        await pilot.press("enter", "w")
        await until(pilot, lambda: "select a finding first" in toasts(app))
        await pilot.press("G", "enter")
        await until(pilot, lambda: "by hand: look" in toasts(app))
        await pilot.press("d")
        await see(app, pilot, "Evidence", "seen [/] this", "told when it fails again")
        assert isinstance(app.screen, DetailsScreen)


async def test_what_is_not_known_is_neither_well_nor_silent(tmp_path: Path) -> None:
    """LXD does not answer: what hangs on it is unknown, in words; the strip does not say quiet."""
    async with cockpit(session(tmp_path, faults=["lxd-down"]), NARROW, ready=False) as (app, pilot):
        await until(pilot, lambda: app.session.checks().reading.value)
        await pilot.press("f")
        await see(app, pilot, "findings", "? unknown", "LXD (GET /1.0/instances)")
        assert "everything is as the guide says" not in screen_text(app)
        assert "?" in screen_text(app).splitlines()[0]


def test_the_sections_stand_in_order_and_unknowns_share_a_row() -> None:
    dark = tuple(Unknown(check, "acme-dns", "it is stopped") for check in (RUNNING, LOOPBACK))
    other = Unknown(COMPLETE, "host", "no answer")
    shown = rows_of(
        report(
            finding(Severity.ERROR, "a"),
            unknown=(*dark, other),
            waived=((finding(Severity.WARNING, "b"), "known"),),
            pending=(finding(Severity.WARNING, "c"),),
        )
    )
    assert [(row.kind, row.subject, row.message.partition(" ·")[0]) for row in shown] == [
        ("finding", "a", "is not so"),
        ("heading", "", "pending 1"),
        ("pending", "c", "is not so"),
        ("heading", "", "unknown 3"),
        ("unknown", "acme-dns", "it is stopped"),
        ("unknown", "host", "no answer"),
        ("heading", "", "waived 1"),
        ("waived", "b", "is not so"),
    ]
    assert [row.remedy for row in shown if row.kind == "unknown"] == ["2 checks", "containers.complete"]
    assert len({row.key for row in shown}) == len(shown)


def test_the_strips_words_are_the_reports() -> None:
    found = report(finding(Severity.ERROR, "a", 3), finding(Severity.NOTICE, "n"), unknown=())
    told = dict(told_in(Reading(State.OK, found, AT)))
    assert [(one.role, one.words, told[one]) for one in worst_first(told)] == [
        ("error", "a: is not so", AT.replace(minute=3))
    ]
    assert [one.role for one, _ in told_in(Reading())] == ["unknown"]


def test_an_expired_waiver_is_said() -> None:
    row = rows_of(report(replace(finding(Severity.ERROR, "a"), lapsed="known (alice, until 2026-01-01)")))[0]
    assert "expired: known (alice" in findings_words.told(row).plain
    assert ("waiver expired", "known (alice, until 2026-01-01)") in findings_words.groups(row)[0][1]


@pytest.mark.parametrize(("items", "shown"), [((6, 7, 8, 32), "6–8, 32"), ((5, 6), "5, 6"), ((), "")])
def test_item_numbers_are_short(items: tuple[int, ...], shown: str) -> None:
    assert findings_words.numbers(items) == shown


def test_a_session_of_the_demo_host_keeps_waivers_to_itself(tmp_path: Path) -> None:
    of: Session = session(tmp_path)
    assert of.waivers.path is None
