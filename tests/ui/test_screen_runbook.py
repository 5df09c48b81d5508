"""A runbook walked by keystrokes: from the finding to verified, left and gone on with, skipped, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.checks.containers import RUNNING
from gbtui.checks.firewall import LOOPBACK
from gbtui.runbooks.walk import Walks
from screens.app import CockpitApp
from screens.choose import ChoiceList, Choose
from screens.findings import FindingsScreen
from screens.plan import PlanScreen
from screens.runbook import RunbookScreen
from tests.ui.screen_stage import NARROW, WIDE, AppPilot, cockpit, screen_text, session, until


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("gbtui.session.CHECKS", (RUNNING, LOOPBACK))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


async def walking(app: CockpitApp, pilot: AppPilot) -> RunbookScreen:
    """The screen of the runbook for Valkey, chosen among those offered."""
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    offered = app.screen.query_one(ChoiceList)
    wanted = offered.get_option_index("valkey-timeout")
    await pilot.press(*["j"] * (wanted - (offered.highlighted or 0)))
    await until(pilot, lambda: offered.highlighted == wanted)
    assert "Valkey times out" in screen_text(app)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, RunbookScreen))
    assert isinstance(app.screen, RunbookScreen)
    return app.screen


async def at(pilot: AppPilot, screen: RunbookScreen, step: str) -> None:
    await until(pilot, lambda: screen.walk.at == step and not screen._doing)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_from_the_finding_to_verified(tmp_path: Path, size: tuple[int, int]) -> None:
    of = session(tmp_path, faults=("valkey-loopback",))
    async with cockpit(of, size, ready=False) as (app, pilot):
        await until(pilot, lambda: app.opened and app.session.checks().reading.value)
        await pilot.press("f")
        await until(
            pilot, lambda: isinstance(app.screen, FindingsScreen) and app.screen.pane.selected is not None
        )
        screen = await walking(app, pilot)
        assert "Is loopback cut off?" in screen_text(app)
        await pilot.press("enter")
        await at(pilot, screen, "accept")
        assert "--dport 6379 -j DROP" in "\n".join(screen.walk.records[-1].output)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.stage == "asking")
        plan = app.screen
        assert isinstance(plan, PlanScreen)
        await until(pilot, lambda: plan.seen_at is not None)
        for _ in plan.plan.warnings:
            await pilot.press("w")
        await pilot.press("y")
        await until(pilot, lambda: plan.stage == "keep")
        await pilot.press("K")
        await at(pilot, screen, "does-valkey-answer")
        await pilot.press("q")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("enter")
        await at(pilot, screen, "served")
        assert "PONG" in screen.walk.records[-1].output
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: screen.walk.ended)
        assert "the end of Valkey times out" in screen_text(app)
    assert [one.state for one in screen.walk.records if one.state != "begun"] == ["done"] * 4


async def test_left_and_gone_on_with_at_the_same_step(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, faults=("valkey-loopback",))) as (app, pilot):
        screen = await walking(app, pilot)
        await pilot.press("enter")
        await at(pilot, screen, "accept")
        await pilot.press("q")
        await until(pilot, lambda: app.screen is app.root)
        again = await walking(app, pilot)
        assert (again.walk.id, again.walk.at) == (screen.walk.id, "accept")


async def test_a_step_is_skipped_with_a_reason_and_the_walk_goes_back(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        screen = await walking(app, pilot)
        await pilot.press("s")
        await pilot.press(*"known", "enter")
        await at(pilot, screen, "accept")
        assert (screen.walk.records[-1].state, screen.walk.records[-1].note) == ("skipped", "known")
        await pilot.press("enter")
        await at(pilot, screen, "does-valkey-answer")
        assert screen.walk.records[-1].state == "not-applicable"
        await pilot.press("b")
        await at(pilot, screen, "accept")
    (kept,) = Walks("demo").unfinished()
    assert kept == screen.walk
