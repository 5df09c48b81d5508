"""Other operators see it: one line per begin and end in the host's own system journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.guard.announce import LONGEST, announce
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Exec, Plan, Step
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command
from gbtui.operations.base import Context
from gbtui.profiles import load
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig, plan
from tests.unit.operations import guarded

BOX = "acme-system"


def lines(rig: Rig) -> list[str]:
    path = rig.root / "syslog"
    return path.read_text().splitlines() if path.exists() else []


async def test_begin_and_end_are_one_line_each(rig: Rig) -> None:
    done = await rig.engine().apply(plan(rig.root), Answers())
    assert lines(rig) == [
        f"begin {done.id} test.everything container=acme-system by tester@here: Everything",
        f"end {done.id} test.everything done by tester@here: Everything: done, verified and kept",
    ]


async def test_words_for_people_are_data_for_every_shell_on_their_way(rig: Rig) -> None:
    """A reason goes into the host's journal and, with the title, into its armed revert: real shells."""
    trap = rig.root / "trap"
    words = f"$(touch {trap}) `touch {trap}`; touch {trap} && touch {trap} ' \" "
    made = replace(plan(rig.root), parameters=(("reason", words),), title=words, why=words)
    done = await rig.engine().apply(made, Answers(keeps="revert"))
    assert done.result == "reverted"
    assert not trap.exists()
    assert any(f"$(touch {trap})" in line for line in lines(rig))


@pytest.mark.parametrize("refused", [{"noop": "already right"}, {"host": "other"}])
async def test_what_was_never_begun_is_not_told(rig: Rig, refused: dict[str, str]) -> None:
    await rig.engine().apply(replace(plan(rig.root), **refused), Answers())  # type: ignore[arg-type]  # fields by name
    await rig.engine().apply(plan(rig.root), Answers(yes=False))
    assert lines(rig) == []


async def test_what_failed_was_left_kept_and_taken_back_is_told(rig: Rig) -> None:
    broken = replace(plan(rig.root), steps=(Step("Break", Exec("host", ("false",))),), revert_after=0.0)
    await rig.engine().apply(broken, Answers())
    assert " failed-undone by tester@here: " in lines(rig)[-1]
    left = await rig.engine().apply(plan(rig.root), Answers(keeps="leave"))
    assert f"unless you say: gbtui keep {left.id}" in lines(rig)[-1]
    await rig.engine().revert(left.id)
    assert lines(rig)[-2] == f"reverted {left.id} by the host itself"
    assert lines(rig)[-1].startswith(f"end {left.id} test.everything reverted by tester@here: ")


async def test_recovery_is_told_too(rig: Rig) -> None:
    engine = rig.engine()

    class Killed(BaseException):
        pass

    def die(label: str) -> None:
        if label == "step-done:1":
            raise Killed

    engine._observe = die
    with pytest.raises(Killed):
        await engine.apply(plan(rig.root), Answers())
    (found,) = await Recovery(rig.engine()).unfinished()
    await Recovery(rig.engine()).finish(found.story.id, Answers())
    assert [line.split()[0] for line in lines(rig)] == ["begin", "finish", "end"]
    assert rig.state() == CHANGED


async def test_a_host_that_does_not_listen_is_said_and_changes_nothing_else(rig: Rig) -> None:
    (rig.root / "no-logger").touch()
    done = await rig.engine().apply(plan(rig.root), Answers())
    assert done.result == "done"
    assert rig.state() == CHANGED
    assert "not in the host's own system journal: socket /dev/log: No such file" in done.message
    assert rig.phases()[-2:] == ["end", "unheard"]
    assert rig.engine().story(done.id).outcome == "done"


async def test_a_host_without_logger_is_put_right_all_the_same(rig: Rig) -> None:
    (rig.root / "bin/logger").write_text("#!/bin/sh\nexit 127\n")
    broken = replace(
        plan(rig.root), verify=(), steps=(*plan(rig.root).steps, Step("B", Exec("host", ("false",))))
    )
    outcome = await rig.engine().apply(broken, Answers())
    assert outcome.result == "failed-undone"
    assert "system journal" in outcome.message
    assert rig.state() == UNTOUCHED


async def test_a_line_is_one_line_bounded_and_masked(rig: Rig) -> None:
    assert await announce(rig.host, "a\nb\x1b[2J password=hunter2 " + "x" * 2000) == ""
    (line,) = lines(rig)
    assert line.startswith("a\ufffdb\ufffd[2J password=*** xxx")
    assert line.endswith("…")
    assert len(line) == LONGEST
    assert await announce(rig.host, "-t evil $(reboot)") == ""
    assert lines(rig)[-1] == "-t evil $(reboot)"


async def test_the_demo_host_keeps_the_lines(tmp_path: Path) -> None:
    clock = ManualClock()
    host = DemoHost(clock=clock)
    engine = Engine(host, Journal(tmp_path), user="tester@here")
    made: Plan = replace(
        await guarded.UNLESS_TYPED.plan(Context(host, load()), {"container": BOX}),
        steps=(replace(guarded.step(BOX), armed=True),),
        revert_after=60.0,
    )
    left = await engine.apply(made, Answers(typed=f"yes {BOX}", keeps="leave"))
    clock.advance(61)
    shown = await host.run(Command(("journalctl", "-q", "--no-pager", "-t", "gbtui", "-o", "cat"), root=True))
    told = shown.stdout.decode().splitlines()
    assert [line.split()[0] for line in told] == ["begin", "end", "reverted"]
    assert all(left.id in line for line in told)
