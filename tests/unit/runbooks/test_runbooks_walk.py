"""A walk on the demo host: from symptom to verified, the wrong way and back, resumed, never past a guard."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.announced import parse_announced
from gbtui.guard.journal import Journal
from gbtui.guard.port import Event
from gbtui.guard.serial import to_json
from gbtui.hosts.base import Command, inside
from gbtui.profiles import load
from gbtui.runbooks import course
from gbtui.runbooks.catalog import find
from gbtui.runbooks.cut import ended_elsewhere, ended_since
from gbtui.runbooks.fill import checked, filled
from gbtui.runbooks.reader import parse
from gbtui.runbooks.types import Runbook, Step
from gbtui.runbooks.walk import Walk, begin
from gbtui.runbooks.walk_file import Walks
from gbtui.runbooks.walker import perform
from gbtui.session import Session
from tests.unit.guard.rig import Answers
from tests.unit.operations.guarded import REFUSED, UNLESS_TYPED, install
from tests.unit.operations.hurried import hurried

SYSTEM = {"container": "acme-system"}


def session(tmp_path: Path, *faults: str) -> Session:
    return Session(hurried(*faults), load(), Journal(tmp_path), user="tester@here")


def silent(event: Event) -> None:
    """Nobody looks."""


async def do(hands: Session, book: Runbook, walk: Walk) -> Walk:
    """The step the walk is at, done and approved."""
    step = filled(book.step(walk.at), walk.values)
    if step.kind == "ask":
        return course.answered(walk, book, step, "yes", "tester")
    result = await perform(hands, step, walk, Yes(), silent)
    return course.performed(walk.begun(step, "tester"), book, step, result, "tester")


class Yes(Answers):
    """Acknowledges whatever warns."""

    async def approve(self, plan):  # type: ignore[no-untyped-def]  # as its base
        self.acknowledged = tuple(v.guard for v in plan.verdicts if v.verdict == "warn")
        return await super().approve(plan)


async def walked(hands: Session, book: Runbook, values: Mapping[str, str]) -> Walk:
    await hands.open(events=False)
    walk = begin(book, hands.host.name, values)
    for _ in range(20):
        if walk.ended:
            return walk
        walk = await do(hands, book, walk)
    raise AssertionError(walk)


async def test_valkey_from_symptom_to_verified(tmp_path: Path) -> None:
    hands = session(tmp_path, "valkey-loopback")
    walk = await walked(hands, find("valkey-timeout"), SYSTEM)
    assert [(one.step, one.state) for one in walk.records if one.state != "begun"] == [
        ("cut-off", "done"),
        ("accept", "done"),
        ("does-valkey-answer", "done"),
        ("served", "done"),
    ]
    assert "PONG" in walk.records[-2].output
    rules = await hands.host.run(Command(inside("acme-system", Command(("iptables", "-S", "INPUT"))).argv))
    assert rules.stdout.splitlines()[1] == b"-A INPUT -i lo -j ACCEPT"


async def test_where_nothing_is_wrong_the_branch_leads_past_the_repair(tmp_path: Path) -> None:
    walk = await walked(session(tmp_path), find("valkey-timeout"), SYSTEM)
    steps = [one.step for one in walk.records if one.state != "begun"]
    assert steps == ["cut-off", "does-valkey-answer", "served"]
    assert "not as expected, on to does-valkey-answer" in walk.records[1].note


async def test_a_step_whose_precondition_is_not_so_does_not_apply(tmp_path: Path) -> None:
    hands, book = session(tmp_path), find("valkey-timeout")
    await hands.open(events=False)
    walk = replace(begin(book, hands.host.name, SYSTEM), at="accept")
    walk = await do(hands, book, walk)
    assert (walk.records[-1].state, walk.at) == ("not-applicable", "does-valkey-answer")
    assert hands.journal.entries() == ()


async def test_what_was_done_before_the_walk_was_cut_off_is_not_done_twice(tmp_path: Path) -> None:
    hands, book = session(tmp_path / "journal"), parse(RESTART, tmp_path / "mine.md")
    await hands.open(events=False)
    walks = Walks(hands.host.name, tmp_path)
    begun = begin(book, hands.host.name, {}).begun(book.steps[0], "tester")
    walks.save(begun)
    result = await perform(hands, book.steps[0], begun, Yes(), silent)
    assert result.state == "done"
    (again,) = walks.unfinished("mine")
    assert again == begun
    resumed = await perform(hands, book.steps[0], again, Yes(), silent)
    assert (resumed.state, resumed.operation) == ("done", result.operation)
    begins = [one for one in hands.journal.entries() if one.record == "begin"]
    assert len(begins) == 1


RESTART = """# Restart

