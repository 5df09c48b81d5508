"""`containers.set-privileged` through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.guard.plan import Danger
from gbtui.operations.containers_privileged import KEY
from tests.unit.operations.containers_rig import Desk, refusal

SYSTEM, DRIVE = "acme-system", "acme-drive"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def lose_privilege(desk: Desk, *, restarted: bool = True) -> None:
    """Somebody has unset it on system, outside gbtui."""
    reply = await desk.host.lxd.get(f"instances/{SYSTEM}")
    config = {key: value for key, value in reply.data["config"].items() if key != KEY}
    await desk.host.lxd.put(f"instances/{SYSTEM}", {"config": config})
    if restarted:
        await desk.run("lxc", "restart", SYSTEM)


async def uid_map(desk: Desk, name: str = SYSTEM) -> str:
    return (await desk.run("cat", "/proc/self/uid_map", where=name)).strip()


async def test_set_restarts_and_makes_opt_gbo_writable(desk: Desk) -> None:
    await lose_privilege(desk)
    assert not (await uid_map(desk)).endswith("4294967295")
    plan = await desk.plan("containers.set-privileged", container=SYSTEM, value="true")
    assert plan.danger is Danger.DISRUPTIVE
    assert {"takes-a-restart", "goes-dark"} <= {verdict.guard for verdict in plan.warnings}
    assert "/opt/gbo is writable inside acme-system" in [wait.probe.title for wait in plan.verify]
    assert (await desk.apply(plan)).result == "done"
    assert (await uid_map(desk)).endswith("4294967295")
    assert desk.instance(SYSTEM).config[KEY] == "true"
    assert (await desk.plan("containers.set-privileged", container=SYSTEM, value="true")).noop


async def test_system_keeps_it_when_the_operation_is_undone(desk: Desk) -> None:
    """The state of before is the one that the guard refuses: neither this way nor by set-privileged."""
    await lose_privilege(desk)
    done = await desk.done("containers.set-privileged", container=SYSTEM, value="true")
    undone = await desk.undo(done)
    assert undone.result == "refused"
    assert "botserver could not write /opt/gbo any more: leave it privileged" in undone.message
    assert "(guide 21, 22)" in undone.message
    assert (await uid_map(desk)).endswith("4294967295")


async def test_undone_it_is_in_effect_no_more(desk: Desk) -> None:
    done = await desk.done("containers.set-privileged", container=DRIVE, value="true")
    undone = await desk.undo(done)
    assert undone.result == "done", undone.message
    assert KEY not in desk.instance(DRIVE).config
    assert not (await uid_map(desk, DRIVE)).endswith("4294967295")
    await desk.done("containers.set-privileged", container=DRIVE, value="true")
    again = await desk.done("containers.set-privileged", container=DRIVE, value="false")
    plan = await desk.engine().plan_undo(again.id)
    assert {"only-system", "goes-dark", "undo-warning"} <= {verdict.guard for verdict in plan.warnings}


async def test_unset_on_system_is_refused_by_every_way(desk: Desk) -> None:
    plan = await desk.plan("containers.set-privileged", container=SYSTEM, value="false")
    assert "system-privileged" in refusal(plan)
    assert (await desk.apply(plan, typed=SYSTEM)).result == "refused"
    assert desk.instance(SYSTEM).config[KEY] == "true"


async def test_another_role_is_warned_of_and_can_be_taken_back(desk: Desk) -> None:
    plan = await desk.plan("containers.set-privileged", container=DRIVE, value="true")
    assert "only-system" in [verdict.guard for verdict in plan.warnings]
    assert (await desk.apply(plan)).result == "done"
    await desk.done("containers.set-privileged", container=DRIVE, value="false")
    assert KEY not in desk.instance(DRIVE).config
    assert not (await uid_map(desk, DRIVE)).endswith("4294967295")


async def test_set_and_not_restarted_is_only_restarted(desk: Desk) -> None:
    await lose_privilege(desk, restarted=False)
    await desk.run("lxc", "restart", SYSTEM)
    reply = await desk.host.lxd.get(f"instances/{SYSTEM}")
    config = {**reply.data["config"], KEY: "true"}
    await desk.host.lxd.put(f"instances/{SYSTEM}", {"config": config})
    plan = await desk.plan("containers.set-privileged", container=SYSTEM, value="true")
    assert plan.steps[0].title.startswith(f"Restart {SYSTEM}")
    assert not any("privileged" in step.title for step in plan.steps)
    assert "not in effect" in plan.why
    assert (await desk.apply(plan)).result == "done"
    assert (await uid_map(desk)).endswith("4294967295")


async def test_of_a_stopped_container_it_is_only_set(desk: Desk) -> None:
    await desk.run("lxc", "stop", DRIVE)
    done = await desk.done("containers.set-privileged", container=DRIVE, value="true")
    assert desk.instance(DRIVE).config[KEY] == "true"
    assert not desk.instance(DRIVE).running
    assert (await desk.undo(done)).result == "done"
    assert KEY not in desk.instance(DRIVE).config


async def test_a_profile_that_brings_it_is_overridden_not_ignored(desk: Desk) -> None:
    profiles = desk.host.state.profiles
    profiles["default"] = {**profiles["default"], "config": {KEY: "true"}}
    await desk.run("lxc", "restart", DRIVE)
    await desk.done("containers.set-privileged", container=DRIVE, value="false")
    assert desk.instance(DRIVE).config[KEY] == "false"
    assert not (await uid_map(desk, DRIVE)).endswith("4294967295")


async def test_somebody_else_set_it_meanwhile(desk: Desk) -> None:
    plan = await desk.plan("containers.set-privileged", container=DRIVE, value="true")
    reply = await desk.host.lxd.get(f"instances/{DRIVE}")
    await desk.host.lxd.put(f"instances/{DRIVE}", {"config": {**reply.data["config"], KEY: "false"}})
    assert (await desk.apply(plan)).result == "changed"
    assert desk.instance(DRIVE).config[KEY] == "false"
