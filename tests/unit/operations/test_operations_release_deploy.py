"""A binary in the place of another: copied beside, compared, moved, proven by its commit, taken back."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo import release
from gbtui.demo.host import DemoHost
from gbtui.demo.state import File, Place, Stray
from gbtui.facts.release import parse_binary, parse_place
from gbtui.guard.plan import Danger, Exec, Plan
from gbtui.operations import release_deploy_scripts as scripts
from gbtui.operations.release_deploy import BINARY
from gbtui.operations.release_deploy_look import WRONG
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hasty, hurried, out, plan

ID = "release.deploy"
FILE = "/opt/gbo/bin/botserver"
BUILT = f"acme-alm-ci:{release.BUILT}"
BOX = {"container": "acme-system", "binary": BUILT}
YES = Answers(acknowledged=("services-restart", "commit-proof", "unit-starts-it", "undo-warning"))
HEALTH = ("curl", "-fsS", "http://127.0.0.1:5858/health")


def system(host: DemoHost) -> Place:
    return host.state.places["acme-system"]


def put(host: DemoHost, data: bytes, mode: int = 0o755) -> None:
    host.state.places["acme-alm-ci"].files[release.BUILT] = File(data, mode)


def beside(host: DemoHost) -> set[str]:
    return {path for path in system(host).files if path.startswith(("/opt/gbo/bin/.", f"{FILE}."))}


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


async def test_deployed_proven_and_taken_back(tmp_path: Path) -> None:
    host = hurried()
    before = system(host).files[FILE]
    made = await plan(host, ID, BOX)
    assert (made.danger, [v.guard for v in made.warnings]) == (Danger.DISRUPTIVE, ["services-restart"])
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert release.NEXT in await out(host, "acme-system", *HEALTH)
    assert (system(host).files[FILE].mode, system(host).files[FILE].owner) == (0o755, "gbuser:gbuser")
    assert beside(host) == {f"{FILE}.bak-20261123140322"}
    assert system(host).files[f"{FILE}.bak-20261123140322"] == before
    assert (await plan(host, ID, BOX)).noop.startswith("already so: system.service runs")
    assert (await working.undo(done.id, YES)).result == "done"
    assert system(host).files[FILE] == before
    assert release.COMMIT in await out(host, "acme-system", *HEALTH)
    assert beside(host) == set()


async def test_another_commit_than_the_one_named_is_taken_back(tmp_path: Path) -> None:
    host = hurried()
    made = hasty(await plan(host, ID, {**BOX, "commit": "deadbeef"}))
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "failed-undone", outcome.message
    assert "it is c0ffee1234" in outcome.message
    assert release.COMMIT in await out(host, "acme-system", *HEALTH)
    assert beside(host) == set()


async def test_the_commit_named_is_the_proof(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, ID, {**BOX, "commit": release.NEXT[:7]})
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message


async def test_a_binary_that_does_not_start_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = hurried()
    put(host, release.elf("baadbaad99"))
    made = hasty(await plan(host, ID, BOX))
    begin = release.begin

    def crashing(place: Place, unit: object) -> None:
        begin(place, unit)  # type: ignore[arg-type]  # the demo's own unit
        if place.name == "acme-system":
            place.units["system.service"].flaps = b"baad" in place.units["system.service"].image

    monkeypatch.setattr(release, "begin", crashing)
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "failed-undone", outcome.message
    assert release.COMMIT in await out(host, "acme-system", *HEALTH)
    assert beside(host) == set()


async def test_in_place_but_not_running_is_only_restarted(tmp_path: Path) -> None:
    host = hurried()
    system(host).files[FILE] = File(release.elf(release.NEXT), 0o755, "gbuser:gbuser")
    made = await plan(host, ID, BOX)
    assert [step.title for step in made.steps] == ["Restart botserver", "Wait for botserver"]
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert release.NEXT in await out(host, "acme-system", *HEALTH)


async def test_the_first_one_has_no_previous(tmp_path: Path) -> None:
    host = hurried()
    del system(host).files[FILE]
    made = await plan(host, ID, BOX)
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert (await working.undo(done.id, YES)).result == "done"
    assert FILE not in system(host).files


@pytest.mark.parametrize(
    ("data", "mode", "said"),
    [
        (b"", 0o755, "empty"),
        (b"#!/bin/sh\n", 0o755, "no-elf"),
        (release.elf("a" * 10), 0o644, "not-executable"),
        (release.elf("a" * 10, kind=b"\x01\x00"), 0o755, "no-program"),
    ],
)
async def test_what_is_no_program_is_refused(data: bytes, mode: int, said: str) -> None:
    host = hurried()
    put(host, data, mode)
    made = await plan(host, ID, BOX)
    assert refusals(made) == ["is-program"]
    assert WRONG[said] in made.refused[0].reason


async def test_what_else_it_refuses() -> None:
    host = hurried()
    for binary in ("acme-alm-ci:/opt/gbo/ci", "acme-alm-ci:/no/such", "acme-nothing:/x", "/x"):
        assert refusals(await plan(host, ID, {**BOX, "binary": binary})) == ["is-program"], binary
    put(host, release.elf("a" * 10, machine=b"\xb7\x00"))
    assert "another kind of machine" in (await plan(host, ID, BOX)).refused[0].reason
    put(host, release.elf("a" * 10))
    assert refusals(await plan(host, ID, {**BOX, "container": "acme-alm"})) == ["deploy-target"]
    assert refusals(await plan(host, ID, {**BOX, "container": "acme-nothing"})) == ["instance-exists"]
    assert refusals(await plan(host, ID, {**BOX, "service": "caddy"})) == ["deploy-target"]
    system(host).strays[5858] = Stray(812, "gbuser", "botserver")
    assert refusals(await plan(host, ID, BOX)) == ["port-owner"]
    system(host).strays.clear()
    host.state.host_free = 5
    assert refusals(await plan(host, ID, BOX)) == ["deploy-room"]


async def test_another_build_since_the_preview_makes_it_stale(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, ID, BOX)
    put(host, release.elf("0123456789"))
    assert (await engine(host, tmp_path).apply(made, YES)).result == "changed"
    assert beside(host) == set()


async def test_without_a_commit_to_tell_it_says_what_the_proof_is() -> None:
    host = hurried()
    system(host).units["system.service"].image = release.elf("feedfeed00")
    assert "commit=HEX" in next(
        v.reason for v in (await plan(host, ID, BOX)).warnings if v.guard == "commit-proof"
    )
    made = await plan(host, ID, {**BOX, "service": "botui"})
    assert "commit-proof" in [v.guard for v in made.warnings]


@pytest.mark.parametrize(
    "value", ["acme-alm-ci:relative", "-x:/a", "a:b:/c", ":/x", "host:", "x:/a/../b", "/a/"]
)
def test_the_form_of_a_binary(value: str) -> None:
    assert BINARY.check(value)


# The real scripts, on files of this machine


LXC = """#!/bin/sh
[ "$1" = exec ] && shift 4 && exec "$@"
"""
SYSTEMCTL = """#!/bin/sh
case "$*" in
*ExecStart*) echo '{ path=/opt/x/botserver ; argv[]=/opt/x/botserver --noconsole ; ignore_errors=no }';;
*) echo "${PID:-0}";;
esac
"""
CURL = """#!/bin/sh
[ -n "$SAYS" ] || { echo 'curl: (7) refused' >&2; exit 7; }
printf '%s' "$SAYS"
"""
ITSELF = Path(sys.executable).resolve()
ME = f"{os.getuid()}:{os.getgid()}"


async def run(run: Exec, tmp_path: Path, **environment: str) -> tuple[int, str]:
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    for name, text in (("lxc", LXC), ("systemctl", SYSTEMCTL), ("curl", CURL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **environment}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*run.argv, stdout=pipe, stderr=pipe, env=env)
    printed, errors = await process.communicate()
    return process.returncode or 0, (printed + errors).decode().strip()


async def test_a_file_is_told_for_what_it_is(tmp_path: Path) -> None:
    real = tmp_path / "true"
    shutil.copy(shutil.which("true") or "/bin/true", real)
    found = parse_binary((await run(scripts.source("x", str(real)), tmp_path))[1].encode())
    assert (found.wrong, found.size) == ("", real.stat().st_size)
    assert found.sha256 == sha256(real.read_bytes()).hexdigest()
    (tmp_path / "empty").touch()
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "object").write_bytes(release.elf("a", kind=b"\x01\x00"))
    (tmp_path / "plain").write_bytes(real.read_bytes())
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "object").chmod(0o755)
    names = {
        "empty": "empty", "script": "no-elf", "object": "no-program", "plain": "not-executable",
        "link": "link", ".": "folder", "none": "missing",
    }  # fmt: skip
    for name, wrong in names.items():
        said = (await run(scripts.source("x", str(tmp_path / name)), tmp_path))[1]
        assert parse_binary(said.encode()).wrong == wrong, name


async def test_staged_swapped_and_taken_back_for_real(tmp_path: Path) -> None:
    folder = tmp_path / "gbo"
    folder.mkdir()
    built, file, new, old = (
        tmp_path / "built",
        folder / "botserver",
        folder / ".new",
        folder / "botserver.bak-1",
    )
    shutil.copy(shutil.which("true") or "/bin/true", built)
    file.symlink_to("/bin/sh")
    digest = sha256(built.read_bytes()).hexdigest()
    new.symlink_to(tmp_path / "elsewhere")
    stage = scripts.stage(("acme-alm-ci", str(built)), "acme-system", str(new), digest, ME)
    assert await run(stage, tmp_path) == (0, "")
    assert not (tmp_path / "elsewhere").exists(), "nothing is written through a link"
    assert new.stat().st_mode & 0o777 == 0o755
    staged = scripts.staged("x", str(new), str(file), digest).run
    assert (await run(staged, tmp_path))[1] == "yes"
    swap = scripts.swap("x", str(new), str(file), digest, str(old))
    for _ in (1, 2):
        assert await run(swap, tmp_path) == (0, "")
    assert (file.is_symlink(), old.is_symlink(), new.exists()) == (False, True, False)
    assert file.read_bytes() == built.read_bytes()
    assert (await run(staged, tmp_path))[1] == "yes"
    back = scripts.back("x", str(file), digest, str(old))
    assert await run(back, tmp_path) == (0, "")
    assert (file.readlink(), old.is_symlink()) == (Path("/bin/sh"), False)
    assert await run(back, tmp_path) == (0, ""), "there is nothing more to take back"
    assert (await run(staged, tmp_path))[1] == "no"


async def test_a_swap_that_was_cut_in_two_is_taken_back(tmp_path: Path) -> None:
    file, old = tmp_path / "botserver", tmp_path / "botserver.bak-1"
    file.write_bytes(b"old")
    os.link(file, old)
    assert await run(scripts.back("x", str(file), "0" * 64, str(old)), tmp_path) == (0, "")
    assert (file.read_bytes(), old.exists()) == (b"old", False)


async def test_what_is_not_what_was_planned_is_not_staged(tmp_path: Path) -> None:
    built, new = tmp_path / "built", tmp_path / ".new"
    built.write_bytes(b"other")
    status, said = await run(scripts.stage(("host", str(built)), "x", str(new), "0" * 64, ME), tmp_path)
    assert (status, new.exists()) == (1, False)
    assert "not the file that was planned" in said
    file = tmp_path / "botserver"
    file.write_bytes(b"old")
    new.write_bytes(b"other")
    assert (await run(scripts.swap("x", str(new), str(file), "0" * 64, ""), tmp_path))[0] == 1
    assert file.read_bytes() == b"old"


async def test_a_previous_one_that_is_gone_is_not_invented(tmp_path: Path) -> None:
    file = tmp_path / "botserver"
    file.write_bytes(b"new")
    digest = sha256(b"new").hexdigest()
    assert (await run(scripts.back("x", str(file), digest, str(tmp_path / "gone")), tmp_path))[0] == 1
    assert file.exists()
    assert await run(scripts.back("x", str(file), digest, ""), tmp_path) == (0, "")
    assert not file.exists()


async def test_what_is_there_now(tmp_path: Path) -> None:
    file = tmp_path / "botserver"
    file.write_bytes(b"old")
    (tmp_path / "botserver.bak-20260101000000").touch()
    said = (await run(scripts.target("x", str(file), "root", "system"), tmp_path))[1]
    found = parse_place(said.encode())
    assert (found.sha256, found.starts, found.kept) == (sha256(b"old").hexdigest(), "/opt/x/botserver", 1)
    assert (found.folder, found.owned, len(found.machine)) == (True, True, 4)
    assert found.free > 0
    nowhere = (await run(scripts.target("x", str(tmp_path / "no" / "b"), "root", "s"), tmp_path))[1]
    assert not parse_place(nowhere.encode()).folder


async def test_the_process_and_its_commit(tmp_path: Path) -> None:
    digest = sha256(ITSELF.read_bytes()).hexdigest()
    pid = str(os.getpid())
    assert (await run(scripts.running("x", "u", digest).run, tmp_path, PID=pid))[1] == "runs"
    assert (await run(scripts.running("x", "u", "0" * 64).run, tmp_path, PID=pid))[1].startswith(
        "not: process"
    )
    assert (await run(scripts.running("x", "u", digest).run, tmp_path))[1] == "not: u does not run"
    file = tmp_path / "botserver"
    file.write_bytes(b"\0\xffcommit c0ffee1234\0")
    health = '{"status": "ok",\n "commit": "c0ffee1234"}'
    for commit, said in (
        ("", "proven"),
        ("c0ffee1", "proven"),
        ("c0ffee1234ab", "proven"),
        ("dead", "not: it is"),
    ):
        proof = scripts.proof("x", "u", str(file), commit).run
        assert (await run(proof, tmp_path, SAYS=health))[1].startswith(said)
    proof = scripts.proof("x", "u", str(file), "").run
    other = health.replace("c0ffee1234", "feedfeed00")
    assert "is not in the binary" in (await run(proof, tmp_path, SAYS=other))[1]
    assert (await run(proof, tmp_path, SAYS='{"commit": ""}'))[1] == "not: it names no commit"
    assert (await run(proof, tmp_path))[1].startswith("not: curl")


@given(st.binary(max_size=200))
def test_whatever_is_printed_is_read(data: bytes) -> None:
    assert parse_binary(data).size >= 0
    assert parse_place(data).free >= 0