```toml
id = "mine"
```

## Restart

Why.

```toml
operation = "containers.restart"
with = { container = "acme-webmail" }
verify = { check = "containers.running", at = "acme-webmail" }
```
"""


async def cut_off(tmp_path: Path) -> tuple[Session, Step, Walk, str]:
    """A restart that was done and not recorded: its session, the step, the walk on file, the operation."""
    hands, book = session(tmp_path), parse(RESTART, Path("mine.md"))
    await hands.open(events=False)
    begun = begin(book, hands.host.name, {}).begun(book.steps[0], "tester")
    done = await perform(hands, book.steps[0], begun, Yes(), silent)
    assert done.state == "done"
    return hands, book.steps[0], begun, done.operation


async def test_cut_off_twice_it_is_not_done_twice(tmp_path: Path) -> None:
    hands, step, begun, operation = await cut_off(tmp_path)
    again = begun.begun(step, "tester")
    assert (await perform(hands, step, again, Yes(), silent)).operation == operation


async def test_who_takes_over_does_not_do_again_what_the_host_knows_was_done(tmp_path: Path) -> None:
    hands, step, begun, operation = await cut_off(tmp_path / "alice")
    bob = Session(hands.host, load(), Journal(tmp_path / "bob"), user="bob@there")
    result = await perform(bob, step, begun, Yes(), silent)
    assert (result.state, result.operation) == ("done", operation)
    assert bob.journal.entries() == ()


async def test_who_takes_over_does_again_what_was_taken_back(tmp_path: Path) -> None:
    hands, step, begun, operation = await cut_off(tmp_path / "alice")
    undo = "20991130T202418Z-0472 journal.undo"
    for line in (f"begin {undo} id={operation} by x: y", f"end {undo} done by x: y"):
        await hands.host.run(Command(("logger", "-t", "gbtui", "--", line)))
    bob = Session(hands.host, load(), Journal(tmp_path / "bob"), user="bob@there")
    result = await perform(bob, step, begun, Yes(), silent)
    assert (result.state, result.operation != operation) == ("done", True)


@pytest.mark.parametrize(
    ("line", "ended"),
    [
        ("begin 20261123T140400Z-0001 containers.restart container=acme-webmail by a: b", True),
        ("begin 20261123T140322Z-0001 containers.restart container=acme-webmail wait=1 by a: b", True),
        ("begin 20261123T140321Z-0001 containers.restart container=acme-webmail by a: b", False),
        ("begin 20261123T140400Z-0001 containers.restart container=acme-webmail-2 by a: b", False),
        ("begin 20261123T140400Z-0001 containers.stop container=acme-webmail by a: b", False),
        ("begin 20269923T140400Z-0001 containers.restart container=acme-webmail by a: b", False),
    ],
)
def test_an_announced_operation_is_the_steps_by_its_time_and_parameters(line: str, ended: bool) -> None:
    step = parse(RESTART, Path("mine.md")).steps[0]
    id_ = line.split()[1]
    end = f"end {id_} containers.restart done by a: it runs by itself: well"
    seen = tuple(parse_announced(f"{line}\n{end}\n".encode()))
    found = ended_elsewhere(seen, step, "2026-11-23T14:03:22.900+00:00")
    assert (found is not None) is ended
    if found is not None:
        assert (found.id, found.outcome, found.message) == (id_, "done", "it runs by itself: well")
    failed = tuple(parse_announced(f"{line}\nend {id_} containers.restart reverted by a: b".encode()))
    assert ended_elsewhere(failed, step, "2026-11-23T14:03:22.900+00:00") is None


@pytest.mark.parametrize(
    ("word", "result", "ended"), [("finish", "done", True), ("undo", "failed-undone", False)]
)
def test_what_a_recovery_finished_is_done_and_what_it_undid_is_not(
    word: str, result: str, ended: bool
) -> None:
    step, typed = (
        parse(RESTART, Path("mine.md")).steps[0],
        "containers.restart container=acme-webmail by a: b",
    )
    lines = [f"{one} 20261123T140400Z-0001 {typed}" for one in ("begin", word)]
    lines.append(f"end 20261123T140400Z-0001 containers.restart {result} by a: b")
    seen = tuple(parse_announced("\n".join(lines).encode()))
    assert len(seen) == len(lines)
    assert (ended_elsewhere(seen, step, "2026-11-23T14:03:22.900+00:00") is not None) is ended


@given(st.binary(max_size=300))
def test_announcements_are_read_from_anything(data: bytes) -> None:
    head = b"end 20261123T140400Z-0001 containers.restart "
    for one in (*parse_announced(data), *parse_announced(head + data)):
        assert one.id == "20261123T140400Z-0001" or one.at


async def test_done_before_a_cut_it_still_has_to_be_so(tmp_path: Path) -> None:
    hands, step, begun, operation = await cut_off(tmp_path)
    assert isinstance(hands.host, DemoHost)
    hands.host.inject("container-stop")
    result = await perform(hands, step, begun, Yes(), silent)
    assert (result.state, result.operation) == ("failed", operation)
    assert "not so: containers.running" in result.note


@pytest.mark.parametrize(
    ("record", "data"),
    [("undone", {}), ("reverted", {"ok": True}), ("resume", {"how": "undo"})],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_was_taken_back_since_is_done_again(
    tmp_path: Path, record: str, data: dict[str, Any]
) -> None:
    hands, step, begun, operation = await cut_off(tmp_path)
    hands.journal.append(operation, hands.host.name, record, **data)
    assert ended_since(hands.journal, hands.host.name, step, begun.records[0].at) is None
    result = await perform(hands, step, begun, Yes(), silent)
    assert (result.state, result.operation != operation) == ("done", True)


async def test_what_failed_before_a_cut_is_not_tried_again_unasked(tmp_path: Path) -> None:
    hands, book = session(tmp_path), parse(RESTART, Path("mine.md"))
    await hands.open(events=False)
    step, begun = book.steps[0], begin(book, hands.host.name, {}).begun(book.steps[0], "tester")
    plan = to_json(await hands.plan(step.operation, step.given))
    hands.journal.append("op-1", hands.host.name, "begin", plan=plan)
    hands.journal.append("op-1", hands.host.name, "end", outcome="failed-undone", message="it did not start")
    result = await perform(hands, step, begun, Yes(), silent)
    assert (result.state, result.operation) == ("failed", "op-1")
    assert result.note == "failed-undone before the walk was cut off: it did not start"
    walk = course.performed(begun, book, step, result, "tester")
    assert (await perform(hands, step, walk, Yes(), silent)).state == "done"


async def test_another_of_the_same_kind_before_it_was_begun_does_not_count(tmp_path: Path) -> None:
    hands, step, _, operation = await cut_off(tmp_path)
    later = begin(parse(RESTART, Path("mine.md")), hands.host.name, {}).begun(step, "tester")
    result = await perform(hands, step, later, Yes(), silent)
    assert (result.state, result.operation != operation) == ("done", True)


async def test_a_guard_holds_by_the_way_of_a_runbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    hands, book = session(tmp_path), parse(one_step(REFUSED.id, "acme-system"), tmp_path / "mine.md")
    await hands.open(events=False)
    argv = inside("acme-system", Command(("iptables", "-S", "INPUT"))).argv
    before = (await hands.host.run(Command(argv))).stdout
    walk = await do(hands, book, begin(book, hands.host.name, {}))
    assert (walk.records[-1].state, walk.at) == ("failed", "never")
    assert "refused" in walk.records[-1].note
    assert (await hands.host.run(Command(argv))).stdout == before


def one_step(operation: str, container: str) -> str:
    """A runbook whose only step is that operation."""
    return (
        '# Never\n\n```toml\nid = "mine"\n```\n\n## Never\n\nWhy.\n\n```toml\n'
        f'operation = "{operation}"\nwith = {{ container = "{container}" }}\n```\n'
    )


@pytest.mark.parametrize("typed", ["", "yes", "acme-system", "YES acme-system"])
async def test_what_has_to_be_typed_is_not_got_past_by_a_runbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    install(monkeypatch)
    hands = session(tmp_path)
    book = parse(one_step(UNLESS_TYPED.id, "acme-system"), tmp_path / "mine.md")
    await hands.open(events=False)
    walk = begin(book, hands.host.name, {}).begun(book.steps[0], "tester")
    result = await perform(hands, book.steps[0], walk, Answers(typed=typed), silent)
    assert result.state == "failed"
    assert "Type 'yes acme-system'" in result.note
    assert hands.journal.entries() == ()
    result = await perform(hands, book.steps[0], walk, Answers(typed="yes acme-system"), silent)
    assert result.state == "done"


async def test_a_warning_that_nobody_has_read_is_not_got_past_by_a_runbook(tmp_path: Path) -> None:
    hands = session(tmp_path)
    book = parse(one_step("containers.stop", "acme-webmail"), tmp_path / "mine.md")
    await hands.open(events=False)
    walk = begin(book, hands.host.name, {}).begun(book.steps[0], "tester")
    result = await perform(hands, book.steps[0], walk, Answers(acknowledged=("another",)), silent)
    assert result.state == "failed"
    assert "a warning was not acknowledged: goes-dark" in result.note
    assert hands.journal.entries() == ()


def test_back_goes_to_the_step_walked_before() -> None:
    book = find("valkey-timeout")
    walk = begin(book, "demo", SYSTEM)
    first = book.step("cut-off")
    onward = course.skipped(walk, book, first, "known", "tester")
    assert (onward.at, onward.back(book).at, walk.back(book).at) == ("accept", "cut-off", "cut-off")
    further = course.skipped(onward, book, book.step("accept"), "known", "tester")
    assert (further.back(book).at, further.back(book).back(book).at) == ("accept", "cut-off")
    assert further.back(book).back(book).back(book).at == "cut-off"


def test_back_passes_over_a_step_that_the_runbook_has_no_more() -> None:
    book = find("valkey-timeout")
    walk = course.skipped(begin(book, "demo", SYSTEM), book, book.step("cut-off"), "known", "tester")
    gone = walk.recorded(replace(walk.records[0], step="gone"), "served")
    assert gone.back(book).at == "cut-off"


def test_a_file_that_is_no_walk_costs_itself(tmp_path: Path) -> None:
    walks = Walks("demo", tmp_path)
    walk = begin(find("valkey-timeout"), "demo", SYSTEM)
    walks.save(walk)
    folder = tmp_path / "runbooks" / "demo"
    (folder / "broken.json").write_text("{")
    (folder / "other.json").write_text("[1]")
    assert walks.unfinished() == (walk,)
    assert (folder / f"{walk.id}.json").stat().st_mode & 0o777 == 0o600


VALKEY = find("valkey-timeout")


@given(st.text(max_size=60))
def test_a_parameter_is_one_argument_or_refused(value: str) -> None:
    book = VALKEY
    with suppress(BadInput):
        values = checked(book, {"container": value}, {"system": "acme-system"})
        step = filled(book.step("does-valkey-answer"), values)
        assert step.look is not None
        assert step.look.where == (value or "acme-system")
        assert len(step.look.argv) == 4


def test_parameters_are_named_in_a_refusal() -> None:
    with pytest.raises(BadInput, match="it has: container"):
        checked(find("valkey-timeout"), {"nosuch": "x"}, {})
    with pytest.raises(BadInput, match="needs container="):
        checked(find("valkey-timeout"), {}, {})
