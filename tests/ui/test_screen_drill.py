"""A newcomer's way at 80×24: the demo says what it is, offers a drill, and a runbook leads to the repair."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.runbooks.drills import find_drill
from screens.app import CockpitApp
from screens.drill import DrillScreen
from screens.runbook import RunbookScreen
from tests.ui.screen_stage import NARROW, WIDE, AppPilot, cockpit, screen_text, see, session, toasts, until


async def begin(app: CockpitApp, pilot: AppPilot) -> DrillScreen:
    """By the keys that are on the screen: d, and the first of the list."""
    await pilot.press("d")
    await see(app, pilot, "Practise: what users say", "os error 110")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, DrillScreen))
    assert isinstance(app.screen, DrillScreen)
    return app.screen


async def test_a_newcomer_is_led_to_the_repair(tmp_path: Path) -> None:
    of = session(tmp_path)
    async with cockpit(of, NARROW) as (app, pilot):
        await see(app, pilot, "DEMO")
        await begin(app, pilot)
        await see(app, pilot, "users say", "os error 110", "nothing here is real", "runbooks: walkthroughs")
        assert "firewall" not in screen_text(app).lower(), "the cause is not told"
        await until(pilot, lambda: of.incidents.current and "rang" in str(of.incidents.current.entries))
        await pilot.press("r")
        await see(app, pilot, "Runbooks", "a finding leads here")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunbookScreen))
        await see(app, pilot, "1/5 Is loopback cut off?")
        await pilot.press("enter")
        await see(app, pilot, "2/5 Accept loopback")
        await pilot.press("enter")
        await see(app, pilot, "iptables -w -I INPUT 1 -i lo -j ACCEPT")
        await pilot.press("w", "w", "y")
        await see(app, pilot, "verified", "K keep")
        await pilot.press("K")
        await see(app, pilot, "done and verified")
        await pilot.press("escape")
        await see(app, pilot, "3/5 Does Valkey answer?")
        await until(pilot, lambda: of.practice is not None and of.practice.over is not None)
        await until(pilot, lambda: "repaired: 100 of 100 points" in toasts(app))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, DrillScreen))
        await see(app, pilot, "100 of 100 points", "0 mistakes", "items 31, 32")


async def test_hints_cost_and_giving_up_ends_it(tmp_path: Path) -> None:
    of = session(tmp_path)
    async with cockpit(of, WIDE) as (app, pilot):
        await begin(app, pilot)
        await pilot.press("h")
        await see(app, pilot, "1 hint", "Look at the findings")
        await pilot.press("h")
        await see(app, pilot, "2 hints", "The runbook for it is")
        await pilot.press("a")
        await until(pilot, lambda: "not over" in toasts(app))
        await pilot.press("g")
        await see(app, pilot, "given up: 0 of 100 points", "it was      valkey-loopback")
        await pilot.press("i")
        await see(app, pilot, "given up: 0 of 100 points", "hint 2")
        await pilot.press("q")
        await pilot.press("a")
        await see(app, pilot, "Practise: what users say")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_drill_that_was_asked_for_begins_by_itself(tmp_path: Path, size: tuple[int, int]) -> None:
    app = CockpitApp(session(tmp_path), drill=find_drill("mail-stopped"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DrillScreen))
        await see(app, pilot, "no mail arrives")
        await pilot.press("q")
        await see(app, pilot, "drill", "(d)")
        await pilot.press("Q")
        await see(app, pilot, "a drill is under way")


async def test_the_simulated_host_says_what_it_is(tmp_path: Path) -> None:
    app = CockpitApp(session(tmp_path), greets=True)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await until(pilot, lambda: "d practises an incident" in toasts(app))
        await see(app, pilot, "d practises an incident")
