"""The CI runner's caches: cleaned by age and never under a job, by the demo and by the real scripts."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.demo.state import File
from gbtui.facts.ci import parse_caches, parse_jobs
from gbtui.guard.plan import Danger, Exec, Plan
from gbtui.hosts.base import Command
from gbtui.operations import ci_scripts as scripts
from gbtui.operations.ci_install_files import JOB_PATH, SERVICE_PATH, TIMER, TIMER_PATH, files
from gbtui.profiles import load
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hurried, out, plan

BOX = {"container": "acme-alm-ci"}
CLEAN, INSTALL = "ci.clean-cache", "ci.install-cleanup"
YES = Answers(
    acknowledged=("what-goes", "caches-in-place", "one-cleanup", "own-files", "undo-warning"),
    typed="acme-alm-ci",
)
SCCACHE = "/home/gbuser/.cache/sccache"
CRATES = "/home/gbuser/.cargo/registry/cache/index.crates.io-1949cf8c6b5b557f"


def paths(host: DemoHost, folder: str) -> set[str]:
    return {path for path in host.state.places["acme-alm-ci"].files if path.startswith(folder)}


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


async def test_old_entries_go_whole_and_new_ones_stay(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, CLEAN, BOX)
    assert (made.danger, made.must_type) == (Danger.IRREVERSIBLE, "acme-alm-ci")
    assert "22.6G of 26.4G in /home/gbuser/.cache/sccache" in made.warnings[-1].reason
    before = len(paths(host, SCCACHE))
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message
    assert paths(host, CRATES) == {f"{CRATES}/serde-1.0.197.crate"}
    assert 0 < len(paths(host, SCCACHE)) < before
    assert await out(host, "acme-alm-ci", "systemctl", "is-active", "alm-ci-runner.service") == "active"
    assert (await plan(host, CLEAN, BOX)).noop.startswith("already so: nothing in the caches")


async def test_never_under_a_job(tmp_path: Path) -> None:
    host = hurried()
    place = host.state.places["acme-alm-ci"]
    made = await plan(host, CLEAN, BOX)
    place.jobs[4711] = ("rustc", "builds")
    before = paths(host, "/home/gbuser")
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "changed", "a job that began since the preview makes it stale"
    assert paths(host, "/home/gbuser") == before
    stopped = await plan(host, CLEAN, BOX)
    assert refusals(stopped) == ["no-job"]
    assert "rustc (process 4711, builds)" in stopped.refused[0].reason
    place.units["alm-ci-runner.service"].active = False
    assert refusals(await plan(host, CLEAN, BOX)) == ["no-job"], "a runner that is off is no proof"


async def test_a_runner_that_was_off_stays_off(tmp_path: Path) -> None:
    host = hurried()
    unit = host.state.places["acme-alm-ci"].units["alm-ci-runner.service"]
    unit.active = False
    made = await plan(host, CLEAN, BOX)
    assert "runs again" not in "".join(wait.probe.title for wait in made.verify)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert not unit.active


@pytest.mark.parametrize("operation", [CLEAN, INSTALL])
async def test_what_both_refuse(operation: str) -> None:
    host = hurried()
    assert refusals(await plan(host, operation, {"container": "acme-nothing"})) == ["instance-exists"]
    assert refusals(await plan(host, operation, {"container": "acme-alm"})) == ["is-runner"]
    host.state.instances["acme-alm-ci"].running = False
    assert refusals(await plan(host, operation, BOX)) == ["instance-runs"]


async def test_a_cache_behind_a_link_is_left_alone() -> None:
    host = hurried()
    host.state.places["acme-alm-ci"].links.add(SCCACHE)
    made = await plan(host, CLEAN, BOX)
    assert "reached by a link" in next(v for v in made.warnings if v.guard == "caches-in-place").reason
    does = made.steps[0].does
    assert isinstance(does, Exec)
    assert not [word for word in does.argv if word.startswith(SCCACHE)]


async def test_installed_undone_and_not_twice(tmp_path: Path) -> None:
    host = hurried()
    before = set(host.state.places["acme-alm-ci"].files)
    made = await plan(host, INSTALL, BOX)
    assert (made.danger, made.refused) == (Danger.REVERSIBLE, ())
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert await out(host, "acme-alm-ci", "systemctl", "is-enabled", TIMER) == "enabled"
    assert (
        await plan(host, INSTALL, BOX)
    ).noop == f"already so: {TIMER} is on, daily at 04:30, and keeps 7 d"
    other = await plan(host, INSTALL, {**BOX, "keep": "3d"})
    assert [step.title for step in other.steps] == [f"Write {JOB_PATH}", f"Turn on {TIMER}"]
    assert (await working.undo(done.id, YES)).result == "done"
    assert set(host.state.places["acme-alm-ci"].files) == before
    assert await out(host, "acme-alm-ci", "systemctl", "is-active", TIMER) == "inactive"


async def test_who_else_cleans_and_whose_file_it_is_are_told() -> None:
    host = hurried()
    place = host.state.places["acme-alm-ci"]
    place.files["/etc/cron.daily/clean"] = File(b"rm -rf /home/gbuser/.cargo/registry\n")
    place.files[JOB_PATH] = File(b"#!/bin/sh\n")
    made = await plan(host, INSTALL, BOX)
    assert {v.guard for v in made.warnings} == {"one-cleanup", "own-files"}
    assert "/etc/cron.daily/clean" in next(v for v in made.warnings if v.guard == "one-cleanup").reason


# The real scripts, on files of this machine


async def run(run: Exec, **environment: str) -> tuple[int, bytes]:
    pipe, env = asyncio.subprocess.PIPE, {**os.environ, **environment}
    process = await asyncio.create_subprocess_exec(*run.argv, stdout=pipe, stderr=pipe, env=env)
    printed, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed or errors


SYSTEMCTL = """#!/bin/sh
echo "$*" >>"${0%/*}/calls"
case "$*" in *MainPID*) echo 0;; *ActiveState*) echo active;; esac
"""


def quiet(text: str) -> str:
    """What is built on this machine at the moment does not count."""
    return text.replace(scripts.BUILDERS, "no-such-program")


class Runner:
    """A cache of crates (folders) and one of objects (files), and a systemctl that only takes notes."""

    def __init__(self, root: Path) -> None:
        self.crates, self.objects = root / "crates", root / "objects"
        self.bin = root / "bin"
        self.bin.mkdir()
        (self.bin / "systemctl").write_text(SYSTEMCTL)
        (self.bin / "systemctl").chmod(0o755)
        self.caches = (f"{self.crates}:2", f"{self.objects}:1")
        for days, name in ((9, "old one"), (8, "old\nother"), (1, "new")):
            self._put(self.crates / "index" / name / "src" / "lib.rs", 0)
            at = time.time() - days * 86400
            os.utime(self.crates / "index" / name, (time.time(), at))
            self._put(self.objects / f"{name}.o", days)
        self.cutoff = int(time.time() - 7 * 86400)

    @staticmethod
    def _put(path: Path, days: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 5000)
        os.utime(path, (time.time() - days * 86400,) * 2)

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}:{os.environ['PATH']}"}

    def script(self, name: str, text: str, *words: str) -> Exec:
        return Exec("host", ("sh", "-c", quiet(text), name, *words))


async def test_the_list_and_the_removal_agree(tmp_path: Path) -> None:
    one = Runner(tmp_path)
    cutoff, words = str(one.cutoff), one.caches
    listing = one.script("l", scripts.LIST, cutoff, *words)
    status, printed = await run(listing)
    found = parse_caches(printed)
    assert (status, found.count, found.malformed) == (0, 4, 0)
    assert found.caches[1].oldest[0][1] == "old one.o"
    assert found.caches[1].oldest[1][1] == "old?other.o"
    assert found.size >= found.old > 0
    assert await run(listing) == (0, printed), "looking is not using"
    # the system's own jobs do not matter here: only files of these caches that are open
    clean = one.script("c", scripts.CLEAN_NOW, "gbtui-no-such.service", cutoff, *words)
    status, printed = await run(clean, **one.env)
    assert status == 0, printed
    assert {path.name for path in (one.crates / "index").iterdir()} == {"new"}
    assert {path.name for path in one.objects.iterdir()} == {"new.o"}
    assert await run(one.script("n", scripts.LEFT, cutoff, *words)) == (0, b"0\n")
    calls = (one.bin / "calls").read_text().splitlines()
    assert calls[-2:] == ["stop -- gbtui-no-such.service", "start -- gbtui-no-such.service"]


async def test_who_has_a_file_of_the_cache_open_is_a_job(tmp_path: Path) -> None:
    one = Runner(tmp_path)
    asked = one.script("j", scripts.JOBS, "gbtui-no-such.service", *one.caches)
    with (one.objects / "new.o").open():
        status, printed = await run(asked, **one.env)
        rows = parse_jobs(printed)
        assert status == 0
        assert os.getpid() in [row.pid for row in rows]
        words = (str(one.cutoff), *one.caches)
        done = await run(one.script("c", scripts.CLEAN_NOW, "gbtui-no-such.service", *words), **one.env)
        assert done[0] == scripts.BUSY
        assert b"a job runs" in done[1]
    assert (one.objects / "old one.o").exists()
    assert "stop" not in (one.bin / "calls").read_text()


async def test_a_link_in_the_place_of_a_cache_is_not_followed(tmp_path: Path) -> None:
    one = Runner(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    one.objects.rename(elsewhere)
    one.objects.symlink_to(elsewhere)
    cutoff, words = str(one.cutoff), one.caches
    found = parse_caches((await run(one.script("l", scripts.LIST, cutoff, *words)))[1])
    assert found.links == (str(one.objects),)
    clean = one.script("c", scripts.CLEAN_NOW, "gbtui-no-such.service", cutoff, *words)
    assert (await run(clean, **one.env))[0] == 0
    assert (elsewhere / "old one.o").exists()


async def test_the_installed_job_says_that_it_is_ready_and_removes_what_is_old(tmp_path: Path) -> None:
    one = Runner(tmp_path)
    job = quiet(dict(files(load(), 7))[JOB_PATH].decode())
    own = "set -- " + " ".join(f"'{cache}'" for cache in one.caches)
    lines = [own if line.startswith("set -- /home") else line for line in job.splitlines()]
    path = tmp_path / "job"
    path.write_text("\n".join(lines) + "\n")
    assert await run(Exec("host", ("sh", str(path), "--look")), **one.env) == (0, b"ready\n")
    assert (one.objects / "old one.o").exists()
    status, printed = await run(Exec("host", ("sh", str(path))), **one.env)
    assert status == 0, printed
    assert {path.name for path in one.objects.iterdir()} == {"new.o"}
    assert (one.bin / "calls").read_text().count("start --") == 1


def test_the_files_name_each_other() -> None:
    made = dict(files(load(), 7))
    assert JOB_PATH in made[SERVICE_PATH].decode()
    assert b"Persistent=true" in made[TIMER_PATH]
    assert SERVICE_PATH.removesuffix(".service") == TIMER_PATH.removesuffix(".timer")


@given(st.binary(max_size=300))
def test_whatever_is_printed_is_read(data: bytes) -> None:
    found = parse_caches(data)
    assert found.old >= 0
    assert all(job.pid >= 0 for job in parse_jobs(data))


async def test_cron_of_another_kind_is_nobodys_business() -> None:
    host = hurried()
    done = await host.run(Command(("true",)))
    assert done.ok
    host.state.places["acme-alm-ci"].files["/etc/cron.d/e2scrub"] = File(b"30 3 * * 0 root true\n")
    assert "one-cleanup" not in [v.guard for v in (await plan(host, INSTALL, BOX)).warnings]
