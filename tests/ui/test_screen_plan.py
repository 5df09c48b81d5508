"""From `a` to the journal by keystrokes: what approves, what does not, keep, revert, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.hosts import Command, inside
from screens.app import CockpitApp
from screens.plan import PlanScreen
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

LOOPBACK = "-A INPUT -i lo -j ACCEPT"


async def rules(host: DemoHost) -> str:
    """The rules of the system container as they are."""
    completed = await host.run(inside("acme-system", Command(("iptables", "-S", "INPUT"))))
    return completed.stdout.decode()


def records(journal: Path) -> list[str]:
    """What the journal holds, by kind."""
    return [record.record for record in Journal(journal).entries()]


async def open_plan(app: CockpitApp, pilot: AppPilot) -> PlanScreen:
    """From the firewall pane to the plan of the first operation."""
    await pilot.press("3", "a")
    await see(app, pilot, "What to do with acme-system", "Accept loopback")
    await pilot.press("enter")
    await see(app, pilot, "Accept loopback in acme-system", "Cancel")
    assert isinstance(app.screen, PlanScreen)
    screen = app.screen
    await until(pilot, lambda: screen.stage == "asking")
    return screen


async def acknowledge(screen: PlanScreen, pilot: AppPilot) -> None:
    for _ in screen.plan.warnings:
        await pilot.press("w")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_incident_is_repaired_and_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host), size) as (app, pilot):
        screen = await open_plan(app, pilot)
        assert "iptables -w -I INPUT 1 -i lo -j ACCEPT" in screen_text(app)
        await acknowledge(screen, pilot)
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "keep")
        await see(app, pilot, "verified", "K keep")
        assert screen.pending
        await pilot.press("K")
        await see(app, pilot, "done and verified", "Close")
        assert (await rules(host)).splitlines()[1] == LOOPBACK
        assert records(tmp_path)[0] == "begin"
        assert records(tmp_path)[-1] == "end"
        assert "keep" in records(tmp_path)
        await pilot.press("enter")
        await see(app, pilot, "3 firewall", "-i lo -j ACCEPT")
        await until(pilot, lambda: "✖" not in screen_text(app).splitlines()[0])


async def test_revert_now_puts_the_rules_back(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await open_plan(app, pilot)
        await acknowledge(screen, pilot)
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "keep")
        await pilot.press("R")
        await see(app, pilot, "reverted")
        assert LOOPBACK not in await rules(host)
        assert "reverted" in records(tmp_path)


async def test_leaving_while_armed_says_so_and_asks(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await open_plan(app, pilot)
        await acknowledge(screen, pilot)
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "keep")
        await pilot.press("q")
        await see(app, pilot, "still armed", "L leave")
        await pilot.press("Q")
        await see(app, pilot, "Leaving does not stop", "Stay")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("L")
        await until(pilot, lambda: screen.stage == "ended")
        assert LOOPBACK in await rules(host)
        await pilot.press("q", "J")
        await see(app, pilot, "armed", "Accept loopback in acme-system")
        await pilot.press("K")
        await see(app, pilot, "kept")


@pytest.mark.parametrize("keys", [("enter",), ("a", "a"), ("Y",), ("space",), ("enter", "enter")])
async def test_nothing_but_y_approves(tmp_path: Path, keys: tuple[str, ...]) -> None:
    """Enter is on Cancel; the key that opened the plan does nothing; nor does a key repeated."""
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await open_plan(app, pilot)
        await acknowledge(screen, pilot)
        await pilot.press(*keys)
        await pilot.pause()
        assert screen.stage != "running"
        assert not app.operator.pending
        assert LOOPBACK not in await rules(host)
        assert records(tmp_path) == []


async def test_y_before_the_warnings_were_read_does_nothing(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await open_plan(app, pilot)
        assert screen.plan.warnings
        await pilot.press("y")
        await pilot.pause()
        assert screen.stage == "asking"
        assert "warning 1 of" in screen_text(app)
        await pilot.press("escape")
        await see(app, pilot, "3 firewall")
        assert records(tmp_path) == []


async def test_read_only_shows_the_operation_with_its_reason(tmp_path: Path) -> None:
    of = session(tmp_path, faults=["valkey-loopback"], read_only="started with --read-only")
    async with cockpit(of) as (app, pilot):
        await pilot.press("3", "a")
        await see(app, pilot, "Accept loopback", "not now: read-only: started with --read-only")
        await pilot.press("escape")
        # Whoever asks all the same is refused by the engine, in the same words.
        app.operator.start("firewall.accept-loopback", {"container": "acme-system"})
        await see(app, pilot, "refused: read-only: started with --read-only", "Close")
        await pilot.press("y")
        await pilot.pause()
        assert records(tmp_path) == []


async def test_already_right_is_a_noop_in_words(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        app.operator.start("firewall.accept-loopback", {"container": "acme-system"})
        await see(app, pilot, "nothing to do", "Close")
        assert records(tmp_path) == []


async def test_bad_input_is_said_in_words(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        app.operator.start("firewall.accept-loopback", {"container": "no/such"})
        await until(pilot, lambda: "bad-input" in toasts(app))
        app.operator.start("firewall.no-such", {})
        await until(pilot, lambda: "firewall.no-such" in toasts(app))
        assert app.is_running


async def test_diff_and_commands_to_copy(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, faults=["valkey-loopback"])) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("d")
        await see(app, pilot, f"+{LOOPBACK}")
        await pilot.press("c")
        await until(pilot, lambda: "lxc exec acme-system" in app.clipboard)
        assert "iptables -w -I INPUT 1 -i lo -j ACCEPT" in app.clipboard


async def test_undo_from_the_journal_goes_through_a_plan(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await open_plan(app, pilot)
        await acknowledge(screen, pilot)
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "keep")
        await pilot.press("K")
        await until(pilot, lambda: screen.stage == "ended")
        await pilot.press("q", "J")
        await see(app, pilot, "Accept loopback in acme-system", "kept", "step-done 1")
        await pilot.press("u")
        await see(app, pilot, "Undo: Accept loopback in acme-system", "Cancel")
        undo = app.screen
        assert isinstance(undo, PlanScreen)
        await until(pilot, lambda: undo.stage in {"asking", "ended"})
        assert LOOPBACK in await rules(host)
        await acknowledge(undo, pilot)
        await pilot.press("y")
        await until(pilot, lambda: undo.stage == "keep")
        await pilot.press("K")
        await until(pilot, lambda: undo.stage == "ended")
        assert LOOPBACK not in await rules(host)
