"""SIGKILL at every transition: the next start names exactly what was done, and both ways out end right."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess  # noqa: TID251 - what is killed must be another process
import sys
from pathlib import Path

import pytest

from gbtui.guard.crash import VARIABLE
from gbtui.guard.recovery import Recovery
from gbtui.guard.unfinished import Unfinished
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig

ROOT = Path(__file__).parents[3]
STEPS = range(5)
#: label → how the five steps stand. Step 2 is a wait, step 3 a bell nobody can look at.
LABELS: dict[str, list[str]] = {"begin": ["not-done"] * 5, "armed": ["not-done"] * 5}
for number in STEPS:
    rest = ["not-done"] * (4 - number)
    blind = number in {2, 3}
    LABELS[f"step-begin:{number}"] = ["done"] * number + ["unknown" if blind else "not-done", *rest]
    LABELS[f"step-ran:{number}"] = ["done"] * number + ["unknown" if blind else "done", *rest]
    LABELS[f"step-done:{number}"] = ["done"] * (number + 1) + rest
for label in ("verify-begin:0", "verify-done:0", "keep-wanted"):
    LABELS[label] = ["done"] * 5


def crash(rig: Rig, label: str, keeps: str = "keep") -> None:
    """Run the whole operation in another process that dies at `label`."""
    argv = [sys.executable, "-m", "tests.unit.guard.rig", str(rig.root), keeps]
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, VARIABLE: label}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, label


async def released(rig: Rig) -> Unfinished:
    """The one unfinished operation, once the host has noticed that its holder is gone."""
    recovery = Recovery(rig.engine())
    async with asyncio.timeout(20):
        while True:
            (found,) = await recovery.unfinished()
            if found.running is None:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("label", LABELS)
async def test_killed_then_finished(rig: Rig, label: str) -> None:
    crash(rig, label)
    found = await released(rig)
    assert [step.state for step in found.steps] == LABELS[label], found.words()
    assert found.armed is (label != "begin")
    outcome = await Recovery(rig.engine()).finish(found.story.id, Answers())
    assert outcome.result == "done", outcome.message
    assert rig.state() == CHANGED
    assert rig.journal.unfinished("rig") == ()
    assert rig.journal.verify().broken == 0
    bells = (rig.root / "bell").read_text().count("rung")
    assert bells == (2 if label == "step-ran:3" else 1), "only the step nobody can look at may run twice"


@pytest.mark.parametrize("label", LABELS)
async def test_killed_then_undone(rig: Rig, label: str) -> None:
    crash(rig, label)
    found = await released(rig)
    outcome = await Recovery(rig.engine()).undo_unfinished(found.story.id, Answers())
    assert outcome.result == "failed-undone", outcome.message
    assert rig.state() == UNTOUCHED
    assert rig.journal.unfinished("rig") == ()
    assert rig.journal.verify().broken == 0


@pytest.mark.parametrize("label", ["step-ran:0", "step-done:1", "verify-done:0"])
async def test_killed_and_the_host_puts_itself_back(rig: Rig, label: str) -> None:
    (rig.root / "fast").write_text("1.5")
    crash(rig, label)
    engine = rig.engine()
    (op_id,) = rig.journal.unfinished("rig")
    async with asyncio.timeout(30):
        while await engine.reverter.outcome(op_id) is None:
            await asyncio.sleep(0.05)
    assert rig.state()["file"] == b"old\n"
    assert not (rig.root / "steps/one").exists()
    found = await released(rig)
    assert found.reverted is not None
    assert found.reverted.ok
    refused = await Recovery(engine).finish(op_id, Answers())
    assert refused.result == "refused"
    assert "put itself back" in refused.message
    (said,) = await Recovery(engine).report()
    assert "put itself back" in said
    if rig.journal.unfinished("rig"):  # step 4 was not armed: it is still to be undone by hand
        assert (await Recovery(engine).undo_unfinished(op_id, Answers())).result == "failed-undone"
    assert rig.state() == UNTOUCHED
    assert rig.journal.unfinished("rig") == ()


async def test_killed_while_undoing_then_undone(rig: Rig) -> None:
    crash(rig, "step-done:1")
    found = await released(rig)
    engine = rig.engine()

    class Killed(BaseException):
        pass

    def die(label: str) -> None:
        if label == "undo-ran:1":
            raise Killed

    engine._observe = die
    with pytest.raises(Killed):
        await Recovery(engine).undo_unfinished(found.story.id, Answers())
    found = await released(rig)
    assert found.numbers("done") == (0,)
    assert (await Recovery(rig.engine()).undo_unfinished(found.story.id, Answers())).result == "failed-undone"
    assert rig.state() == UNTOUCHED


async def test_finishing_refuses_what_somebody_changed_since(rig: Rig) -> None:
    crash(rig, "step-done:1")
    found = await released(rig)
    (rig.root / "etc/file").write_bytes(b"theirs\n")
    outcome = await Recovery(rig.engine()).finish(found.story.id, Answers())
    assert outcome.result == "refused"
    assert "Replace file" in outcome.message
    assert (rig.root / "etc/file").read_bytes() == b"theirs\n"


async def test_settling_needs_a_reason_and_no_pending_revert(rig: Rig) -> None:
    crash(rig, "step-done:1")
    found = await released(rig)
    recovery = Recovery(rig.engine())
    assert (await recovery.mark(found.story.id, "looked at it")).result == "refused"
    await rig.engine().revert(found.story.id)
    assert rig.state() == UNTOUCHED
    assert rig.journal.unfinished("rig") == ()


async def test_settling_ends_it_in_words(rig: Rig) -> None:
    crash(rig, "begin")
    found = await released(rig)
    recovery = Recovery(rig.engine())
    assert (await recovery.mark(found.story.id, "looked at it")).result == "done"
    assert rig.engine().story(found.story.id).message == "looked at it"


async def test_a_lost_timer_is_told(rig: Rig) -> None:
    """The host was restarted between arming and keeping: transient timers do not survive that."""
    crash(rig, "step-done:1")
    await released(rig)
    for timer in (rig.root / "timers").iterdir():
        timer.unlink()
    (said,) = await Recovery(rig.engine()).report()
    assert "restarted" in said
    (found,) = await Recovery(rig.engine()).unfinished()
    assert (await Recovery(rig.engine()).finish(found.story.id, Answers())).result == "done"
    assert rig.state() == CHANGED
