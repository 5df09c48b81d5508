"""Each fault on the demo host: exactly its findings, evidence that names the cause, gone after the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.check_cases import CASES, Case
from tests.unit.checks.inspected import pairs, survey, words
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import hurried, swift


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
async def test_a_fault_is_found_named_and_remedied(case: Case, tmp_path: Path) -> None:
    host = hurried(case.fault)
    found = judge(CHECKS, await survey(host))
    assert pairs(found) == tuple(sorted(case.finds))
    told = "\n".join(words(failing) for _, _, failing in found.failing)
    for word in case.shows:
        assert word in told
    if case.remedy is None:
        host.undo(case.fault)
    else:
        await _remedied(host, case, tmp_path)
    assert pairs(judge(CHECKS, await survey(host))) == ()


async def _remedied(host: DemoHost, case: Case, tmp_path: Path) -> None:
    found = judge(CHECKS, await survey(host))
    failing = next(one for check, _, one in found.failing if (check.id, one.subject) == case.remedy)
    assert failing.remedy is not None
    given = {**dict(failing.remedy.parameters), **case.given}
    plan = swift(await find(failing.remedy.operation).plan(Context(host, load()), given))
    assert not plan.noop, plan.noop
    refused = [verdict.reason for verdict in plan.verdicts if verdict.verdict == "refuse"]
    assert not refused
    acknowledged = tuple(verdict.guard for verdict in plan.verdicts if verdict.verdict == "warn")
    answers = Answers(acknowledged=acknowledged, typed=plan.target)
    outcome = await Engine(host, Journal(tmp_path), user="tester@here").apply(plan, answers)
    assert outcome.result == "done", outcome.message
