"""`containers.restore-snapshot` through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.guard.plan import Danger
from gbtui.guard.preview import public
from tests.unit.operations.containers_rig import Desk, refusal

MAIL = "acme-email"
DATASET = f"default/containers/{MAIL}"
LETTER = "/opt/gbo/data/letter"
GIVEN = {"container": MAIL, "snapshot": "mine"}


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    """A snapshot of the mail server, and a letter that came after it."""
    desk = Desk(tmp_path)
    desk.host.state.places[MAIL].folders.add("/opt/gbo/data")
    await desk.run("lxc", "snapshot", MAIL, "mine")
    await desk.host.write(LETTER, b"dear all\n", instance=MAIL)
    return desk


def letter(desk: Desk) -> bool:
    return LETTER in desk.host.state.places[MAIL].files


async def test_put_back_and_taken_back_again(desk: Desk) -> None:
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    assert plan.danger is Danger.DESTRUCTIVE
    since = next(v.reason for v in plan.warnings if v.guard == "written-since")
    assert "gbtui undo brings it back" in since
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not letter(desk)
    assert desk.instance(MAIL).running
    undo = await desk.engine().plan_undo(outcome.id)
    assert "what was written since it was put back is lost" in str([v.reason for v in undo.warnings])
    undone = await desk.undo(outcome)
    assert undone.result == "done", undone.message
    assert letter(desk)
    assert desk.instance(MAIL).running


async def test_without_room_it_is_irreversible_and_typed(desk: Desk) -> None:
    desk.host.state.host_free = 100
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    assert plan.danger is Danger.IRREVERSIBLE
    assert plan.must_type == f"{MAIL}/mine"
    assert "lost for good" in next(v.reason for v in plan.warnings if v.guard == "written-since")
    assert (await desk.apply(plan, typed=MAIL)).result == "refused"
    assert letter(desk)
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not letter(desk)
    assert (await desk.undo(outcome)).result == "refused"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ("zfs", "snapshot", f"{DATASET}@later"),
            "raw later; without them it could be put back: gbtui plan",
        ),
        (("lxc", "snapshot", MAIL, "later"), "LXD's snapshot-later"),
    ],
)
async def test_a_newer_snapshot_is_in_the_way(desk: Desk, argv: tuple[str, ...], words: str) -> None:
    await desk.run(*argv)
    assert words in refusal(await desk.plan("containers.restore-snapshot", **GIVEN))
    assert letter(desk)


async def test_a_newer_snapshot_taken_after_the_preview_makes_it_stale(desk: Desk) -> None:
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    await desk.run("zfs", "snapshot", f"{DATASET}@later")
    assert (await desk.apply(plan)).result == "changed"
    assert letter(desk)


async def test_a_snapshot_taken_since_keeps_it_from_being_taken_back(desk: Desk) -> None:
    outcome = await desk.done("containers.restore-snapshot", **GIVEN)
    await desk.run("zfs", "snapshot", f"{DATASET}@later")
    undone = await desk.undo(outcome)
    assert undone.result != "done"
    assert "newer and in the way" in undone.message
    assert not letter(desk)
    assert desk.instance(MAIL).running


async def test_settings_go_back_too_and_come_again_with_the_undo(desk: Desk) -> None:
    await desk.done("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    settings = next(v.reason for v in plan.warnings if v.guard == "settings-of-then")
    assert "devices port-8025" in settings
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert "port-8025" not in desk.instance(MAIL).devices
    undone = await desk.undo(outcome)
    assert undone.result == "done", undone.message
    assert "port-8025" in desk.instance(MAIL).devices
    assert letter(desk)


async def test_a_value_that_may_be_a_secret_is_in_no_plan(desk: Desk) -> None:
    desk.instance(MAIL).config["environment.SMTP_TOKEN"] = "s3cr3t-now"
    desk.instance(MAIL).config["user.note"] = "a word"
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    said = next(v.reason for v in plan.warnings if v.guard == "secrets-kept-out")
    assert "config environment.SMTP_TOKEN" in next(v.reason for v in plan.warnings if "settings" in v.guard)
    assert "environment.SMTP_TOKEN" in said
    assert f"lxc config get {MAIL} KEY" in said
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    written = desk.journal.path.read_text() + str(public(plan))
    assert "s3cr3t-now" not in written
    assert (await desk.undo(outcome)).result == "done"
    assert "environment.SMTP_TOKEN" not in desk.instance(MAIL).config, "as the warning has said"


async def test_the_guides_ports_do_not_go_this_way_either(desk: Desk) -> None:
    port = desk.instance(MAIL).devices.pop("port-587")
    await desk.run("lxc", "delete", f"{MAIL}/mine")
    await desk.run("lxc", "snapshot", MAIL, "mine")
    desk.instance(MAIL).devices["port-587"] = port
    plan = await desk.plan("containers.restore-snapshot", **GIVEN)
    assert "protected-port" in refusal(plan)
    assert "tcp :587" in refusal(plan)
    assert (await desk.apply(plan)).result == "refused"
    assert "port-587" in desk.instance(MAIL).devices


async def test_nor_does_systems_privilege(desk: Desk) -> None:
    system = desk.instance("acme-system")
    desk.host.state.snapshots[:] = [s for s in desk.host.state.snapshots if "acme-system" not in s.dataset]
    privileged = system.config.pop("security.privileged")
    await desk.run("lxc", "snapshot", "acme-system", "weak")
    system.config["security.privileged"] = privileged
    plan = await desk.plan("containers.restore-snapshot", container="acme-system", snapshot="weak")
    assert "system-privileged" in refusal(plan)


async def test_a_container_that_does_not_shut_down_is_left_as_it_is(desk: Desk) -> None:
    desk.host.state.places[MAIL].missing.add("shutdown")
    outcome = await desk.apply(await desk.plan("containers.restore-snapshot", **GIVEN))
    assert outcome.result == "failed-undone"
    assert letter(desk)
    assert desk.instance(MAIL).running


async def test_a_stopped_container_stays_stopped(desk: Desk) -> None:
    await desk.run("lxc", "stop", MAIL)
    outcome = await desk.done("containers.restore-snapshot", **GIVEN)
    assert not desk.instance(MAIL).running
    assert not letter(desk)
    assert "nothing was written" in (await desk.plan("containers.restore-snapshot", **GIVEN)).noop
    assert (await desk.undo(outcome)).result == "done"
    assert letter(desk)
    assert not desk.instance(MAIL).running


@pytest.mark.parametrize(
    ("container", "snapshot", "words"),
    [
        (MAIL, "nosuch", "LXD has no snapshot nosuch of acme-email; it has: mine"),
        ("acme-webmail", "orphan", "only a record"),
        ("acme-nothing", "mine", "there is no container"),
    ],
)
async def test_what_cannot_be_put_back(desk: Desk, container: str, snapshot: str, words: str) -> None:
    plan = await desk.plan("containers.restore-snapshot", container=container, snapshot=snapshot)
    assert words in refusal(plan)
