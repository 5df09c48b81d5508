"""Whoever has a finding has a way on: an operation, words for what hands do, or a runbook."""

from __future__ import annotations

import pytest

from gbtui.checks.catalog import CHECKS, chosen
from gbtui.checks.judge import judge
from gbtui.demo.faults import FAULTS
from gbtui.operations.catalog import OPERATIONS
from gbtui.runbooks.types import Runbook
from tests.check_cases import CASES, Case
from tests.unit.checks.inspected import survey
from tests.unit.operations.hurried import hurried
from tests.unit.runbooks.test_runbooks_walked import BOOKS

LED = {check for book in BOOKS.values() for check in book.findings}
BY_HAND = [case for case in CASES if case.remedy is None]


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case.fault)
async def test_a_finding_that_no_operation_mends_leads_on(case: Case) -> None:
    wanted = [check for check, _ in case.finds]
    found = judge(chosen(wanted), await survey(hurried(case.fault), chosen(wanted)))
    assert found.failing
    for check, _, failing in found.failing:
        words = failing.remedy is not None and (failing.remedy.words or failing.remedy.operation)
        assert words or check.id in LED, f"{check.id} says nothing of what to do"


def test_a_check_without_an_operation_has_a_runbook_or_words() -> None:
    operations = {operation.id for operation in OPERATIONS}
    for check in CHECKS:
        assert check.remedy in operations or check.id in LED or len(check.remedy.split()) > 2, check.id


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_a_drill_trains_what_the_runbook_says(book: Runbook) -> None:
    for drill in book.drills:
        assert set(FAULTS[drill].items) & set(book.items), f"{drill}: {FAULTS[drill].items}"
