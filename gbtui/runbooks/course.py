"""Where a walk goes after a step: on, along a branch, or nowhere until it is as it must be. Pure."""

from __future__ import annotations

from dataclasses import replace

from gbtui.runbooks.types import STOP, Runbook, Step
from gbtui.runbooks.walk import Walk
from gbtui.runbooks.walker import Result


def performed(walk: Walk, book: Runbook, step: Step, result: Result, by: str) -> Walk:
    """After `result`. Not as expected: along the step's branch, or it stays at the step."""
    if result.state != "failed":
        learned = replace(walk, values={**walk.values, **result.found})
        return learned.recorded(result.record(step, by), following(book, step))
    if not step.otherwise:
        return walk.recorded(result.record(step, by), step.id)
    branched = replace(result, state="done", note=f"not as expected, on to {step.otherwise}: {result.note}")
    return walk.recorded(branched.record(step, by), step.otherwise)


def answered(walk: Walk, book: Runbook, step: Step, answer: str, by: str) -> Walk:
    """After a question; `answer` is one of the step's. Raises KeyError for another."""
    leads_to = {one.text: one.leads_to for one in step.answers}[answer]
    result = Result("done", note=answer)
    return walk.recorded(result.record(step, by), leads_to or following(book, step))


def skipped(walk: Walk, book: Runbook, step: Step, reason: str, by: str) -> Walk:
    """A step left out, with the reason."""
    return walk.recorded(Result("skipped", note=reason).record(step, by), following(book, step))


def following(book: Runbook, step: Step) -> str:
    """The id of the step after it in the text, or the end."""
    after = book.after(step.id)
    return after.id if after else STOP
