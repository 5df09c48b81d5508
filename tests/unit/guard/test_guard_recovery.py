"""Both ways out of an unfinished operation ask first, and are held to the answer as `apply` is."""

from __future__ import annotations

import json
import os
import signal
import subprocess  # noqa: TID251 - what is killed must be another process
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.cli import main
from gbtui.guard.crash import VARIABLE
from gbtui.guard.engine import Engine
from gbtui.guard.fingerprint import fingerprint, rely
from gbtui.guard.plan import Danger, Exec, Plan, Verdict
from gbtui.guard.port import Event
from gbtui.guard.recovery import Recovery
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig, made, plan

ROOT = Path(__file__).parents[3]
TYPED = "acme-system"


class Died(BaseException):
    """This process has ended."""


async def left(rig: Rig, label: str, **changes: object) -> tuple[Engine, str]:
    """An operation whose process died at `label`: the next start's engine, and its id."""
    dying = rig.engine()

    def die(at: str) -> None:
        if at == label:
            raise Died

    dying._observe = die
    warned = Answers(acknowledged=("g",), typed=TYPED, keeps="leave")
    with pytest.raises(Died):
        await dying.apply(replace(plan(rig.root, armed=False), **changes), warned)  # type: ignore[arg-type]  # a plan's fields
    (op_id,) = rig.journal.unfinished("rig")
    return rig.engine(), op_id


@pytest.mark.parametrize(
    ("answers", "result", "words"),
    [
        (Answers(yes=False), "declined", "Finish: Everything: not approved by tester"),
        (Answers(typed=TYPED), "refused", "a warning was not acknowledged: g: hm"),
        (Answers(acknowledged=("g",)), "refused", "type 'acme-system' to confirm"),
        (Answers(acknowledged=("g",), typed="acme"), "refused", "type 'acme-system' to confirm"),
    ],
)
async def test_finishing_is_held_to_the_answer(rig: Rig, answers: Answers, result: str, words: str) -> None:
    warned = (Verdict("g", "warn", "hm"),)
    engine, op_id = await left(rig, "step-begin:0", verdicts=warned, danger=Danger.IRREVERSIBLE)
    outcome = await Recovery(engine).finish(op_id, answers)
    assert (outcome.result, outcome.id, words in outcome.message) == (result, op_id, True), outcome.message
    assert answers.asked == ["approve"]
    assert rig.state() == UNTOUCHED
    assert rig.journal.unfinished("rig") == (op_id,)
    agreed = Answers(acknowledged=("g",), typed=TYPED)
    assert (await Recovery(engine).finish(op_id, agreed)).result == "done"
    assert rig.state() == CHANGED
    resumed = next(record for record in rig.journal.entries() if record.record == "resume")
    assert (resumed.data["by"], resumed.data["acknowledged"]) == ("tester", ["g"])


async def test_undoing_asks_as_well(rig: Rig) -> None:
    engine, op_id = await left(rig, "step-done:1")
    before = rig.state()
    outcome = await Recovery(engine).undo_unfinished(op_id, Answers(yes=False))
    assert (outcome.result, outcome.message) == ("declined", "Undo: Everything: not approved by tester")
    assert rig.state() == before != UNTOUCHED
    events: list[Event] = []

    def heard(event: Event) -> None:
        events.append(event)

    assert (await Recovery(engine).undo_unfinished(op_id, Answers(), heard)).result == "failed-undone"
    assert rig.state() == UNTOUCHED
    undone = [(event.step, event.title) for event in events if event.phase == "undo-done"]
    assert undone == [(0, "Replace file"), (1, "Make one")], "by the places in the plan that was shown"


async def test_undoing_what_loses_data_is_typed(rig: Rig) -> None:
    steps = (replace(made(rig.root, "one"), undo_loses="what is in one"), made(rig.root, "two"))
    engine, op_id = await left(rig, "step-done:0", steps=steps)
    (found,) = await Recovery(engine).unfinished()
    assert (found.finishing().must_type, found.undoing().must_type) == ("", TYPED)
    outcome = await Recovery(engine).undo_unfinished(op_id, Answers())
    assert (outcome.result, f"type '{TYPED}'" in outcome.message) == ("refused", True)
    assert rig.state()["made"] == ["one"]
    assert (await Recovery(engine).undo_unfinished(op_id, Answers(typed=TYPED))).result == "failed-undone"
    assert rig.state() == UNTOUCHED


