"""How a drill went: time, mistakes, hints, points; and the hints themselves. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gbtui.incidents.types import Entry, Incident, ringing
from gbtui.runbooks.types import Runbook

FULL, MISTAKE, HINT = 100, 15, 10
PAR = 300.0
"""Seconds that nobody loses a point for; each minute beyond them costs `MINUTE`."""
MINUTE = 5
BAD = {"refused", "failed", "failed-undone", "reverted"}


@dataclass(frozen=True, slots=True)
class Score:
    """`repaired`: something of it rang, and nothing of that rings any more. `seconds` since the drill began,
    to its repair where it is repaired. `mistakes` each in words."""

    repaired: bool
    seconds: float
    mistakes: tuple[str, ...]
    hints: int
    points: int


def score(incident: Incident, book: Runbook, *, hints: int, given_up: bool, now: datetime) -> Score:
    """The score of a drill whose timeline `incident` is; none of it is left to whoever gave up.

    What rang on a real host before the drill began is not of the drill, unless its runbook is for that.
    """
    findings = [one for one in incident.entries if one.kind == "finding"]
    rang = {one.subject for one in findings if one.word == "rang" and _of_it(one, incident, book)}
    repaired = bool(rang) and not rang & ringing(findings).keys()
    cleared = [one.at for one in findings if one.word == "cleared" and one.subject in rang]
    until = max(cleared) if repaired and cleared else now
    seconds = max(0.0, (until - incident.started).total_seconds())
    found = tuple(mistakes(incident, book))
    lost = MISTAKE * len(found) + HINT * hints + MINUTE * int(max(0.0, seconds - PAR) // 60)
    points = 0 if given_up else max(0, FULL - lost)
    return Score(repaired, seconds, found, hints, points)


def _of_it(rang: Entry, incident: Incident, book: Runbook) -> bool:
    return rang.at >= incident.started or rang.subject.split(" ")[0] in book.findings


def mistakes(incident: Incident, book: Runbook) -> Iterator[str]:
    """What made it worse, or did not help: each operation and each new finding at most once."""
    called_for = {step.operation for step in book.steps if step.operation}
    changed: datetime | None = None
    for one in incident.entries:
        if one.kind == "operation" and one.word in BAD:
            yield f"{one.word}: {one.title}"
        elif one.kind == "operation" and one.word == "begin":
            changed = changed or one.at
            if operation_of(one) not in called_for:
                yield f"not called for: {one.title}"
        elif _new(one, changed) and one.subject.split(" ")[0] not in book.findings:
            yield f"rang after a change: {one.title}"


def _new(one: Entry, changed: datetime | None) -> bool:
    """A finding that rang after the operator had changed something."""
    return one.kind == "finding" and one.word == "rang" and changed is not None and one.at > changed


def operation_of(begun: Entry) -> str:
    """The id of the operation whose begin that is: the first word of its first line, as it was typed."""
    return begun.lines[0].split(" ")[0] if begun.lines else ""


def hints(book: Runbook) -> tuple[str, ...]:
    """Each says more than the one before it, the last everything."""
    steps = [step.title for step in book.steps if step.kind != "ask"][:3]
    repairs = [
        shlex.join((step.operation, *(f"{name}={value}" for name, value in step.given.items())))
        for step in book.steps
        if step.operation
    ]
    said = (
        "Look at the findings (f): the evidence of the worst one names what is wrong.",
        f"The runbook for it is “{book.title}” (r).",
        *(f"A step of it: “{title}”." for title in steps),
        *(f"What may repair it: {operation}" for operation in repairs),
    )
    return tuple(dict.fromkeys(said))
