"""A walk in words: the steps with their state, the step's text, what it would do and what was seen. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from textual.content import Content

from gbtui.checks.base import Report
from gbtui.errors import GbtuiError
from gbtui.runbooks.markdown import flowed
from gbtui.runbooks.types import Runbook, Step, told
from gbtui.runbooks.walk import Record, State, Walk
from screens.look import lines, mark, say
from widgets.roles import Role
from widgets.safe import safe

LOOKS: dict[State, tuple[Role, str]] = {
    "begun": ("unknown", "begun, and not known how it went:"),
    "done": ("ok", "done"),
    "skipped": ("stale", "skipped"),
    "failed": ("error", "failed"),
    "not-applicable": ("dim", "does not apply"),
}


def steps_list(book: Runbook, walk: Walk) -> Content:
    """Every step on a line: where the walk is, and what became of the others."""
    return lines(*(_step_line(number, step, walk) for number, step in enumerate(book.steps, 1)))


def _step_line(number: int, step: Step, walk: Walk) -> Content:
    latest = walk.latest(step.id)
    words = f"{number} {step.title}"
    if step.id == walk.at:
        return Content.assemble(safe("▸ ", "bold $text-accent"), safe(words, "bold"))
    if latest is None:
        return Content.assemble("  ", say("dim", words))
    role, _ = LOOKS[latest.state]
    return mark(role, words)


def text_of(book: Runbook, step: Step) -> Content:
    """The middle: the step's heading and its reason."""
    number = [one.id for one in book.steps].index(step.id) + 1
    parts = [safe(f"{number}/{len(book.steps)} {step.title}", "bold"), Content("")]
    parts += [safe(line) for line in flowed(step.text)]
    if step.expect:
        parts += [Content(""), Content.assemble(say("dim", "expected  "), safe(step.expect))]
    if step.undo:
        parts += [Content.assemble(say("dim", "undo  "), safe(step.undo))]
    return lines(*parts)


def end_of(book: Runbook, walk: Walk) -> Content:
    """The middle, when there is no step any more."""
    failed = sum(one.state == "failed" for one in walk.records)
    role: Role = "warn" if failed else "ok"
    said = f"the end of {book.title}" + (f"; {failed} steps failed on the way" if failed else "")
    return lines(mark(role, said), Content(""), say("dim", "q leaves; b goes back to the last step"))


def kept_of(error: GbtuiError | None, text: Content) -> Content:
    """`text`, below a line that says so where the walk is kept on this machine alone."""
    if error is None:
        return text
    return lines(mark("warn", f"kept only here: {error.why or error.what}"), Content(""), text)


def evidence_of(step: Step, walk: Walk, report: Report | None, doing: str) -> Content:
    """The right side: exactly what would be done, what a check says now, and what was seen earlier."""
    parts = [Content.assemble(safe("→ ", "bold $text-accent"), safe(exactly(step), "bold"))]
    if doing:
        parts += [Content(""), mark("warn", doing)]
    live = list(_live(step, report))
    if live:
        parts += [Content(""), say("dim", "now"), *live]
    latest = walk.latest(step.id)
    if latest is not None and not (doing and latest.state == "begun"):
        parts += [Content(""), *_seen(latest)]
    return lines(*parts)


def exactly(step: Step) -> str:
    """What a step does, as it would be typed."""
    if step.kind == "operation":
        pairs = (f"{name}={value}" for name, value in step.given.items())
        return shlex.join(("gbtui", "apply", step.operation, *pairs))
    if step.look is not None:
        prompt = "host" if step.look.where == "host" else step.look.where
        return f"{prompt} $ {shlex.join(step.look.argv)}{told(step.look)}"
    if step.condition is not None:
        return f"{'wait until' if step.kind == 'wait' else 'look whether'} {step.condition.words}"
    return f"asks: {step.question}"


def _live(step: Step, report: Report | None) -> Iterator[Content]:
    """What the checks' latest round says of the step's condition."""
    if step.condition is None or report is None:
        return
    at = step.condition.at
    found = [one for one in report.findings if one.check.id == step.condition.check]
    found = [one for one in found if at in ("", one.failing.subject)]
    for one in found:
        yield mark("error", f"{one.failing.subject}: {one.failing.message}")
        yield from (Content.assemble(say("dim", "│ "), safe(line)) for line in one.failing.evidence)
    unknown = [one for one in report.unknown if one.check.id == step.condition.check]
    yield from (mark("unknown", f"{one.place}: {one.why}") for one in unknown)
    if not found and not unknown:
        yield mark("ok", "it holds")


def _seen(record: Record) -> Iterator[Content]:
    role, word = LOOKS[record.state]
    yield mark(role, f"{word} {record.at[11:19]}Z{f' by {record.by}' if record.by else ''}")
    if record.note:
        yield safe(record.note)
    yield from (Content.assemble(say("dim", "│ "), safe(line)) for line in record.output)
