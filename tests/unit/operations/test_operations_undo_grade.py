"""The plan that undoes an operation is graded by its own steps, and says what goes dark and is lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Danger, Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.operations_cases import CASES, Case
from tests.unit.operations.containers_rig import AT, Desk

MAIL = "acme-email"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def back(desk: Desk, operation: str, **given: str) -> Plan:
    """The plan that undoes it, once it is done."""
    return await desk.engine().plan_undo((await desk.done(operation, **given)).id)


async def test_starting_is_undone_by_a_stop_and_graded_as_one(desk: Desk) -> None:
    await desk.done("containers.stop", container=MAIL)
    plan = await back(desk, "containers.start", container=MAIL)
    assert (plan.danger, plan.must_type) == (Danger.DISRUPTIVE, "")
    assert "tcp :587" in plan.dark[0]


async def test_stopping_is_undone_by_a_start_which_disturbs_nobody(desk: Desk) -> None:
    plan = await back(desk, "containers.stop", container=MAIL)
    assert (plan.danger, plan.dark) == (Danger.REVERSIBLE, ())


@pytest.mark.parametrize(
    ("operation", "given", "typed"),
    [
        ("containers.snapshot", {"container": MAIL, "snapshot": "mine"}, f"{MAIL}/mine"),
        ("snapshots.take", {"dataset": "default/containers/acme-email"}, f"@gbtui-{AT:%Y%m%d%H%M%S}"),
    ],
)
async def test_a_snapshot_goes_by_its_typed_name_only(
    desk: Desk, operation: str, given: Mapping[str, str], typed: str
) -> None:
    outcome = await desk.done(operation, **given)
    before = len(desk.host.state.snapshots)
    plan = await desk.engine().plan_undo(outcome.id)
    assert plan.danger is Danger.IRREVERSIBLE
    assert plan.must_type.endswith(typed)
    assert plan.steps[-1].loses.endswith(typed.rpartition("/")[2].removeprefix("@"))
    assert (plan.steps[-1].undo, "nowhere else" in plan.steps[-1].no_undo) == ((), True)
    assert (await desk.apply(plan, typed="")).result == "refused"
    assert len(desk.host.state.snapshots) == before
    assert (await desk.apply(plan)).result == "done"
    assert len(desk.host.state.snapshots) == before - 1


async def test_what_was_written_since_a_restore_is_typed_for(desk: Desk) -> None:
    await desk.run("lxc", "snapshot", MAIL, "mine")
    await desk.host.write("/opt/gbo/letter", b"dear all\n", instance=MAIL)
    plan = await back(desk, "containers.restore-snapshot", container=MAIL, snapshot="mine")
    assert (plan.danger, plan.must_type) == (Danger.IRREVERSIBLE, f"{MAIL}/mine")
    assert "since it was put back" in plan.steps[-1].loses
    assert any("tcp :587" in dark for dark in plan.dark)


async def test_a_setting_that_takes_a_restart_darkens_when_undone(desk: Desk) -> None:
    plan = await back(desk, "containers.set-privileged", container="acme-drive", value="true")
    assert plan.danger is Danger.DISRUPTIVE
    assert plan.dark


DARKENING = {
    "firewall.accept-loopback": "Valkey",
    "firewall.delete-rule": "--dport 9000 -j DROP",
    "firewall.host-forward-accept": "internet",
    "firewall.persist-lxd-forward": "lxdbr0",
    "proxy.remove-domain": "vhosts",
    "release.deploy": "botserver",
    "services.set-botserver-url": "botui",
    "containers.add-port": "tcp :8025",
}

#: A record alone is forgotten by the second case of proxy.remove-domain: nothing restarts.
CASES_OF_IT = [one for one in CASES if one.operation in DARKENING and "gone." not in one.name]


@pytest.mark.parametrize("case", CASES_OF_IT, ids=lambda one: one.name)
async def test_steps_say_what_undoing_them_darkens(case: Case) -> None:
    host = DemoHost(faults=case.faults)
    await case.prepare(host)
    plan = await find(case.operation).plan(Context(host, load(), now=lambda: AT), case.parameters)
    assert DARKENING[case.operation] in " ".join(dark for step in plan.steps for dark in step.undo_dark)
