"""The fast share of `make crash-matrix`: every case, killed at every transition, one way out each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gbtui.guard.plan import Exec, Plan, Probe, Step
from gbtui.operations import catalog
from gbtui.operations.assemble import assemble
from gbtui.operations.base import Context, Operation
from tests.crash_matrix import run
from tests.operations_cases import CASES, Case
from tests.unit.operations import guarded

BOX = {"container": "acme-system"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_killed_anywhere_it_ends_done_or_as_before(case: Case) -> None:
    score = run(case, lambda number: ("undo",) if number % 2 else ("finish",), whole=False)
    assert score.tried
    assert not score.wrong, "\n".join(score.wrong)


def test_every_operation_has_a_case_and_every_case_its_operation() -> None:
    assert {case.operation for case in CASES} == {operation.id for operation in catalog.OPERATIONS}


def _broken(step: Step) -> Operation:
    """An operation whose step does not keep its word."""

    async def make(context: Context, given: Mapping[str, str]) -> Plan:
        return assemble(
            operation, context, given, "Broken", verdicts=(), steps=(guarded.step(BOX["container"]), step)
        )

    operation = replace(guarded.REFUSED, id="firewall.test-broken", make=make)
    return operation


FOLDER = Probe("the folder is there", Exec("host", ("test", "-d", "/srv/x")), "status", "0")
MAKE = Exec("host", ("mkdir", "/srv/x"))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            Step("Nothing undoes it", MAKE, FOLDER, (Exec("host", ("true",)),)),
            "cannot prove that it is undone",
        ),
        (Step("Always so", MAKE, replace(FOLDER, negate=True), (MAKE,)), "is said to be"),
        (Step("Left behind", MAKE, no_undo="it stays"), "|places|host|folders"),
    ],
    ids=lambda value: value.title if isinstance(value, Step) else "",
)
def test_the_matrix_sees_a_step_that_does_not_keep_its_word(
    monkeypatch: pytest.MonkeyPatch, step: Step, said: str
) -> None:
    operation = _broken(step)
    monkeypatch.setattr(catalog, "OPERATIONS", (operation,))
    score = run(Case(operation.id, BOX))
    assert said in "\n".join(score.wrong)
    if step.no_undo:
        assert not run(Case(operation.id, BOX, stays="the folder stays")).wrong
