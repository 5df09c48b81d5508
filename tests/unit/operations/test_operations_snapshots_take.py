"""`snapshots.take` on the simulated host: taken, and undone only while it is the one taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.plan import Danger
from gbtui.hosts.base import Command
from gbtui.operations.snapshots_take import TAKE
from tests.unit.operations.snapshots_stage import (
    CI,
    SYSTEM,
    applied,
    both,
    demo,
    names,
    planned,
    undone,
)

NAME = "gbtui-20261123140322"


@pytest.fixture
def host() -> DemoHost:
    return demo()


async def test_taken_and_undone(host: DemoHost, tmp_path: Path) -> None:
    before = both(host)
    made = await planned(host, "snapshots.take", dataset=CI)
    assert (made.danger, made.noop, made.refused) == (Danger.REVERSIBLE, "", ())
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert NAME in await names(host, CI)
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert both(host) == before


async def test_undoing_leaves_another_of_its_name_alone(host: DemoHost, tmp_path: Path) -> None:
    done = await applied(host, tmp_path, await planned(host, "snapshots.take", dataset=CI))
    await host.run(Command(("zfs", "destroy", f"{CI}@{NAME}"), root=True))
    await host.run(Command(("zfs", "snapshot", f"{CI}@{NAME}"), root=True))
    before = both(host)
    back = await undone(host, tmp_path, done.id)
    assert back.result == "refused"
    assert "not as we left it" in back.message
    assert both(host) == before


async def test_undoing_one_that_is_held_now_is_refused(host: DemoHost, tmp_path: Path) -> None:
    done = await applied(host, tmp_path, await planned(host, "snapshots.take", dataset=CI))
    await host.run(Command(("zfs", "hold", "mine", f"{CI}@{NAME}"), root=True))
    back = await undone(host, tmp_path, done.id)
    assert (back.result, "is held by mine: whoever holds it says zfs release" in back.message) == (
        "refused",
        True,
    )
    assert NAME in await names(host, CI)


async def test_lxds_older_ones_cannot_be_restored_past_it(host: DemoHost) -> None:
    made = await planned(host, "snapshots.take", dataset=SYSTEM)
    assert [v.guard for v in made.warnings] == ["blocks-restore"]
    assert "acme-system/pre-upgrade" in made.warnings[0].reason
    down = await planned(demo("lxd-down"), "snapshots.take", dataset=SYSTEM)
    assert [v.guard for v in down.warnings] == ["blocks-restore"]


async def test_a_full_pool_warns(host: DemoHost) -> None:
    host.state.snapshots[0].used = 230 * 2**30
    made = await planned(host, "snapshots.take", dataset=CI)
    assert "frees nothing" in next(v.reason for v in made.warnings if v.guard == "pool-room")


async def test_a_dataset_that_is_not_there_is_refused_with_a_near_one(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, "snapshots.take", dataset="acme-system")
    assert f"did you mean {SYSTEM}?" in made.refused[0].reason
    assert (await applied(host, tmp_path, made)).result == "refused"


@pytest.mark.parametrize("value", [f"{CI}@x", "-r", "a//b", "/a", "a/", "a%b", "", "x" * 300])
def test_only_datasets_are_taken(value: str) -> None:
    with pytest.raises(BadInput, match="expected DATASET"):
        TAKE.checked({"dataset": value})
