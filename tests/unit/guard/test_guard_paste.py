"""What a preview's commands do, pasted into a real shell: the same as the engine."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess  # noqa: TID251 - the shell an operator pastes into
import termios
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbtui.guard.paste import LARGEST, pasteable
from gbtui.guard.plan import Amend, Exec, Plan, Probe, Replace, Step, Wait
from gbtui.guard.preview import commands, pasted
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig, here, plan

OLD, NEW = b"old\n", b"new\xff\n"


def paste(text: str, shell: str = "sh") -> subprocess.CompletedProcess[bytes]:
    """Typed into a shell: what a program reads from stdin is the rest of what was pasted."""
    return subprocess.run([shell], input=text.encode(), capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_pasted_it_does_what_apply_does(rig: Rig, shell: str) -> None:
    done = paste(pasted(plan(rig.root)), shell)
    assert done.returncode == 0, done.stderr
    assert rig.state() == CHANGED
    assert (rig.root / "etc/file.bak-1").read_bytes() == OLD
    assert (rig.root / "bell").read_text() == "rung\n"


async def test_and_leaves_files_as_the_engine_does(rig: Rig) -> None:
    (rig.root / "etc/file").chmod(0o640)
    await rig.engine().apply(plan(rig.root), Answers())
    mine = (rig.root / "etc/file").stat()
    (rig.root / "etc/file").write_bytes(OLD)
    (rig.root / "etc/file").chmod(0o640)
    assert not paste(pasteable(plan(rig.root).steps[1].does)).returncode
    assert (rig.root / "etc/file").stat().st_mode == mine.st_mode
    assert sorted(path.name for path in (rig.root / "etc").iterdir()) == ["file", "file.bak-1"]


def test_the_first_step_that_fails_is_the_last(rig: Rig) -> None:
    steps = list(plan(rig.root).steps)
    steps[1:1] = [Step("Break", Exec("host", ("false",)))]
    assert paste(pasted(replace(plan(rig.root), steps=tuple(steps)))).returncode
    assert rig.state() == {**UNTOUCHED, "made": ["one"]}


def test_a_step_that_reads_its_stdin_gets_nothing(rig: Rig) -> None:
    steps = (Step("Read", Exec("acme-system", ("cat",))), *plan(rig.root).steps)
    done = paste(pasted(replace(plan(rig.root), steps=steps)))
    assert (done.returncode, done.stdout) == (0, b"")
    assert rig.state() == CHANGED


def test_a_file_changed_since_is_not_replaced(rig: Rig) -> None:
    (rig.root / "etc/file").write_bytes(b"theirs\n")
    done = paste(pasteable(plan(rig.root).steps[1].does))
    assert done.returncode
    assert b"is not the file this was planned from" in done.stderr
    assert (rig.root / "etc/file").read_bytes() == b"theirs\n"
    assert not (rig.root / "etc/file.bak-1").exists()


def test_an_existing_backup_of_something_else_stays(rig: Rig) -> None:
    (rig.root / "etc/file.bak-1").write_bytes(b"precious")
    assert paste(pasteable(plan(rig.root).steps[1].does)).returncode
    assert (rig.root / "etc/file.bak-1").read_bytes() == b"precious"
    assert (rig.root / "etc/file").read_bytes() == OLD


def test_a_new_file_is_made_readable(rig: Rig) -> None:
    path = rig.root / "etc/new"
    assert not paste(pasteable(Replace("host", str(path), None, NEW, "ignored"))).returncode
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o644
    assert paste(pasteable(Replace("host", str(path), None, NEW, ""))).returncode, "it is there now"


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda name: "/" not in name and name not in {".", ".."} and len(name.encode()) < 200
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_and_any_name_survive_the_shell(rig: Rig, name: str, old: bytes, new: bytes) -> None:
    folder = rig.root / "any"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(old)
    done = paste(pasteable(Replace("acme-system", str(path), old, new, "")))
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == new
    path.unlink()


@pytest.mark.parametrize(
    ("expect", "value", "says", "holds"),
    [
        ("stdout", "PONG", "echo PONG", True),
        ("stdout", "PONG", "echo PONG; exit 1", False),
        ("stdout", "PON", "echo PONG", False),
        ("stdout", "", "true", True),
        ("contains", "*b", "echo 'a *b c'", True),
        ("contains", "*b", "echo 'a b c'", False),
        ("contains", "a\nb", "printf 'x a\\nb y'", True),
        ("status", "3", "exit 3", True),
        ("status", "0", "exit 3", False),
    ],
)
@pytest.mark.parametrize("negate", [False, True])
def test_a_wait_waits_for_what_the_probe_says(
    rig: Rig, expect: str, value: str, says: str, holds: bool, *, negate: bool
) -> None:
    run = Exec("acme-system", ("sh", "-c", says))
    probe = Probe("p", run, expect, value, negate)  # type: ignore[arg-type]  # one of the three
    could_look = expect == "status" or "exit 1" not in says
    done = paste(pasteable(Wait(probe, 0.5, 0.05)))
    assert (done.returncode == 0) is (could_look and holds is not negate)


def test_a_wait_goes_on_once_it_is_so(rig: Rig) -> None:
    wait = Step("Wait", Wait(here(rig.root / "steps/later"), 20.0, 0.05))
    later = Exec(
        "host", ("sh", "-c", '(sleep 0.3; mkdir "$1") >/dev/null &', "later", str(rig.root / "steps/later"))
    )
    made: Plan = replace(plan(rig.root), steps=(Step("Later", later), wait, *plan(rig.root).steps))
    assert paste(pasted(made)).returncode == 0
    assert rig.state() == {**CHANGED, "made": ["later", "one", "two"]}


def test_an_amendment_is_the_clients_own_command() -> None:
    change = Amend("acme-drive", "config", "security.privileged", None, "true")
    assert pasteable(change) == "lxc config set acme-drive security.privileged=true"


def test_a_secret_is_asked_for_unseen_and_given_on_stdin(rig: Rig) -> None:
    taken = rig.root / "taken"
    run = Exec("acme-system", ("sh", "-c", 'cat >"$1"', "take", str(taken)), secret="Key 1's")
    (rig.root / "pasted").write_text(pasted(replace(plan(rig.root), steps=(Step("Take", run),))))
    terminal, side = pty.openpty()
    shell = subprocess.Popen(
        ["setsid", "-c", "sh", str(rig.root / "pasted")], stdin=side, stdout=side, stderr=side
    )
    seen = b""
    while b"Key 1's: " not in seen:
        seen += os.read(terminal, 1000)
    while termios.tcgetattr(side)[3] & termios.ECHO:
        assert shell.poll() is None
    os.write(terminal, b"s3cr3t \n")
    assert shell.wait(30) == 0
    seen += os.read(terminal, 1000)
    assert taken.read_bytes() == b"s3cr3t "
    assert b"s3cr3t" not in seen
    assert termios.tcgetattr(side)[3] & termios.ECHO
    os.close(terminal)
    os.close(side)


def test_what_is_too_large_for_a_clipboard_is_said() -> None:
    text = pasteable(Replace("host", "/opt/big", None, b"x" * LARGEST, ""))
    assert text == "# host: /opt/big is too large to be pasted: gbtui apply replaces it"


def test_commands_can_be_pasted_one_by_one() -> None:
    steps = (
        Step("a", Exec("host", ("zfs", "list"))),
        Step("b", Exec("c1", ("true",))),
        Step("c", Wait(Probe("p", Exec("c1", ("cat", "/x y")), "stdout", "it's"), 20.0)),
    )
    found = commands(replace(plan(Path("/nowhere")), steps=steps))
    assert found[:2] == ("sudo zfs list", "lxc exec c1 --mode=non-interactive -- true")
    assert shlex.split(found[2])[:4] == ["timeout", "20", "sh", "-c"]
    assert shlex.split(found[2])[-2:] == ["cat", "/x y"]
