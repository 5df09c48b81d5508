"""The host's lock and the script it reverts by: whatever a plan holds, and whoever dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess  # noqa: TID251 - the script runs as the timer would run it
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbtui.errors import Failed, Refused
from gbtui.guard.execute import holds_file
from gbtui.guard.lock import hold, holder
from gbtui.guard.plan import Exec, Probe, Replace, Step
from gbtui.guard.revert import _pending
from gbtui.guard.revert_script import bundle
from tests.unit.guard.rig import Answers, Rig, plan

WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), min_size=1, max_size=3)
SAYS = Exec("host", ("echo", "-n", "  a 'b' $(c)\n"))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS, st.binary(max_size=60))
def test_words_and_bytes_of_a_plan_survive_the_shell(tmp_path: Path, words: list[str], data: bytes) -> None:
    out, file = tmp_path / "out", tmp_path / "file"
    file.write_bytes(b"ours")
    says = Exec("host", ("sh", "-c", 'printf "%s\\0" "$@" >"$0"', str(out), *words))
    steps = (
        Step("Say 'it' $(now)\n", says, undo=(says,), armed=True),
        Step(
            "Put",
            Replace("host", str(file), data, b"ours", ""),
            holds_file("host", str(file), b"ours"),
            (Replace("host", str(file), b"ours", data, ""),),
            armed=True,
        ),
    )
    directory = tmp_path / "it's here"
    directory.mkdir(exist_ok=True)
    for name, content in bundle(replace(plan(tmp_path), steps=steps), "id", str(directory)).files:
        (directory / name).write_bytes(content)
    (directory / "outcome").unlink(missing_ok=True)
    (directory / "armed").touch()
    done = subprocess.run(["sh", str(directory / "revert.sh")], timeout=60, check=False)
    assert (directory / "outcome").read_text().startswith("reverted" if data != b"ours" else "failed")
    assert done.returncode == (0 if data != b"ours" else 1)
    assert out.read_bytes() == b"".join(word.encode() + b"\0" for word in words)
    assert file.read_bytes() == data


def test_a_script_that_is_not_armed_does_nothing(tmp_path: Path) -> None:
    touched = Exec("host", ("touch", str(tmp_path / "touched")))
    made = bundle(
        replace(plan(tmp_path), steps=(Step("T", touched, undo=(touched,), armed=True),)), "id", str(tmp_path)
    )
    for name, content in made.files:
        (tmp_path / name).write_bytes(content)
    assert subprocess.run(["sh", str(tmp_path / "revert.sh")], timeout=60, check=False).returncode == 0
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    "line", ["", "x", "a\tarmed\tx\tt", "a\todd\t1\tt", "a\tarmed\t-1\tt", "a\tarmed\t" + "9" * 30 + "\tt"]
)
def test_a_line_that_is_no_pending_revert_is_left_out(line: str) -> None:
    assert _pending(line) is None


async def test_the_lock_is_free_again_when_its_holder_is_killed(rig: Rig) -> None:
    """The kernel gives it back, without anybody tidying up."""
    run_dir = str(rig.root / "run")
    async with hold(rig.host, user="bob@there", operation="o", op_id="id-1", run_dir=run_dir) as held:
        found = await holder(rig.host, run_dir=run_dir)
        assert found is not None
        assert (found.user, found.id) == ("bob@there", "id-1")
        with pytest.raises(Refused, match="bob@there runs o"):
            async with hold(rig.host, user="eve", operation="p", op_id="id-2", run_dir=run_dir):
                raise AssertionError
        for program in tuple(rig.host._programs):
            os.killpg(program.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while not held.lost:
                await asyncio.sleep(0.01)
        assert await holder(rig.host, run_dir=run_dir) is None
        async with hold(rig.host, user="eve", operation="p", op_id="id-2", run_dir=run_dir):
            pass


async def test_a_lock_that_cannot_be_taken_says_what_it_needs(rig: Rig) -> None:
    (rig.root / "blocked").write_text("a file in the way")
    with pytest.raises(Failed, match="flock"):
        async with hold(rig.host, user="a", operation="o", op_id="i", run_dir=str(rig.root / "blocked")):
            raise AssertionError


async def test_nothing_more_is_done_once_the_lock_is_lost(rig: Rig) -> None:
    """Somebody else may be changing the host by then: the timer is what puts it right."""
    engine = rig.engine()

    def kill(label: str) -> None:
        if label == "step-ran:0":
            for program in tuple(rig.host._programs):
                os.killpg(program.pid, signal.SIGKILL)

    engine._observe = kill
    slow = Step("Wait a little", Exec("host", ("sleep", "0.5")), no_undo="nothing")
    steps = (plan(rig.root).steps[0], slow, *plan(rig.root).steps[1:])
    outcome = await engine.apply(replace(plan(rig.root), steps=steps), Answers())
    assert outcome.result == "failed"
    assert "lock on the host is lost" in outcome.message
    assert outcome.armed_until is not None
    assert rig.state()["file"] == b"old\n"
    assert rig.phases()[-1] == "left"


def test_the_probe_of_a_value_with_a_line_feed_is_quoted_whole(tmp_path: Path) -> None:
    probe = Probe("p", SAYS, "contains", "'b' $(c)\n"[:-1])
    step = Step("S", SAYS, probe, (SAYS,), armed=True)
    script = dict(bundle(replace(plan(tmp_path), steps=(step,)), "id", str(tmp_path)).files)["revert.sh"]
    assert subprocess.run(["sh", "-n"], input=script, timeout=60, check=False).returncode == 0
