"""An incident by keystrokes: begun, noted on, repaired meanwhile, ended, exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from screens.app import CockpitApp
from screens.incident import IncidentScreen
from screens.runbook import RunbookScreen
from tests.ui.screen_stage import (
    NARROW,
    WIDE,
    AppPilot,
    cockpit,
    demo,
    screen_text,
    see,
    session,
    toasts,
    until,
)


async def begun(app: CockpitApp, pilot: AppPilot, title: str = "bots are slow") -> IncidentScreen:
    await until(pilot, lambda: app.session.checks().reading.value is not None)
    await pilot.press("i")
    await see(app, pilot, "What do users see?")
    await pilot.press(*title.replace(" ", "_"), "enter")
    await until(pilot, lambda: isinstance(app.screen, IncidentScreen))
    assert isinstance(app.screen, IncidentScreen)
    return app.screen


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_from_its_begin_to_its_export(tmp_path: Path, size: tuple[int, int]) -> None:
    of = session(tmp_path / "journal", faults=["valkey-loopback"])
    async with cockpit(of, size) as (app, pilot):
        await begun(app, pilot)
        await see(app, pilot, "bots_are_slow", "finding rang", "loopback")
        await pilot.press("n")
        await see(app, pilot, "A note for the timeline")
        await pilot.press(*"seen[/]", "enter")
        await see(app, pilot, "seen[/]", "alice@laptop" if size == WIDE else "note")
        await pilot.press("m")
        await see(app, pilot, "It is …", "the cause is known")
        await pilot.press("enter")
        await see(app, pilot, "diagnosed after")
        await pilot.press("q")
        await see(app, pilot, "incident", "(i)")
        await pilot.press("Q")
        await see(app, pilot, "the incident “bots_are_slow” runs on")
        await pilot.press("escape", "i")
        await see(app, pilot, "seen[/]")
        await pilot.press("e")
        await see(app, pilot, "What was it?")
        await pilot.press(*"a_rule", "enter")
        await see(app, pilot, "ended ")
        await pilot.press("n")
        await until(pilot, lambda: "has ended" in toasts(app))
        file = tmp_path / "x.md"
        await pilot.press("x")
        await see(app, pilot, "Export to which file?")
        await pilot.press(*str(file), "enter")
        await until(pilot, file.exists)
        assert file.read_text("utf-8").startswith("# bots\\_are\\_slow\n")
        await pilot.press("escape", "i")
        await see(app, pilot, "Begin an incident", "bots_are_slow")


async def test_an_operation_lands_on_the_timeline(tmp_path: Path) -> None:
    of = session(tmp_path, faults=["valkey-loopback"])
    async with cockpit(of, WIDE) as (app, pilot):
        await begun(app, pilot)
        await pilot.press("q", "3", "a")
        await see(app, pilot, "Accept loopback")
        await pilot.press("enter")
        await see(app, pilot, "iptables -w -I INPUT 1 -i lo -j ACCEPT", "services-restart")
        await pilot.press("w", "w", "y")
        await see(app, pilot, "K keep")
        await pilot.press("K")
        await see(app, pilot, "done and verified")
        await pilot.press("escape", "i")
        await see(app, pilot, "operation begin", "operation done", "finding cleared")
        await see(app, pilot, "diagnosed after", "repaired after", "verified after")


async def test_another_operators_incident_is_joined(tmp_path: Path) -> None:
    host = demo()
    other = session(tmp_path / "other", host)
    await other.incidents.begin("the site is down")
    of = session(tmp_path / "mine", host)
    async with cockpit(of, NARROW) as (app, pilot):
        await see(app, pilot, "incident", "(i)")
        await pilot.press("i")
        await see(app, pilot, "the site is down", "begin")
        await other.incidents.end("over")
        await pilot.press("R")
        await see(app, pilot, "ended ")
        assert of.incidents.current is None


async def test_a_note_without_an_incident_says_how_to_begin_one(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path), WIDE) as (app, pilot):
        await pilot.press("r")
        await see(app, pilot, "Runbooks")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunbookScreen))
        await pilot.press("n")
        await until(pilot, lambda: "i begins one" in toasts(app))
        assert "A note for" not in screen_text(app)
