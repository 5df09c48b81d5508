"""`snapshots.forget-orphan` on the simulated host: nothing of data is lost, both sides match after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.state import Row
from gbtui.facts.snapshots import SnapshotsReader
from gbtui.guard.plan import Danger
from gbtui.hosts.base import Command, LxdReply
from gbtui.profiles import load
from tests.unit.operations.snapshots_stage import (
    POOL,
    applied,
    both,
    demo,
    names,
    planned,
    row,
    rows_of,
    undone,
)

FORGOTTEN = "snapshots.forget-orphan"
WEBMAIL = f"{POOL}/acme-webmail"


@pytest.fixture
def host() -> DemoHost:
    return demo()


async def missing(host: DemoHost) -> set[str]:
    read = await SnapshotsReader(host, load()).read()
    return {one.full_name for one in read.snapshots if one.missing}


async def test_every_orphan_found_is_put_right(host: DemoHost, tmp_path: Path) -> None:
    guid = row(host, f"{WEBMAIL}@snapshot-nightly").guid
    assert await missing(host) == {f"{WEBMAIL}@snapshot-nightly", f"{WEBMAIL}@snapshot-orphan"}
    made = await planned(host, FORGOTTEN)
    assert (made.danger, made.must_type) == (Danger.IRREVERSIBLE, "2 orphans")
    assert made.steps[-1].loses + made.steps[0].loses == "LXD's record of acme-webmail/orphan"
    outcome = await applied(host, tmp_path, made)
    assert outcome.result == "done", outcome.message
    assert await missing(host) == set()
    assert await rows_of(host, "acme-webmail") == []
    assert row(host, f"{WEBMAIL}@orphan-nightly").guid == guid
    again = await planned(host, FORGOTTEN)
    assert again.noop == "nothing to forget: LXD's records and ZFS's snapshots match"


async def test_a_rename_is_undone(host: DemoHost, tmp_path: Path) -> None:
    before = both(host)
    made = await planned(host, FORGOTTEN, snapshots=f"{WEBMAIL}@snapshot-nightly")
    assert made.danger is Danger.REVERSIBLE
    done = await applied(host, tmp_path, made)
    assert "orphan-nightly" in await names(host, WEBMAIL)
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert both(host) == before


async def test_a_record_is_named_as_lxd_does(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, FORGOTTEN, snapshots="acme-webmail/orphan")
    assert (await applied(host, tmp_path, made)).result == "done"
    assert await rows_of(host, "acme-webmail") == []
    assert "snapshot-nightly" in await names(host, WEBMAIL)


async def test_a_record_whose_data_came_back_is_not_deleted(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, FORGOTTEN, snapshots="acme-webmail/orphan")
    await host.run(Command(("zfs", "snapshot", f"{WEBMAIL}@snapshot-orphan"), root=True))
    before = both(host)
    assert (await applied(host, tmp_path, made)).result == "changed"
    script = made.steps[0].does.argv  # type: ignore[union-attr]  # an Exec, or this test fails
    done = await host.run(Command(script, root=True))
    assert (done.status, both(host)) == (76, before)


@pytest.mark.parametrize(
    ("name", "guard", "words"),
    [
        ("acme-system/pre-upgrade", "one-sided", "is no orphan"),
        (f"{POOL}/acme-dns@daily-2026-11-23", "one-sided", "is no orphan"),
        ("acme-webmail/orphan,acme-webmail/nosuch", "exists", "nosuch is on neither side"),
    ],
)
async def test_refused(host: DemoHost, tmp_path: Path, name: str, guard: str, words: str) -> None:
    before = both(host)
    made = await planned(host, FORGOTTEN, snapshots=name)
    assert [(v.guard, words in v.reason) for v in made.refused] == [(guard, True)]
    assert (await applied(host, tmp_path, made)).result == "refused"
    assert both(host) == before


async def test_neither_side_is_a_no_op(host: DemoHost) -> None:
    made = await planned(host, FORGOTTEN, snapshots=f"{WEBMAIL}@snapshot-nosuch")
    assert made.noop.startswith("nothing to forget")


async def test_without_lxd_nothing_is_an_orphan() -> None:
    made = await planned(demo("lxd-down"), FORGOTTEN)
    assert "start it first" in made.refused[0].reason


async def test_a_record_just_made_may_still_get_its_data(host: DemoHost) -> None:
    host.state.instances["acme-webmail"].snapshots.append(Row("fresh", host.clock.now() - 60))
    made = await planned(host, FORGOTTEN)
    assert [v.guard for v in made.refused] == ["lxd-at-rest"]
    await host.run(Command(("zfs", "snapshot", f"{WEBMAIL}@snapshot-lost"), root=True))
    assert (await planned(host, FORGOTTEN, snapshots=f"{WEBMAIL}@snapshot-lost")).steps


@pytest.mark.parametrize(("kind", "refused"), [("task", True), ("websocket", False)])
async def test_while_lxd_is_at_work_on_it(
    host: DemoHost, monkeypatch: pytest.MonkeyPatch, kind: str, refused: bool
) -> None:
    asked = host.lxd.get
    busy = {"class": kind, "resources": {"instances": ["/1.0/instances/acme-webmail"]}}

    async def get(path: str, params: Any = None) -> LxdReply:
        return LxdReply({"running": [busy]}) if path == "operations" else await asked(path, params)

    monkeypatch.setattr(host.lxd, "get", get)
    made = await planned(host, FORGOTTEN)
    assert bool(made.refused) is refused


async def test_a_name_that_is_taken_is_not_overwritten(host: DemoHost) -> None:
    await host.run(Command(("zfs", "snapshot", f"{WEBMAIL}@orphan-nightly"), root=True))
    made = await planned(host, FORGOTTEN, snapshots=f"{WEBMAIL}@snapshot-nightly")
    assert "exists already" in made.refused[0].reason
