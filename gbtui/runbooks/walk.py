"""A walk through a runbook: where it stands, and what became of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from gbtui.guard.journal import new_id
from gbtui.runbooks.types import STOP, Runbook, Step

State = Literal["begun", "done", "skipped", "failed", "not-applicable"]
OUTPUT_LINES = 200


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a step. `note` is a reason or an answer, `output` what was seen (bounded)."""

    step: str
    state: State
    at: str
    by: str = ""
    note: str = ""
    output: tuple[str, ...] = ()
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """`at` is the id of the step to do next, `stop` when there is none. `records` in order."""

    id: str
    runbook: str
    host: str
    values: Mapping[str, str]
    at: str
    started: str
    records: tuple[Record, ...] = field(default=())

    @property
    def ended(self) -> bool:
        return self.at == STOP

    def latest(self, step: str) -> Record | None:
        """The last that was recorded of a step."""
        return next((one for one in reversed(self.records) if one.step == step), None)

    def cut(self, step: str) -> Record | None:
        """Its first begin of which nobody knows what became; None where the last one is recorded."""
        found = None
        for one in reversed(self.records):
            if one.step == step:
                if one.state != "begun":
                    break
                found = one
        return found

    def begun(self, step: Step, by: str, now: datetime | None = None) -> Walk:
        """`step` is being done: written before, so that a crash in it shows."""
        return self._with(Record(step.id, "begun", moment(now), by))

    def recorded(self, record: Record, leads_to: str) -> Walk:
        """`record` is what became of its step; it goes on at `leads_to`."""
        lines = [line for one in record.output for line in one.splitlines() or [""]]
        bounded = replace(record, output=tuple(lines[:OUTPUT_LINES]))
        return replace(self._with(bounded), at=leads_to)

    def back(self, book: Runbook) -> Walk:
        """At the step before, in the order walked, that `book` (still) has; records stay."""
        known = {step.id for step in book.steps}
        walked = [one.step for one in self.records if one.state != "begun" and one.step in known]
        if self.at in walked:  # what came before its last time
            walked = walked[: len(walked) - 1 - walked[::-1].index(self.at)]
        before = [step for step in walked if step != self.at]
        return replace(self, at=before[-1]) if before else self

    def _with(self, record: Record) -> Walk:
        return replace(self, records=(*self.records, record))


def begin(book: Runbook, host: str, values: Mapping[str, str], now: datetime | None = None) -> Walk:
    """A walk at its first step."""
    started = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    return Walk(new_id(now), book.id, host, dict(values), book.steps[0].id, started)


def moment(now: datetime | None = None) -> str:
    """A time as records have it: as exact as the journal's, whose lines it is compared with."""
    return (now or datetime.now(UTC)).isoformat(timespec="milliseconds")
