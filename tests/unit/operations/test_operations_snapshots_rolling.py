"""`snapshots.install-rolling` on the simulated host, and its job by a real shell."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gbtui.config import HostConfig
from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Danger, Replace
from gbtui.hosts.base import Command
from gbtui.hosts.local import LocalHost
from gbtui.operations.snapshots_rolling_files import (
    JOB_PATH,
    ROUND,
    SERVICE,
    SERVICE_PATH,
    TIMER,
    TIMER_PATH,
    files,
)
from tests.unit.operations.snapshots_stage import applied, demo, engine, planned, rows_of, undone

ROLLING = "snapshots.install-rolling"
TODAY = "rolling-2026-11-23"


@pytest.fixture
def host() -> DemoHost:
    return demo()


async def timer(host: DemoHost) -> str:
    argv = ("systemctl", "show", TIMER, "-p", "ActiveState,UnitFileState")
    return (await host.run(Command(argv, root=True))).stdout.decode()


async def test_installed_and_the_first_round_taken(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, ROLLING)
    assert (made.danger, made.refused) == (Danger.DISRUPTIVE, ())
    assert [type(step.does) for step in made.steps[:3]] == [Replace] * 3
    outcome = await applied(host, tmp_path, made)
    assert outcome.result == "done", outcome.message
    assert await timer(host) == "ActiveState=active\nUnitFileState=enabled\n"
    for instance in host.state.instances:
        assert TODAY in await rows_of(host, instance)
    again = await planned(host, ROLLING)
    assert again.noop == f"already so: {TIMER} is on, daily at 03:15, and keeps 7 d"


async def test_undone_the_timer_goes_and_the_snapshots_stay(host: DemoHost, tmp_path: Path) -> None:
    before = dict(host.state.host.files)
    done = await applied(host, tmp_path, await planned(host, ROLLING))
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert {JOB_PATH, SERVICE_PATH, TIMER_PATH}.isdisjoint(host.state.host.files)
    assert set(host.state.host.files) - set(before) == set()
    assert "ActiveState=inactive" in await timer(host)
    assert TODAY in await rows_of(host, "acme-dns")


async def test_a_week_later_the_oldest_goes_and_one_by_hand_stays(host: DemoHost, tmp_path: Path) -> None:
    assert (await applied(host, tmp_path, await planned(host, ROLLING))).result == "done"
    assert isinstance(host.clock, ManualClock)
    for _ in range(9):
        host.clock.advance(86400)
        assert (await host.run(Command(("systemctl", "start", SERVICE), root=True))).ok
    found = await rows_of(host, "acme-tables")
    assert found[0] == "pre-upgrade"
    assert found[1:] == [f"rolling-2026-{day}" for day in ("11-26", "11-27", "11-28", "11-29", "11-30")] + [
        "rolling-2026-12-01",
        "rolling-2026-12-02",
    ]


async def test_another_number_of_days_changes_the_job_alone(host: DemoHost, tmp_path: Path) -> None:
    assert (await applied(host, tmp_path, await planned(host, ROLLING))).result == "done"
    made = await planned(host, ROLLING, keep="14d")
    assert [step.title for step in made.steps] == [
        f"Write {JOB_PATH}",
        f"Turn on {TIMER}",
        "Take the first round",
    ]
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert b"keep=14 " in host.state.host.files[JOB_PATH].data
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert b"keep=7 " in host.state.host.files[JOB_PATH].data
    assert "ActiveState=active" in await timer(host)


async def test_who_else_takes_them_is_told(host: DemoHost) -> None:
    host.state.instances["acme-dns"].config["snapshots.schedule"] = "@daily"
    made = await planned(host, ROLLING)
    (said,) = [v.reason for v in made.warnings]
    assert "something takes raw ones as well (20 snapshots in two days" in said
    assert "snapshots.schedule is set on acme-dns" in said


async def test_somebody_elses_file_is_backed_up_and_told(host: DemoHost, tmp_path: Path) -> None:
    await host.write(JOB_PATH, b"#!/bin/sh\necho mine\n")
    made = await planned(host, ROLLING)
    assert "own-files" in [v.guard for v in made.warnings]
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert host.state.host.files[f"{JOB_PATH}.bak-20261123140322"].data == b"#!/bin/sh\necho mine\n"
    assert (await undone(host, tmp_path, done.id)).result == "done"
    assert host.state.host.files[JOB_PATH].data == b"#!/bin/sh\necho mine\n"


async def test_without_lxd_there_is_nobody_to_take_them(tmp_path: Path) -> None:
    host = demo("lxd-down")
    made = await planned(host, ROLLING)
    assert made.refused[0].guard == "right-tool"
    assert (await applied(host, tmp_path, made)).result == "refused"


async def test_a_new_instance_since_the_preview_makes_it_stale(host: DemoHost, tmp_path: Path) -> None:
    made = await planned(host, ROLLING)
    del host.state.instances["acme-dns"]
    assert (await applied(host, tmp_path, made)).result == "changed"
    assert engine(host, tmp_path).journal.unfinished("demo") == ()


# The job itself, by a real shell

LXC = r"""#!/bin/sh
db=$DB
case $1 in
list) ls "$db" ;;
query) name=${2#/1.0/instances/}; name=${name%/snapshots}
  [ -e "$db/$name/broken" ] && { echo 'Error: database is locked' >&2; exit 1; }
  echo '['
  for one in $(ls "$db/$name"); do printf '\t"/1.0/instances/%s/snapshots/%s",\n' "$name" "$one"; done
  echo ']' ;;
snapshot) [ -e "$db/$2/.full" ] && { echo 'Error: out of space' >&2; exit 1; }; : >"$db/$2/$3" ;;
delete) rm "$db/$2" ;;
esac
"""


class Shelf:
    """Instances as folders, their snapshots as files, behind a stand-in for LXD's client."""

    def __init__(self, root: Path) -> None:
        self.db = root / "db"
        (root / "bin").mkdir()
        path = root / "bin" / "lxc"
        path.write_text(LXC.replace("$DB", str(self.db)))
        path.chmod(0o755)
        self.job = root / "job"
        self.job.write_bytes(files(7)[0][1])
        self.host = LocalHost(HostConfig("here", "local"))

    def put(self, instance: str, *names: str) -> None:
        (self.db / instance).mkdir(parents=True, exist_ok=True)
        for name in names:
            (self.db / instance / name).touch()

    def has(self, instance: str) -> set[str]:
        return {path.name for path in (self.db / instance).iterdir() if not path.name.startswith(".")}

    async def run(self) -> int:
        return (await self.host.run(Command(("sh", str(self.job))))).status


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return Shelf(tmp_path)


