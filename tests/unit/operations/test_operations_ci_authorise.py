"""The CI runner let in by its key: exactly once, taken back exactly, proven by a login; real scripts, too."""

from __future__ import annotations

import asyncio
import base64
import getpass
import os
import pwd
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo import ci_keys
from gbtui.demo import scripts as known
from gbtui.demo.host import DemoHost
from gbtui.demo.state import File
from gbtui.facts.ci_keys import parse_key, parse_side
from gbtui.guard.plan import Danger, Exec, Plan
from gbtui.operations import ci_keys_scripts as scripts
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hurried, plan

BOX = {"container": "acme-alm-ci"}
ID = "ci.authorise-runner"
YES = Answers(acknowledged=("what-it-may", "runner-key", "undo-warning"))
FILE, KNOWN = "/home/gbuser/.ssh/authorized_keys", "/home/gbuser/.ssh/known_hosts"
OTHERS = b"# people\nssh-ed25519 AAAA somebody@home\n"


def keys(host: DemoHost) -> dict[str, File]:
    return host.state.places["acme-system"].files


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


def blob(kind: str = "ssh-ed25519", fill: bytes = b"k" * 32) -> str:
    parts = (kind.encode(), fill)
    return base64.b64encode(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).decode()


async def test_let_in_known_and_taken_back(tmp_path: Path) -> None:
    host = hurried("runner-locked-out")
    before = [set(host.state.places[name].files) for name in ("acme-system", "acme-alm-ci")]
    made = await plan(host, ID, BOX)
    assert (made.danger, made.refused) == (Danger.REVERSIBLE, ())
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert (keys(host)[FILE].mode, keys(host)[FILE].owner) == (0o600, "gbuser:gbuser")
    assert keys(host)[FILE].data.count(b"ssh-ed25519") == 1
    assert (await plan(host, ID, BOX)).noop.startswith(
        "already so: gbuser of acme-alm-ci reaches gbuser@10.77"
    )
    assert (await working.undo(done.id, YES)).result == "done"
    assert [set(host.state.places[name].files) for name in ("acme-system", "acme-alm-ci")] == before


async def test_undo_takes_this_line_alone(tmp_path: Path) -> None:
    host = hurried("runner-locked-out")
    keys(host)[FILE] = File(OTHERS, 0o600, "gbuser:gbuser")
    working = engine(host, tmp_path)
    done = await working.apply(await plan(host, ID, BOX), YES)
    assert done.result == "done", done.message
    assert keys(host)[FILE].data.startswith(OTHERS)
    keys(host)[FILE].data += b"ssh-rsa BBBB later@home\n"
    assert (await working.undo(done.id, YES)).result == "done"
    assert keys(host)[FILE].data == OTHERS + b"ssh-rsa BBBB later@home\n"


async def test_what_somebody_put_beside_it_keeps_the_folder_and_not_the_key(tmp_path: Path) -> None:
    host = hurried("runner-locked-out")
    working = engine(host, tmp_path)
    done = await working.apply(await plan(host, ID, BOX), YES)
    assert done.result == "done", done.message
    keys(host)[FILE].data += b"# somebody else\n"
    undone = await working.undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert keys(host)[FILE].data == b"# somebody else\n"


async def test_a_key_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    host = hurried("runner-locked-out")
    mine = host.state.places["acme-alm-ci"].files["/home/gbuser/.ssh/id_ed25519.pub"].data
    keys(host)[FILE] = File(b'from="10.77.0.0/24" ' + mine, 0o600, "gbuser:gbuser")
    made = await plan(host, ID, BOX)
    assert [step.title for step in made.steps] == ["Let the runner know acme-system by its host key"]
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert keys(host)[FILE].data.count(b"ssh-ed25519") == 1


async def test_a_file_that_others_can_write_is_made_its_users(tmp_path: Path) -> None:
    host = hurried("runner-locked-out")
    keys(host)[FILE] = File(OTHERS, 0o666, "root:root")
    made = await plan(host, ID, BOX)
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert (keys(host)[FILE].mode, keys(host)[FILE].owner.split(":")[0]) == (0o600, "gbuser")
    assert (await working.undo(done.id, YES)).result == "done"
    assert (keys(host)[FILE].mode, keys(host)[FILE].data) == (0o666, OTHERS)


async def test_what_it_refuses() -> None:
    host = hurried("runner-locked-out")
    runner, target = host.state.places["acme-alm-ci"], host.state.places["acme-system"]
    assert refusals(await plan(host, ID, {"container": "acme-system"})) == ["is-runner"]
    for given_ in (
        {"target": "acme-alm-ci"},
        {"target": "acme-nothing"},
        {"target": "acme-dns"},
        {"user": "x"},
    ):
        assert refusals(await plan(host, ID, {**BOX, **given_})) == ["ssh-there"], given_
    host_key = target.files[ci_keys.HOST_KEY]
    runner.files[KNOWN] = File(f"acme-system ssh-ed25519 {blob()}\n".encode(), 0o600, "gbuser:gbuser")
    made = await plan(host, ID, BOX)
    assert refusals(made) == ["host-key"]
    assert "ssh-keygen -R" in made.refused[0].reason
    del runner.files[KNOWN]
    target.links.add(FILE)
    assert refusals(await plan(host, ID, BOX)) == ["strict-modes"]
    target.links.clear()
    del runner.files["/home/gbuser/.ssh/id_ed25519"]
    made = await plan(host, ID, BOX)
    assert refusals(made) == ["runner-key"]
    assert "ssh-keygen -t ed25519" in made.refused[0].reason
    assert host_key.data
    target.units["ssh.service"].active = False
    assert refusals(await plan(host, ID, BOX)) == ["ssh-there"]


