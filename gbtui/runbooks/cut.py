"""What became of an operation step that was cut off: the journal knows, where the walk does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gbtui.guard.journal import Journal, Record
from gbtui.runbooks.types import Step

_RESULTS = frozenset({"done", "failed", "failed-undone"})
"""Ends that are the operation's own. What was settled by hand, or put back by the host, is done again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An operation that was begun and has ended: its id, how, and in which words."""

    id: str
    outcome: str
    message: str


def ended_since(journal: Journal, host: str, step: Step, at: str) -> Ended | None:
    """The last operation of `step` that was begun since `at` and has ended by itself.

    None where there is none, and where it was taken back since: undone, reverted, or cut off and undone.
    """
    since = datetime.fromisoformat(at)
    wanted, found = set[str](), dict[str, Ended]()
    for record in journal.entries(host):
        data = record.data
        if record.record == "begin" and datetime.fromisoformat(record.at) >= since and _is_of(step, record):
            wanted.add(record.id)
        elif record.id not in wanted:
            continue
        elif record.record == "end" and data.get("outcome") in _RESULTS:
            found[record.id] = Ended(record.id, str(data["outcome"]), str(data.get("message", "")))
        elif record.record in {"reverted", "undone"} or data.get("how") == "undo":
            found.pop(record.id, None)
            wanted.discard(record.id)
    return next(reversed(found.values()), None)


def _is_of(step: Step, record: Record) -> bool:
    plan = record.data.get("plan", {})
    return plan.get("operation") == step.operation and _same(plan.get("parameters"), step.given)


def _same(parameters: object, given: Mapping[str, str]) -> bool:
    found = dict(parameters) if isinstance(parameters, dict | list | tuple) else {}
    return all(found.get(name) == value for name, value in given.items())
