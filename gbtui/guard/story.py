"""One operation as the journal tells it: its plan, which steps were begun and done, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.errors import Malformed
from gbtui.guard.contents import Contents
from gbtui.guard.journal import Record
from gbtui.guard.plan import Plan
from gbtui.guard.serial import from_json


@dataclass(frozen=True, slots=True)
class Story:
    """What is written of operation `id`.

    `begun`, `done` and `undone` are 0-based step numbers. `outcome` is "" while it has not ended.
    `armed`: the host's revert was armed. `later` holds the kinds of records after the end (keep,
    reverted, undone), oldest first.
    """

    id: str
    host: str
    user: str
    at: str
    plan: Plan
    begun: tuple[int, ...]
    done: tuple[int, ...]
    undone: tuple[int, ...]
    armed: bool
    outcome: str
    message: str
    later: tuple[str, ...]
    records: tuple[Record, ...]


def read_story(records: Sequence[Record], contents: Contents | None = None) -> Story | None:
    """The story in the records of one operation; None where it never began. `contents` has its files'.

    Raises:
        Malformed: its plan in the journal cannot be read. NotFound: what a file held is not kept any more.
    """
    begin = next((record for record in records if record.record == "begin"), None)
    if begin is None:
        return None
    kinds = [record.record for record in records]
    end = kinds.index("end") if "end" in kinds else len(kinds)
    plan = begin.data.get("plan")
    last = [record for record in records if record.record == "end"]
    return Story(
        id=begin.id,
        host=begin.host,
        user=str(begin.data.get("user", "")),
        at=begin.at,
        plan=from_json(plan if contents is None else contents.filled(plan)),
        begun=_steps(records, "step-begin"),
        done=_steps(records, "step-done"),
        undone=_steps(records, "undo-done"),
        armed="armed" in kinds,
        outcome=str(last[-1].data.get("outcome", "")) if last else "",
        message=str(last[-1].data.get("message", "")) if last else "",
        later=tuple(kinds[end + 1 :]),
        records=tuple(records),
    )


def _steps(records: Sequence[Record], kind: str) -> tuple[int, ...]:
    steps = [record.data.get("step") for record in records if record.record == kind]
    if not all(isinstance(step, int) for step in steps):
        raise Malformed("journal", why=f"a {kind} record without its step")
    return tuple(dict.fromkeys(step for step in steps if isinstance(step, int)))
