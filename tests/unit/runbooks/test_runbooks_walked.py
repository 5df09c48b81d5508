"""Every runbook that comes with gbtui, walked on the demo host by itself: from each drill to *verified*."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gbtui.checks.catalog import chosen
from gbtui.demo.host import DemoHost
from gbtui.hosts.base import Command
from gbtui.runbooks.catalog import runbooks
from gbtui.runbooks.types import Runbook, Step
from gbtui.runbooks.walk import Walk
from tests.unit.runbooks.walk_cases import ROWS, Row
from tests.unit.runbooks.walking import Answering, Hurried, session, states, told, walked

NOWHERE = Path("/nowhere")
BOOKS = {book.id: book for book in runbooks(NOWHERE)[0]}
DRILLS = [(id_, drill) for id_, book in BOOKS.items() for drill in book.drills]


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gbtui.checks.inspector.LOOK_AGAIN", 0.0)


def answers(hands: Hurried, row: Row, drill: str = "", wrong: Mapping[str, str] | None = None) -> Answering:
    """Says what the row says, first the wrong answers, each once; mends by hand where it has to be."""
    first = dict(wrong or {})

    async def answer(step: Step) -> str:
        if step.id in first:
            return first.pop(step.id)
        if step.id in row.hands and drill:
            assert isinstance(hands.host, DemoHost)
            hands.host.undo(drill)
        return row.says.get(step.id, step.answers[0].text)

    return answer


def values(row: Row, folder: Path) -> dict[str, str]:
    """The row's parameters, those that are files written."""
    given = dict(row.values)
    for name, text in row.files.items():
        path = folder / name
        path.write_text(text)
        given[name] = str(path)
    return given


async def findings(hands: Hurried, book: Runbook) -> list[tuple[str, str]]:
    report = await hands.inspector(chosen(book.findings)).once(fresh=True)
    assert not report.unknown
    return [one.key for one in report.findings]


async def walk_of(hands: Hurried, book: Runbook, folder: Path, answer: Answering) -> Walk:
    row = ROWS[book.id]
    if row.prepared:
        done = await hands.host.run(Command(row.prepared))
        assert done.ok, done.stderr
    return await walked(hands, book, values(row, folder), answer)


def test_every_runbook_has_a_row_and_a_drill() -> None:
    assert set(ROWS) == set(BOOKS)
    assert [book.id for book in BOOKS.values() if not book.drills] == []


@pytest.mark.parametrize(("id_", "drill"), DRILLS)
async def test_from_the_drill_to_verified(id_: str, drill: str, tmp_path: Path) -> None:
    book, row, hands = BOOKS[id_], ROWS[id_], session(tmp_path / "journal", drill)
    await hands.open(events=False)
    assert await findings(hands, book), f"{drill} leads to no finding of {id_}"
    walk = await walk_of(hands, book, tmp_path, answers(hands, row, drill))
    assert walk.ended, told(walk)
    assert "failed" not in [state for _, state in states(walk)]
    assert await findings(hands, book) == [], told(walk)


@pytest.mark.parametrize("id_", BOOKS)
async def test_where_nothing_is_wrong_nothing_is_changed(id_: str, tmp_path: Path) -> None:
    book, row, hands = BOOKS[id_], ROWS[id_], session(tmp_path / "journal")
    await hands.open(events=False)
    walk = await walk_of(hands, book, tmp_path, answers(hands, row))
    assert walk.ended, told(walk)
    assert await findings(hands, book) == []


@pytest.mark.parametrize("id_", [id_ for id_, row in ROWS.items() if row.wrong])
async def test_a_wrong_answer_leads_back_or_to_an_end(id_: str, tmp_path: Path) -> None:
    book, row = BOOKS[id_], ROWS[id_]
    drills = book.drills
    asked = set()
    for number, drill in enumerate(drills):
        hands = session(tmp_path / str(number), drill)
        walk = await walk_of(hands, book, tmp_path, answers(hands, row, drill, row.wrong))
        assert walk.ended, told(walk)
        asked |= {one.step for one in walk.records}
    assert set(row.wrong) <= asked