async def test_a_login_that_fails_takes_it_all_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = hurried("runner-locked-out")
    before = set(keys(host))
    made = await plan(host, ID, BOX)
    monkeypatch.setitem(known.SCRIPTS, "gbtui-runner-reaches", ci_keys.SCRIPTS["gbtui-key-target"])
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "failed-undone", outcome.message
    assert set(keys(host)) == before


# The real scripts, in this user's name


ME = getpass.getuser()


async def run(run: Exec, home: Path | None = None) -> tuple[int, str]:
    """The script as it is, with `getent` answering for a home of its own."""
    pipe, env = asyncio.subprocess.PIPE, dict(os.environ)
    if home is not None:
        (home / "bin").mkdir(exist_ok=True)
        (home / "bin/getent").write_text(f"#!/bin/sh\necho '{ME}:x:0:0::{home}:/bin/sh'\n")
        (home / "bin/getent").chmod(0o755)
        env["PATH"] = f"{home}/bin:{env['PATH']}"
    process = await asyncio.create_subprocess_exec(*run.argv, stdout=pipe, stderr=pipe, env=env)
    printed, errors = await process.communicate()
    return process.returncode or 0, (printed + errors).decode()


async def test_a_line_is_added_once_and_taken_out_alone(tmp_path: Path) -> None:
    file = tmp_path / "authorized_keys"
    line = f"ssh-ed25519 {blob()} ci@runner"
    file.write_bytes(OTHERS.rstrip(b"\n"))
    file.chmod(0o640)
    for _ in (1, 2):
        assert await run(scripts.add("x", str(file), ME, line)) == (0, "")
    assert file.read_bytes() == OTHERS + f"{line}\n".encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert await run(scripts.has_line("x", str(file), ME, line).run) == (0, "1\n")
    count = scripts.key_count("x", str(file), ME, "ssh-ed25519", blob())
    assert await run(count) == (0, "1\n")
    file.write_bytes(file.read_bytes() + f'from="a" {line}\n# {line}\n'.encode())
    assert await run(count) == (0, "2\n")
    for _ in (1, 2):
        assert await run(scripts.remove("x", str(file), ME, line, new=True)) == (0, "")
    assert file.read_bytes() == OTHERS + f'from="a" {line}\n# {line}\n'.encode()


async def test_a_file_of_its_own_comes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "authorized_keys"
    assert await run(scripts.has_line("x", str(file), ME, "a b").run) == (0, "0\n")
    assert await run(scripts.key_count("x", str(file), ME, "a", "b")) == (0, "0\n")
    assert await run(scripts.add("x", str(file), ME, "a b")) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert await run(scripts.remove("x", str(file), ME, "a b", new=True)) == (0, "")
    assert not file.exists()
    file.symlink_to(tmp_path / "elsewhere")
    assert (await run(scripts.add("x", str(file), ME, "a b")))[0] == 1
    assert not (tmp_path / "elsewhere").exists()


async def test_both_sides_as_the_real_scripts_tell_them(tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    (folder / "id_rsa.pub").write_text(f"ssh-rsa {blob('ssh-rsa')} without a private one\n")
    (folder / "id_ed25519.pub").write_text(f"ssh-ed25519 {blob()} ci@runner\n")
    (folder / "id_ed25519").touch()
    (folder / "known_hosts").write_text(f"a.b,10.0.0.1 ssh-ed25519 {blob(fill=b'h' * 32)}\n")
    status, printed = await run(scripts.runner("x", ME, ("a.b", "10.0.0.1", "other")), tmp_path)
    side = parse_side(printed.encode())
    assert (status, side.home, side.ssh) == (0, str(tmp_path), True)
    assert [key.line for key in side.keys] == [f"ssh-ed25519 {blob()} ci@runner"]
    assert [key.blob for key in side.known] == [blob(fill=b"h" * 32)] * 2
    (folder / "authorized_keys").symlink_to("/etc/passwd")
    status, printed = await run(scripts.target("x", ME), tmp_path)
    side = parse_side(printed.encode())
    assert (side.file, side.folder.split()[0]) == ("link", "700")
    assert pwd.getpwnam(ME)


async def test_nobody_listening_is_not_reached() -> None:
    status, printed = await run(scripts.reaches("x", ME, f"{ME}@127.0.0.1").run)
    assert (status, printed[:3]) == (0, "no:") or printed == "reached\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        f"ssh-rsa {blob()}",
        f"ssh-dss {blob('ssh-dss')}",
        f'command="reboot" ssh-ed25519 {blob()}',
        f"ssh-ed25519 {blob()[:-4]}####",
        "root:x:0:0:root:/root:/bin/bash",
    ],
)
def test_what_is_no_key_is_none(line: str) -> None:
    assert parse_key(line) is None


def test_a_comment_that_is_no_word_is_left_out() -> None:
    key = parse_key(f"ssh-ed25519 {blob()} two words\u202e")
    assert key is not None
    assert key.line == f"ssh-ed25519 {blob()}"


@given(st.binary(max_size=300))
def test_whatever_is_printed_is_read(data: bytes) -> None:
    assert all(key.kind.isascii() for key in parse_side(data).keys)