def ago(days: int) -> str:
    return f"rolling-{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


async def test_the_job_keeps_a_week_and_only_takes_its_own_away(shelf: Shelf) -> None:
    others = ("pre-upgrade", "daily-2020-01-01", "rolling-x", "my-rolling-2020-01-01")
    shelf.put("one", *others, *(ago(days) for days in range(1, 12)))
    shelf.put("two")
    assert await shelf.run() == 0
    assert shelf.has("one") == {*others, *(ago(days) for days in range(7))}
    assert shelf.has("two") == {ago(0)}
    assert await shelf.run() == 0
    assert shelf.has("two") == {ago(0)}


async def test_where_none_can_be_taken_none_goes_and_the_job_fails(shelf: Shelf) -> None:
    shelf.put("full", ".full", ago(8), ago(9))
    shelf.put("locked", "broken", ago(8))
    shelf.put("good", ago(8))
    assert await shelf.run() == 1
    assert shelf.has("full") == {ago(8), ago(9)}
    assert shelf.has("locked") == {"broken", ago(8)}
    assert shelf.has("good") == {ago(0)}


async def test_the_round_names_who_has_none(shelf: Shelf) -> None:
    shelf.put("one", ago(0))
    shelf.put("two", f"{ago(0)}0")
    asked = Command(("sh", "-c", ROUND, "gbtui-rolling-round", ago(0).removeprefix("rolling-")))
    assert (await shelf.host.run(asked)).stdout == b"two\nall\n"
    shelf.put("two", ago(0))
    assert (await shelf.host.run(asked)).stdout == b"all\n"