@pytest.mark.parametrize(
    ("label", "result"), [("begin", "changed"), ("step-begin:0", "changed"), ("step-done:0", "done")]
)
async def test_facts_hold_until_the_first_step_has_changed_them(rig: Rig, label: str, result: str) -> None:
    watched = rig.root / "etc/watched"
    watched.write_text("before")
    relies = await rely(rig.host, "the watched file", Exec("host", ("cat", str(watched))))
    facts = {"relies_on": (relies,), "fingerprint": fingerprint((relies,))}
    engine, op_id = await left(rig, label, **facts)
    watched.write_text("after")
    outcome = await Recovery(engine).finish(op_id, Answers())
    assert outcome.result == result, outcome.message
    if result == "changed":
        assert "nothing of it is done: the watched file" in outcome.message
        assert f"gbtui recover {op_id} --undo" in outcome.message
        assert rig.state() == UNTOUCHED
        watched.write_text("before")
        assert (await Recovery(engine).finish(op_id, Answers())).result == "done"


@pytest.mark.parametrize(("label", "result"), [("begin", "refused"), ("step-done:0", "done")])
async def test_guards_are_asked_again_while_nothing_is_done(rig: Rig, label: str, result: str) -> None:
    engine, op_id = await left(rig, label)

    async def again(_: Plan) -> Sequence[Verdict]:
        return (Verdict("operator-peer", "refuse", "somebody is there by now"),)

    engine.guards_again = again
    outcome = await Recovery(engine).finish(op_id, Answers())
    assert outcome.result == result, outcome.message
    if result == "refused":
        assert "operator-peer: somebody is there by now; nothing of it is done" in outcome.message
        assert rig.state() == UNTOUCHED


# The command line


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a destroy that was killed before its step: on the demo host nothing of it is done."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    words = ("apply", "snapshots.destroy", f"snapshots={_oldest()}", "--yes", "--confirm", _oldest())
    argv = [sys.executable, "-m", "gbtui", "--demo", *words, "--acknowledge", "newest"]
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, VARIABLE: "step-begin:0"}, check=False)
    assert done.returncode == -signal.SIGKILL
    return _oldest()


def _oldest() -> str:
    from gbtui.demo.host import DemoHost

    rows = [one for one in DemoHost().state.snapshots if one.dataset.endswith("acme-alm-ci")]
    first = min(rows, key=lambda one: one.created)
    return f"{first.dataset}@{first.name}"


def test_recovery_from_the_command_line_asks(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "recover", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["unfinished"]
    assert (found["confirm"], found["confirm_undo"]) == (killed, "")
    for more, words in (
        ((), "not approved"),
        (("--yes",), f"type '{killed}' to confirm"),
        (("--yes", "--confirm", "x"), f"type '{killed}' to confirm"),
    ):
        assert main(["--demo", "recover", found["id"], "--finish", *more]) == 3
        assert words in capsys.readouterr().err
    assert main(["--demo", "recover", found["id"], "--undo"]) == 3
    assert "--yes" in capsys.readouterr().err
    assert main(["--demo", "recover", "--json"]) == 1
    capsys.readouterr()
    assert main(["--demo", "recover", found["id"], "--finish", "--yes", "--confirm", killed]) == 0
    assert "done and verified" in capsys.readouterr().out
    assert main(["--demo", "recover"]) == 0


@pytest.mark.parametrize("way", ["finish", "undo"])
async def test_the_hosts_timer_begins_anew_before_anybody_is_asked(rig: Rig, way: str) -> None:
    """Else it fires while the operator still reads what would be done."""
    dying = rig.engine()

    def die(at: str) -> None:
        if at == "step-done:0":
            raise Died

    dying._observe = die
    with pytest.raises(Died):
        await dying.apply(plan(rig.root), Answers())
    (op_id,) = rig.journal.unfinished("rig")
    unit = rig.root / "var" / op_id / "unit"
    first = unit.read_text("utf-8")
    asked_with: list[str] = []

    async def reading() -> None:
        asked_with.append(unit.read_text("utf-8"))

    answers, recovery = Answers(before_yes=reading, yes=False), Recovery(rig.engine())
    outcome = await (recovery.finish if way == "finish" else recovery.undo_unfinished)(op_id, answers)
    assert outcome.result == "declined"
    assert asked_with == [unit.read_text("utf-8")]
    assert asked_with != [first]
