"""The guards hold by key and by palette: a refusal runs by no key; one to be typed only by its text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from gbtui.guard.journal import Journal
from gbtui.operations.base import Operation
from screens import actions_menu, palette
from screens.app import CockpitApp
from screens.choose import ChoiceList
from screens.plan import PlanScreen
from tests.ui.screen_stage import AppPilot, cockpit, demo, screen_text, see, session, toasts, until
from tests.ui.test_screen_plan import records, rules
from tests.unit.operations import guarded

BOX = "acme-system"
TEXT = f"yes {BOX}"
Route = Callable[[CockpitApp, AppPilot, Operation], Awaitable[None]]


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded.install(monkeypatch, actions_menu, palette)


async def choose(app: CockpitApp, pilot: AppPilot, option: str) -> None:
    """Enter on the line with that id."""
    choices = app.screen.query_one(ChoiceList)
    choices.highlighted = choices.get_option_index(option)
    await pilot.press("enter")


async def by_key(app: CockpitApp, pilot: AppPilot, operation: Operation) -> None:
    await pilot.press("3", "a")
    await see(app, pilot, "What to do with acme-system", operation.title)
    await choose(app, pilot, f"{actions_menu.OPERATION}{operation.id}")


async def by_palette(app: CockpitApp, pilot: AppPilot, operation: Operation) -> None:
    await pilot.press("colon")
    await pilot.press(*("space" if letter == " " else letter for letter in operation.title), "enter")
    await see(app, pilot, f"{operation.title}: where?")
    await choose(app, pilot, BOX)


async def planned(app: CockpitApp, pilot: AppPilot, stage: str) -> PlanScreen:
    await until(pilot, lambda: isinstance(app.screen, PlanScreen))
    screen = app.screen
    assert isinstance(screen, PlanScreen)
    await until(pilot, lambda: screen.stage == stage and screen.seen_at is not None)
    return screen


@pytest.mark.parametrize("route", [by_key, by_palette])
async def test_a_refusal_runs_by_no_key(tmp_path: Path, route: Route) -> None:
    host = demo()
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        await route(app, pilot, guarded.REFUSED)
        screen = await planned(app, pilot, "ended")
        await see(app, pilot, "refused", "it would cut everybody off")
        assert not screen.query(Input)
        await pilot.press("w", "y", "Y", "space", "K", "y")
        await pilot.pause()
        assert screen.stage == "ended"
        assert guarded.SPEC not in await rules(host)
        assert records(tmp_path) == []


@pytest.mark.parametrize("route", [by_key, by_palette])
async def test_one_that_may_be_typed_runs_only_by_its_text(tmp_path: Path, route: Route) -> None:
    host = demo()
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        await route(app, pilot, guarded.UNLESS_TYPED)
        screen = await planned(app, pilot, "asking")
        assert "everybody uses it" in screen_text(app)
        assert f"type {TEXT} to override" in screen_text(app)
        field = screen.query_one("#typed", Input)
        await pilot.press("w", "y")
        await until(pilot, lambda: "refused by only-typed" in toasts(app))
        for wrong in (BOX, TEXT.upper(), f"{TEXT} "):
            field.value = wrong
            screen.action_approve()
            assert screen.stage == "asking"
        assert guarded.SPEC not in await rules(host)
        assert records(tmp_path) == []
        field.value = TEXT
        screen.set_focus(None)
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "ended")
        assert screen.outcome is not None
        assert screen.outcome.result == "done", screen.outcome.message
        assert guarded.SPEC in await rules(host)
        assert Journal(tmp_path).entries()[0].data["overridden"] == ["only-typed"]
