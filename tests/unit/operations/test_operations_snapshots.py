"""`snapshots.destroy` on the simulated host, through the real engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.state import Row
from gbtui.errors import BadInput
from gbtui.guard.plan import Danger
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command
from gbtui.operations.snapshots_destroy import DESTROY
from tests.unit.guard.rig import Answers
from tests.unit.operations.snapshots_stage import (
    CI,
    POOL,
    SYSTEM,
    applied,
    both,
    demo,
    engine,
    killed,
    names,
    planned,
    row,
    rows_of,
    yes,
)

OLD, NEXT = f"{CI}@daily-2026-11-16", f"{CI}@daily-2026-11-17"
OWN = f"{POOL}/acme-tables@snapshot-pre-upgrade"
DESTROYED = "snapshots.destroy"


@pytest.fixture
def host() -> DemoHost:
    return demo()


async def free(host: DemoHost) -> int:
    return int((await host.run(Command(("zpool", "list", "-Hp", "-o", "free", "default")))).stdout)


async def test_raw_and_lxds_own_go_each_by_its_tool(host: DemoHost, tmp_path: Path) -> None:
    before = await free(host)
    made = await planned(host, DESTROYED, snapshots=f"{OLD},{NEXT},acme-tables/pre-upgrade")
    assert [step.title for step in made.steps] == [
        f"Destroy {OLD}",
        f"Destroy {NEXT}",
        "Delete acme-tables/pre-upgrade through LXD",
    ]
    outcome = await applied(host, tmp_path, made)
    assert outcome.result == "done", outcome.message
    assert not {"daily-2026-11-16", "daily-2026-11-17"} & set(await names(host, CI))
    assert "snapshot-pre-upgrade" not in await names(host, f"{POOL}/acme-tables")
    assert await rows_of(host, "acme-tables") == []
    assert await rows_of(host, "acme-system") == ["pre-upgrade"]
    assert await free(host) > before


async def test_what_comes_free_is_said_beside_the_sum_of_used_and_comes_free(
    host: DemoHost, tmp_path: Path
) -> None:
    pair = f"{OLD},{NEXT}"
    alone = row(host, OLD).used + row(host, NEXT).used
    before = await free(host)
    made = await planned(host, DESTROYED, snapshots=pair)
    said = next(v.reason for v in made.verdicts if v.guard == "reclaim")
    assert "together; their USED adds up to" in said
    assert "in nobody's USED" in said
    assert (await applied(host, tmp_path, made)).result == "done"
    assert await free(host) - before > alone


async def test_it_has_to_be_typed_and_says_what_is_lost(host: DemoHost, tmp_path: Path) -> None:
    one = await planned(host, DESTROYED, snapshots=OLD)
    assert (one.danger, one.must_type) == (Danger.IRREVERSIBLE, OLD)
    assert one.steps[0].loses == "what acme-alm-ci was at daily-2026-11-16"
    two = await planned(host, DESTROYED, snapshots=f"{OLD},{NEXT}")
    assert two.must_type == "2 snapshots"
    before = both(host)
    for typed in ("", "acme-alm-ci", OLD):
        assert (await engine(host, tmp_path).apply(two, Answers(typed=typed))).result == "refused"
    assert both(host) == before


async def test_one_named_in_both_ways_is_one(host: DemoHost) -> None:
    made = await planned(host, DESTROYED, snapshots=f"{OWN},acme-tables/pre-upgrade,{OWN}")
    assert len(made.steps) == 1


async def test_gone_already_is_a_no_op_in_words(host: DemoHost) -> None:
    for name in (f"{CI}@daily-2020-01-01", "acme-alm-ci/nosuch"):
        made = await planned(host, DESTROYED, snapshots=name)
        assert (made.noop, made.steps) == (f"nothing to destroy: {name} is not there", ())


@pytest.mark.parametrize(
    ("given", "guard", "words"),
    [
        (f"{SYSTEM}@daily-2026-11-21", "held", "held by keep"),
        (f"{OLD},{CI}@nosuch", "exists", "@nosuch is not there"),
        ("default/containers", "exists", "no dataset or instance of default/containers"),
        ("nowhere/acme-system@x", "exists", "no dataset or instance"),
        (f"{POOL}/acme-webmail@snapshot-orphan", "exists", "snapshots.forget-orphan"),
        (f"{POOL}/acme-webmail@snapshot-nightly", "right-tool", "snapshots.forget-orphan"),
    ],
)
async def test_refused(host: DemoHost, tmp_path: Path, given: str, guard: str, words: str) -> None:
    before = both(host)
    made = await planned(host, DESTROYED, snapshots=given)
    assert [(v.guard, words in v.reason) for v in made.refused] == [(guard, True)], made.refused
    assert made.steps == ()
    assert (await applied(host, tmp_path, made)).result == "refused"
    assert both(host) == before


@pytest.mark.parametrize(
    ("name", "guard"),
    [
        ("copy-0a1b", "lxd-internal"),
        ("migration-0a1b", "lxd-internal"),
        ("backup-0a1b", "lxd-internal"),
        ("deleted-0a1b", "lxd-internal"),
        ("syncoid_acme_2026-11-23", "replication"),
        ("zrepl_20261123_000000_000", "replication"),
    ],
)
async def test_what_others_work_with_is_refused_by_its_name(host: DemoHost, name: str, guard: str) -> None:
    await host.run(Command(("zfs", "snapshot", f"{CI}@{name}"), root=True))
    made = await planned(host, DESTROYED, snapshots=f"{CI}@{name}")
    assert [v.guard for v in made.refused] == [guard]


async def test_an_image_and_a_clone_are_refused(host: DemoHost) -> None:
    image = next(one for one in host.state.snapshots if one.name == "readonly")
    made = await planned(host, DESTROYED, snapshots=f"{image.dataset}@readonly")
    assert made.refused[0].guard == "lxd-internal"
    row(host, OLD).properties["clones"] = "default/test"
    made = await planned(host, DESTROYED, snapshots=OLD)
    assert made.refused[0].guard == "clones"
    assert "default/test" in made.refused[0].reason


async def test_without_lxd_nobody_knows_the_owner() -> None:
    made = await planned(demo("lxd-down"), DESTROYED, snapshots=OLD)
    assert made.refused[0].guard == "right-tool"
    assert "start LXD first" in made.refused[0].reason


async def test_the_newest_and_the_last_one_warn(host: DemoHost, tmp_path: Path) -> None:
    newest = await planned(host, DESTROYED, snapshots=f"{CI}@daily-2026-11-23")
    assert [(v.guard, "daily-2026-11-22 is the newest then" in v.reason) for v in newest.warnings] == [
        ("newest", True)
    ]
    assert (await engine(host, tmp_path).apply(newest, Answers(typed=newest.target))).result == "refused"
    everything = ",".join(f"{CI}@{name}" for name in await names(host, CI))
    every = await planned(host, DESTROYED, snapshots=everything)
    assert "no snapshot left" in every.warnings[0].reason


async def test_another_snapshot_of_the_same_name_is_left_alone(host: DemoHost, tmp_path: Path) -> None:
    """Replaced after the preview: the plan is stale; and the step compares the guid by itself."""
    made = await planned(host, DESTROYED, snapshots=OLD)
    await host.run(Command(("zfs", "destroy", OLD), root=True))
    await host.run(Command(("zfs", "snapshot", OLD), root=True))
    before = both(host)
    assert (await applied(host, tmp_path, made)).result == "changed"
    outcome = await applied(host, tmp_path, replace(made, relies_on=()))
    assert outcome.result != "done"
    assert "is not the snapshot planned" in outcome.message
    assert both(host) == before


async def test_a_hold_taken_since_the_preview_makes_it_stale(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, DESTROYED, snapshots=OLD)
    await host.run(Command(("zfs", "hold", "mine", OLD), root=True))
    assert (await applied(host, tmp_path, made)).result == "changed"
    outcome = await applied(host, tmp_path, replace(made, relies_on=()))
    assert "it's being held" in outcome.message
    assert "this stays" not in outcome.message


async def test_a_new_record_in_lxd_makes_its_plan_stale(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, DESTROYED, snapshots="acme-tables/pre-upgrade")
    host.state.instances["acme-tables"].snapshots.append(Row("another", host.clock.now()))
    assert (await applied(host, tmp_path, made)).result == "changed"


async def test_what_was_destroyed_cannot_be_undone(host: DemoHost, tmp_path: Path) -> None:
    done = await applied(host, tmp_path, await planned(host, DESTROYED, snapshots=OLD))
    back = await engine(host, tmp_path).plan_undo(done.id)
    assert "no step of it can be taken back" in back.refused[-1].reason


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"{OLD}%{NEXT}", "range"),
        (f"{CI}@%", "range"),
        ("-r", "option"),
        (f"-r,{OLD}", "option"),
        (CI, "no @"),
        (f"{OLD},", "empty"),
        (f"{OLD}@x", "not a name"),
        ("@daily", "not a name"),
        (",".join([OLD] * 101), "more than 100"),
    ],
)
def test_only_single_snapshots_are_named(value: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        DESTROY.checked({"snapshots": value})


async def test_given_up_half_way_the_words_say_what_stays_destroyed(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, DESTROYED, snapshots=f"{OLD},acme-tables/pre-upgrade")
    op_id = await killed(host, tmp_path, made, "step-begin:1")
    outcome = await Recovery(engine(host, tmp_path)).undo_unfinished(op_id, Answers())
    assert f"this stays: {made.steps[0].title}." in outcome.message
    assert await rows_of(host, "acme-tables") == ["pre-upgrade"]
    assert await Recovery(engine(host, tmp_path)).unfinished() == ()


async def test_lxd_half_done_is_settled_and_planned_anew(host: DemoHost, tmp_path: Path) -> None:
    """LXD was killed between the dataset and its record: not the host any more that was looked at."""
    made = await planned(host, DESTROYED, snapshots="acme-tables/pre-upgrade")
    op_id = await killed(host, tmp_path, made, "step-begin:0")
    await host.run(Command(("zfs", "destroy", OWN), root=True))
    recovery = Recovery(engine(host, tmp_path))
    outcome = await recovery.finish(op_id, yes(made))
    assert outcome.result == "changed", outcome.message
    assert "by somebody or by the step that was cut off" in outcome.message
    assert (await recovery.undo_unfinished(op_id, Answers())).result == "failed-undone"
    rest = await planned(host, "snapshots.forget-orphan", snapshots="acme-tables/pre-upgrade")
    assert (await applied(host, tmp_path, rest)).result == "done"
    assert await rows_of(host, "acme-tables") == []
