"""A walk through a runbook: where it stands, what was done, and the file that outlives a crash."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from gbtui.errors import Malformed
from gbtui.guard.journal import new_id, state_dir
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

    def begun(self, step: Step, by: str, now: datetime | None = None) -> Walk:
        """`step` is being done: written before, so that a crash in it shows."""
        return self._with(Record(step.id, "begun", _now(now), by))

    def recorded(self, record: Record, leads_to: str) -> Walk:
        """`record` is what became of its step; it goes on at `leads_to`."""
        bounded = replace(record, output=record.output[:OUTPUT_LINES])
        return replace(self._with(bounded), at=leads_to)

    def back(self) -> Walk:
        """At the step before, in the order walked; records stay."""
        walked = [one.step for one in self.records if one.state != "begun" and one.step != self.at]
        return replace(self, at=walked[-1]) if walked else self

    def _with(self, record: Record) -> Walk:
        return replace(self, records=(*self.records, record))


def begin(book: Runbook, host: str, values: Mapping[str, str], now: datetime | None = None) -> Walk:
    """A walk at its first step."""
    return Walk(new_id(now), book.id, host, dict(values), book.steps[0].id, _now(now))


def _now(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).isoformat(timespec="seconds")


class Walks:
    """The walks on file, one file each, 0600: `runbooks/HOST/` below gbtui's state."""

    def __init__(self, host: str, directory: Path | None = None) -> None:
        self._folder = (directory or state_dir()) / "runbooks" / re.sub(r"[^A-Za-z0-9._-]", "_", host)[:100]

    def save(self, walk: Walk) -> None:
        """On disk when this returns. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{walk.id}.json"
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(walk), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def all(self) -> tuple[Walk, ...]:
        """Every walk that can be read, oldest first."""
        return tuple(self._read())

    def unfinished(self, runbook: str = "") -> tuple[Walk, ...]:
        """Those that have not ended; of one runbook, or of all."""
        return tuple(one for one in self.all() if not one.ended and runbook in ("", one.runbook))

    def _read(self) -> Iterator[Walk]:
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                yield from_json(json.loads(path.read_bytes()))
            except (OSError, ValueError, Malformed):
                continue  # a file that is none costs itself


def from_json(table: Mapping[str, object]) -> Walk:
    """A walk from its file.

    Raises:
        Malformed: it is none.
    """
    try:
        fields = dict(table)
        rows = fields.pop("records")
        assert isinstance(rows, list)  # noqa: S101 - caught below
        records = tuple(Record(**{**row, "output": tuple(row["output"])}) for row in rows)
        return Walk(**fields, records=records)  # type: ignore[arg-type]  # checked by its use
    except (AssertionError, TypeError, KeyError) as error:
        raise Malformed("state of a runbook", why=str(error)) from error
