"""Starting, stopping and restarting containers through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.guard.plan import Danger, Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers
from tests.unit.operations.containers_rig import Desk, agreed, refusal
from tests.unit.operations.hurried import hasty

MAIL = "acme-email"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_stop_names_what_goes_dark_and_start_brings_it_back(desk: Desk) -> None:
    plan = await desk.plan("containers.stop", container=MAIL)
    assert plan.danger is Danger.DISRUPTIVE
    assert "tcp :25" in plan.dark[0]
    assert "tcp :4190" in plan.dark[0]
    assert "--force" not in str(plan.steps)
    assert (await desk.apply(plan)).result == "done"
    assert not desk.instance(MAIL).running
    assert (await desk.plan("containers.stop", container=MAIL)).noop == f"{MAIL} is stopped already"
    await desk.done("containers.start", container=MAIL)
    assert desk.instance(MAIL).running


async def test_stop_and_start_are_undone(desk: Desk) -> None:
    stopped = await desk.done("containers.stop", container=MAIL)
    assert (await desk.undo(stopped)).result == "done"
    assert desk.instance(MAIL).running
    await desk.done("containers.stop", container=MAIL)
    started = await desk.done("containers.start", container=MAIL)
    assert (await desk.undo(started)).result == "done"
    assert not desk.instance(MAIL).running


async def test_restart_is_proven_by_the_time_of_the_last_start(desk: Desk) -> None:
    before = desk.instance("acme-system").started
    plan = await desk.plan("containers.restart", container="acme-system")
    assert any("botserver :5858" in dark for dark in plan.dark)
    titles = [wait.probe.title for wait in plan.verify]
    assert "botserver is healthy" in titles
    assert "acme-system has an IPv4 address" in titles
    assert (await desk.apply(plan)).result == "done"
    assert desk.instance("acme-system").started > before


async def test_restart_of_the_proxy_waits_for_its_ports_and_cannot_be_taken_back(desk: Desk) -> None:
    plan = await desk.plan("containers.restart", container="acme-proxy")
    assert "acme-proxy listens on 80, 443" in [wait.probe.title for wait in plan.verify]
    assert {"tcp :80", "tcp :443"} <= set(plan.dark[0].partition(" of ")[0].split(", "))
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    undo = await desk.undo(outcome)
    assert undo.result == "refused"
    assert "no step of it can be taken back" in undo.message


async def test_a_start_waits_for_the_guides_ports_inside_and_for_no_others(desk: Desk) -> None:
    """Running and with an address is not serving: mail is down until something listens."""
    odd = {"type": "proxy", "listen": "tcp:0.0.0.0:8099", "connect": "tcp:127.0.0.1:8099"}
    desk.instance(MAIL).devices["odd"] = odd
    await desk.run("lxc", "stop", MAIL)
    plan = await desk.plan("containers.start", container=MAIL)
    wanted = f"{MAIL} listens on 25, 110, 143, 465, 587, 993, 995, 4190"
    assert wanted in [wait.probe.title for wait in plan.verify]
    assert (await desk.apply(plan)).result == "done"
    await desk.run("lxc", "stop", MAIL)
    del desk.host.state.places[MAIL].units["email.service"]
    outcome = await desk.apply(hasty(await desk.plan("containers.start", container=MAIL)))
    assert outcome.result == "failed-undone", outcome.message
    assert wanted in outcome.message


@pytest.mark.parametrize(
    ("role", "unit"),
    [
        ("alm", "alm.service"),
        ("alm-ci", "alm-ci-runner.service"),
        ("drive", "drive.service"),
        ("tables", "postgresql.service"),
        ("table-editor", "table-editor.service"),
        ("webmail", "webmail.service"),
    ],
)
async def test_a_role_without_a_service_of_its_own_is_proven_by_its_probe(
    desk: Desk, role: str, unit: str
) -> None:
    name = f"acme-{role}"
    works = f"{name} does its work ({role})"
    restart = await desk.plan("containers.restart", container=name)
    assert works in [wait.probe.title for wait in restart.verify]
    assert (await desk.apply(restart)).result == "done"
    services = await desk.plan("services.restart", container=name, unit=unit)
    assert works in [wait.probe.title for wait in services.verify]
    await desk.run("lxc", "stop", name)
    start = await desk.plan("containers.start", container=name)
    assert works in [wait.probe.title for wait in start.verify]
    del desk.host.state.places[name].units[unit]
    outcome = await desk.apply(hasty(start))
    assert outcome.result == "failed-undone", outcome.message
    assert works in outcome.message


async def test_the_names_that_lead_to_it_go_dark_and_no_others(desk: Desk) -> None:
    plan = await desk.plan("containers.stop", container="acme-drive")
    assert plan.dark == ("1 vhost: drive.acme.example, until it is started again",)
    plan = await desk.plan("containers.stop", container="acme-proxy")
    assert any(dark.startswith("25 vhosts: ") for dark in plan.dark)
    await desk.run("lxc", "stop", "acme-proxy")
    plan = await desk.plan("containers.stop", container="acme-drive")
    assert plan.dark == ("acme-drive (MinIO S3), until it is started again",)


async def test_a_service_that_stays_down_is_told(desk: Desk) -> None:
    desk.host.inject("valkey-loopback")
    plan = await desk.plan("containers.restart", container="acme-system")
    short = [wait for wait in plan.verify if "botserver" in wait.probe.title]
    assert short
    hurried = _only(plan, "botserver is healthy")
    outcome = await desk.apply(hurried)
    assert "botserver is healthy: " in outcome.message


@pytest.mark.parametrize("verb", ["stop", "restart"])
async def test_a_container_that_does_not_shut_down_stays_up(desk: Desk, verb: str) -> None:
    desk.host.state.places[MAIL].missing.add("shutdown")
    outcome = await desk.apply(await desk.plan(f"containers.{verb}", container=MAIL))
    assert outcome.result == "failed-undone"
    assert "Failed shutting down" in outcome.message
    assert desk.instance(MAIL).running


async def test_force_needs_the_name_and_a_read_warning(desk: Desk) -> None:
    desk.host.state.places[MAIL].missing.add("shutdown")
    plan = await desk.plan("containers.force-stop", container=MAIL)
    assert plan.danger is Danger.IRREVERSIBLE
    assert plan.must_type == MAIL
    for answers in (
        Answers(acknowledged=agreed(plan).acknowledged, typed="acme-mail"),
        Answers(acknowledged=("goes-dark",), typed=MAIL),
    ):
        assert (await desk.engine().apply(plan, answers)).result == "refused"
        assert desk.instance(MAIL).running
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not desk.instance(MAIL).running
    assert (await desk.undo(outcome)).result == "refused"
    assert (await desk.plan("containers.force-stop", container=MAIL)).noop


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "force-stop"])
async def test_a_container_that_is_not_there_or_not_the_tenants(desk: Desk, verb: str) -> None:
    plan = await desk.plan(f"containers.{verb}", container="acme-nothing")
    assert "there is no container acme-nothing" in refusal(plan)
    context = Context(desk.host, load(), tenant="other")
    plan = await find(f"containers.{verb}").plan(context, {"container": MAIL})
    assert "not of tenant other" in refusal(plan)
    assert (await desk.apply(plan)).result == "refused"


async def test_restarting_what_is_stopped_names_the_operation_that_starts_it(desk: Desk) -> None:
    desk.host.inject("container-stop")
    plan = await desk.plan("containers.restart", container="acme-webmail")
    assert "containers.start container=acme-webmail" in refusal(plan)


async def test_a_plan_is_stale_when_somebody_else_stopped_it(desk: Desk) -> None:
    plan = await desk.plan("containers.restart", container=MAIL)
    await desk.run("lxc", "stop", MAIL)
    assert (await desk.apply(plan)).result == "changed"
    assert not desk.instance(MAIL).running


@pytest.mark.parametrize("label", ["step-begin:0", "step-ran:0", "step-done:0"])
@pytest.mark.parametrize("way", ["finish", "undo"])
@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
async def test_killed_and_recovered(desk: Desk, verb: str, label: str, way: str) -> None:
    if verb == "start":
        await desk.run("lxc", "stop", MAIL)
    was = desk.instance(MAIL).running
    plan = await desk.plan(f"containers.{verb}", container=MAIL)
    recovery = await desk.killed(plan, label)
    (found,) = await recovery.unfinished()
    assert [step.state for step in found.steps] == ["not-done" if label == "step-begin:0" else "done"]
    if way == "finish":
        assert (await recovery.finish(found.story.id, Answers(yes=False))).result == "declined"
        outcome = await recovery.finish(found.story.id, agreed(plan))
        assert outcome.result == "done", outcome.message
        assert desk.instance(MAIL).running is (verb != "stop")
    else:
        assert (await recovery.undo_unfinished(found.story.id, Answers())).result == "failed-undone"
        assert desk.instance(MAIL).running is was
    assert await recovery.unfinished() == ()


def _only(plan: Plan, title: str) -> Plan:
    from dataclasses import replace

    waits = [replace(w, timeout=0.1, interval=0.05) for w in plan.verify if w.probe.title == title]
    return replace(plan, verify=tuple(waits))
