"""A runbook walked by keystrokes: from the finding to verified, left and gone on with, skipped, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.checks.containers import RUNNING
from gbtui.checks.firewall import LOOPBACK
from gbtui.demo.host import DemoHost
from gbtui.runbooks import course
from gbtui.runbooks.catalog import find
from gbtui.runbooks.walk import begin
from screens.app import CockpitApp
from screens.choose import ChoiceList, Choose
from screens.findings import FindingsScreen
from screens.plan import PlanScreen
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
        assert await app.session.walks.unfinished() == (screen.walk,)


def shelved(host: DemoHost) -> bytes:
    """The walks that are on the host's shelf."""
    files = host.state.host.files
    return b"".join(one.data for path, one in files.items() if path.startswith("/var/lib/gbtui/walks/"))


async def test_another_operator_takes_over_and_is_told_whose_it_is(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path / "one", host)) as (app, pilot):
        screen = await walking(app, pilot)
        await pilot.press("enter")
        await at(pilot, screen, "accept")
        await until(pilot, lambda: b"accept" in shelved(host))
    async with cockpit(session(tmp_path / "two", host)) as (app, pilot):
        await pilot.press("r")
        await see(app, pilot, "Runbooks", "left by alice@laptop at: Accept loopback")
        await pilot.press("escape")
        again = await walking(app, pilot)
        assert again.walk == screen.walk
        assert f"going on with the walk of {again.walk.started} begun by alice@laptop" in toasts(app)


async def test_a_host_that_does_not_take_the_walk_is_told_of_and_stops_nothing(tmp_path: Path) -> None:
    of = session(tmp_path, read_only="started with --read-only")
    async with cockpit(of) as (app, pilot):
        screen = await walking(app, pilot)
        await pilot.press("enter")
        await at(pilot, screen, "does-valkey-answer")
        await see(app, pilot, "▲ kept only here: started with --read-only", "Does Valkey answer?")
        assert "kept only here: read-only: started with --read-only" in toasts(app)


async def test_a_walk_that_does_not_fit_any_more_is_begun_anew_and_said(tmp_path: Path) -> None:
    of = session(tmp_path)
    await of.walks.save(replace(begin(find("valkey-timeout"), "demo", {"container": "-rf"}), at="accept"))
    async with cockpit(of) as (app, pilot):
        screen = await walking(app, pilot)
        assert (screen.walk.at, screen.walk.values) == ("cut-off", {"container": "acme-system"})
        assert "cannot go on with the walk of" in toasts(app)


async def test_what_somebody_else_does_meanwhile_is_not_done_again(tmp_path: Path) -> None:
    host = demo()
    of, book = session(tmp_path / "one", host), find("valkey-timeout")
    async with cockpit(of) as (app, pilot):
        screen = await walking(app, pilot)
        await pilot.press("enter")
        await at(pilot, screen, "does-valkey-answer")
        other = session(tmp_path / "two", host).walks
        (theirs,) = await other.unfinished()
        theirs = course.skipped(theirs, book, book.step(theirs.at), "done by hand", "bob")
        await other.save(theirs)
        await pilot.press("enter")
        await until(pilot, lambda: "bob has gone on with it meanwhile" in toasts(app))
        assert screen.walk.at == "does-valkey-answer"
        await pilot.press("q")
        again = await walking(app, pilot)
        assert again.walk == theirs
