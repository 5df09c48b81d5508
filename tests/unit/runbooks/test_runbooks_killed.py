"""The fast share of the runbooks' crash matrix: each killed on its way and gone on with, nothing twice."""

from __future__ import annotations

import pytest

from gbtui.runbooks import walker
from gbtui.runbooks.kept import KeptWalks
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Walk
from tests import killed_walk
from tests.runbook_crash_matrix import BOOKS, run, share

DRILLS = {"http-flood": "ban-gateway"}
"""Where the first drill of a runbook is mended by hands alone."""


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_killed_anywhere_no_step_is_lost_and_none_done_twice(book: Runbook) -> None:
    score = run(book, DRILLS.get(book.id, book.drills[0]), share)
    assert score.tried
    assert not score.wrong, "\n".join(score.wrong)


@pytest.mark.parametrize("name", ["valkey-timeout", "deploy-fix"])
def test_killed_by_the_kernel_the_next_process_goes_on(name: str) -> None:
    tried = list(killed_walk.run(BOOKS[name], BOOKS[name].drills[0]))
    assert tried
    assert [said for _, said in tried if said] == []


def test_the_matrix_sees_an_operation_that_is_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker, "ended_since", lambda *_: None)
    score = run(BOOKS["certificates-lost"], "caddy-certificate-lost", share)
    assert "other deeds" in "\n".join(score.wrong)


def test_the_matrix_sees_a_step_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker, "ended_since", lambda *_: None)
    score = run(BOOKS["valkey-timeout"], "valkey-loopback", share)
    assert "[('accept', 'not-applicable')" in "\n".join(score.wrong)


def test_the_matrix_sees_a_walk_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(walks: KeptWalks, runbook: str = "") -> tuple[Walk, ...]:
        return ()

    monkeypatch.setattr(KeptWalks, "unfinished", none)
    score = run(BOOKS["valkey-timeout"], "valkey-loopback", share)
    assert "it stands at" in "\n".join(score.wrong)
