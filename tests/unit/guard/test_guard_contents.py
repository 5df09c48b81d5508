"""Files' contents are kept beside the journal, for whoever finishes or undoes, and no longer than that."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gbtui.errors import Malformed, NotFound
from gbtui.guard.contents import Contents
from gbtui.guard.fingerprint import sha256
from gbtui.guard.journal import UNDOABLE, Journal
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig, plan


def plan_of(before: bytes | None, after: bytes) -> dict[str, object]:
    held = None if before is None else base64.b64encode(before).decode()
    does = {"kind": "replace", "path": "/x", "before": held, "after": base64.b64encode(after).decode()}
    return {"steps": [{"does": does, "undo": []}]}


def kept(journal: Journal) -> set[str]:
    return {path.name for path in journal.contents.directory.iterdir() if len(path.name) == 64}


async def test_the_journals_lines_hold_no_file(rig: Rig) -> None:
    outcome = await rig.engine().apply(plan(rig.root), Answers())
    assert outcome.result == "done", outcome.message
    lines = rig.journal.path.read_bytes()
    for content in (b"old\n", b"new\xff\n"):
        assert base64.b64encode(content) not in lines
        assert sha256(content).encode() in lines
        path = rig.journal.contents.directory / sha256(content)
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert rig.journal.contents.directory.stat().st_mode & 0o777 == 0o700
    assert rig.engine().story(outcome.id).plan == plan(rig.root), "exactly the plan that ran"
    undone = await rig.engine().undo(outcome.id, Answers())
    assert undone.result == "done", undone.message
    assert rig.state() == UNTOUCHED


async def test_a_journal_of_an_earlier_release_is_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(Contents, "put_away", lambda _, plan: plan)
        outcome = await rig.engine().apply(plan(rig.root), Answers())
    assert base64.b64encode(b"old\n") in rig.journal.path.read_bytes()
    assert rig.engine().story(outcome.id).plan == plan(rig.root)
    assert rig.state() == CHANGED


async def test_what_is_gone_or_altered_is_said(rig: Rig) -> None:
    outcome = await rig.engine().apply(plan(rig.root), Answers())
    path = rig.journal.contents.directory / sha256(b"old\n")
    path.write_bytes(b"other\n")
    with pytest.raises(Malformed, match="was altered"):
        await rig.engine().plan_undo(outcome.id)
    path.unlink()
    with pytest.raises(NotFound, match="too long ago, or was removed"):
        await rig.engine().plan_undo(outcome.id)
    assert rig.state() == CHANGED


def test_what_nothing_needs_any_more_goes_with_the_parts(tmp_path: Path) -> None:
    small = Journal(tmp_path, limit=700)
    small.append("left", "h", "begin", plan=plan_of(None, b"left"))
    for name, end in (("done", "done"), ("failed", "failed-undone"), ("back", "done")):
        small.append(name, "h", "begin", plan=plan_of(b"before " + name.encode(), name.encode()))
        small.append(name, "h", "end", outcome=end)
    small.append("back", "h", "undone", undo="x")
    small.append("done", "h", "step-done", output='it said "end"', outcome="")
    small.ready()
    needed = {sha256(name) for name in (b"left", b"done", b"before done")}
    assert kept(small) == needed
    for number in range(60):
        small.append(f"op-{number}", "h", "step-done", step=number)
    assert len(small._parts.full()) > UNDOABLE + 1
    small.ready()
    assert kept(small) == {sha256(b"left")}, "unfinished ones for ever, undoable ones for some parts"
    assert small.verify().broken == 0
