"""What became of an operation step that was cut off: the journal knows, where the walk does not.

That of who walked it; who takes over has another one, and asks the host's own system journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gbtui.guard.announced import Announced
from gbtui.guard.journal import Journal, Record
from gbtui.guard.undo import UNDO
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


def ended_elsewhere(announced: Iterable[Announced], step: Step, at: str) -> Ended | None:
    """The same of what operators with a journal of their own announced to the host."""
    since = datetime.fromisoformat(at).replace(microsecond=0)
    wanted, undoing, found = set[str](), dict[str, str](), dict[str, Ended]()
    for one in announced:
        if one.word == "undo":  # cut off, and taken back by who recovered it
            wanted.discard(one.id)
        elif one.word != "end":
            if one.operation == step.operation and one.at >= since and _has(step, one):
                wanted.add(one.id)
            elif one.operation == UNDO:
                undoing[one.id] = next((id_ for id_ in wanted if one.has("id", id_)), "")
        elif one.id in wanted and one.result in _RESULTS:
            found[one.id] = Ended(one.id, one.result, one.message)
        elif one.id in undoing:
            found.pop(undoing[one.id], None)
        else:
            found.pop(one.id, None)
    return next(reversed(found.values()), None)


def _has(step: Step, begun: Announced) -> bool:
    return all(begun.has(name, value) for name, value in step.given.items())


def _is_of(step: Step, record: Record) -> bool:
    plan = record.data.get("plan", {})
    return plan.get("operation") == step.operation and _same(plan.get("parameters"), step.given)


def _same(parameters: object, given: Mapping[str, str]) -> bool:
    found = dict(parameters) if isinstance(parameters, dict | list | tuple) else {}
    return all(found.get(name) == value for name, value in given.items())
