"""What a runbook says against what there is: checks, operations and their parameters, commands, drills."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.catalog import CHECKS
from gbtui.errors import BadInput
from gbtui.operations.catalog import find
from gbtui.runbooks.fill import learned, names
from gbtui.runbooks.readonly import refusal
from gbtui.runbooks.types import Runbook, Step
from gbtui.text import clean


def problems(book: Runbook) -> tuple[str, ...]:
    """Each with file, line and what was expected; none where everything is there."""
    return (*_of_the_whole(book), *(one for step in book.steps for one in _of_step(book, step)))


def _of_the_whole(book: Runbook) -> Iterator[str]:
    known = {check.id for check in CHECKS}
    for check in book.findings:
        if check not in known:
            yield f"{book.path}: findings: there is no check {clean(check)}; `gbtui check --list` has them"
    for parameter in book.parameters:
        if not any(parameter.name in names(step) for step in book.steps):
            yield f"{book.path}: no step uses the parameter {parameter.name}"


def _of_step(book: Runbook, step: Step) -> Iterator[str]:
    where = f"{book.path}, line {step.line}: {clean(step.title)}"
    known, declared = {check.id for check in CHECKS}, {one.name for one in book.parameters}
    declared |= {name for other in book.steps if other is not step for name in learned(other)}
    for condition in (step.condition, step.when, step.verify):
        if condition is not None and condition.check not in known:
            yield f"{where}: there is no check {clean(condition.check)}; `gbtui check --list` has them"
    for name in sorted(set(names(step)) - declared):
        yield f"{where}: {{{name}}} is no parameter of this runbook, and no step finds it"
    if step.look is not None:
        why = refusal(step.look.argv, step.look.stdin)
        if why:
            yield f"{where}: {why}"
    for name in sorted(set(learned(step)) & {one.name for one in book.parameters}):
        yield f"{where}: it finds {name}, which is a parameter already; name one of them otherwise"
    if step.takes and step.kind != "check":
        yield f"{where}: only a check has a finding to take values of"
    if step.kind == "ask" and (step.when or step.verify):
        yield f"{where}: a question is always asked; lead around it with a branch of another step"
    if step.kind == "operation":
        yield from _of_operation(step, where)
    if not step.text:
        yield f"{where}: it does not say why; expected a sentence below its heading"


def _of_operation(step: Step, where: str) -> Iterator[str]:
    try:
        operation = find(step.operation)
    except BadInput as error:
        yield f"{where}: {error}"
        return
    for parameter in operation.parameters:
        if parameter.name not in step.given and parameter.default is None:
            yield f"{where}: {operation.id} needs {parameter.name}; expected {operation.id} {parameter.usage}"
    for name in step.given:
        if name not in {parameter.name for parameter in operation.parameters}:
            yield f"{where}: {operation.id} has no parameter {clean(name)}"
