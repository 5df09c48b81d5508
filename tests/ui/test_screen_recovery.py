"""What an earlier run left behind is shown first, with the ways out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval, Event
from gbtui.hosts import Command, inside
from gbtui.session import Session
from screens.plan import PlanScreen
from screens.recovery import RecoveryScreen
from tests.ui.screen_stage import NARROW, WIDE, cockpit, demo, see, session, until

LOOPBACK = "-A INPUT -i lo -j ACCEPT"


class Died(BaseException):
    """Stands for the process that ends in the middle: nothing after it is run or written."""


class Yes:
    """An approver that says yes to everything and keeps nothing."""

    async def approve(self, plan: Plan) -> Approval:
        return Approval(True, "alice@laptop", tuple(v.guard for v in plan.warnings))

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        return "leave"


async def interrupted(of: Session, phase: str, step: int) -> None:
    """Run the first operation and die at one transition of it."""

    def die(event: Event) -> None:
        if (event.phase, event.step) == (phase, step):
            raise Died

    plan = await of.plan("firewall.accept-loopback", {"container": "acme-system"})
    with pytest.raises(Died):
        await of.apply(plan, Yes(), die)
    await of.close()


async def rules(host: DemoHost) -> str:
    completed = await host.run(inside("acme-system", Command(("iptables", "-S", "INPUT"))))
    return completed.stdout.decode()


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_an_unfinished_operation_is_shown_first(tmp_path: Path, size: tuple[int, int]) -> None:
    host = demo("valkey-loopback")
    await interrupted(session(tmp_path, host), "step-done", 0)
    async with cockpit(session(tmp_path, host), size, ready=False) as (app, pilot):
        await see(app, pilot, "Before anything else", "Accept loopback in acme-system")
        await see(app, pilot, "1  Accept loopback first in INPUT: done", "not done")
        assert isinstance(app.screen, RecoveryScreen)
        await pilot.press("q")
        await see(app, pilot, "1 containers")


async def test_it_is_finished_through_a_plan(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    await interrupted(session(tmp_path, host), "step-done", 0)
    async with cockpit(session(tmp_path, host), ready=False) as (app, pilot):
        await see(app, pilot, "Before anything else", "not done")
        await pilot.press("f")
        await see(app, pilot, "Finish: Accept loopback in acme-system", "Cancel")
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        await until(pilot, lambda: screen.stage == "asking")
        for _ in screen.plan.warnings:
            await pilot.press("w")
        await pilot.press("y")
        await until(pilot, lambda: screen.stage == "keep")
        await pilot.press("K")
        await until(pilot, lambda: screen.stage == "ended")
        assert (await rules(host)).count(LOOPBACK) == 1
        await pilot.press("q")
        await see(app, pilot, "nothing is left to settle")
        assert Journal(tmp_path).unfinished("demo") == ()


async def test_it_is_undone_only_after_a_yes(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    await interrupted(session(tmp_path, host), "step-done", 0)
    async with cockpit(session(tmp_path, host), ready=False) as (app, pilot):
        await see(app, pilot, "Before anything else", "not done")
        await pilot.press("u")
        await see(app, pilot, "Undo: Accept loopback in acme-system", "Cancel")
        assert LOOPBACK in await rules(host)
        await pilot.press("u", "enter")
        await see(app, pilot, "Before anything else")
        assert LOOPBACK in await rules(host)
        await until(pilot, lambda: not app.operator.busy)
        await pilot.press("u")
        screen = app.screen
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.stage == "asking")
        await pilot.press("y")
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        await until(pilot, lambda: screen.stage == "ended")
        assert LOOPBACK not in await rules(host)


async def test_it_is_settled_with_a_reason(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    await interrupted(session(tmp_path, host), "begin", -1)
    async with cockpit(session(tmp_path, host), ready=False) as (app, pilot):
        await see(app, pilot, "Before anything else", "not done")
        await pilot.press("m")
        await see(app, pilot, "Settled by hand")
        await pilot.press("enter")
        await see(app, pilot, "nothing typed")
        await pilot.press(*"looked at it quietly", "enter")
        await see(app, pilot, "nothing is left to settle")
        end = [record for record in Journal(tmp_path).entries() if record.record == "end"]
        assert end[0].data["message"] == "looked at it quietly"
