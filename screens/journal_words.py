"""The journal as an operator reads it: one line per operation, and the story of one. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content

from gbtui.guard.journal import Record
from screens.look import STYLES, lines, mark, say
from widgets.roles import Role
from widgets.safe import safe, safe_lines

OUTCOME_LOOK: dict[str, Role] = {
    "done": "ok",
    "kept": "ok",
    "failed-undone": "warn",
    "changed": "warn",
    "reverted": "warn",
    "undone": "warn",
    "failed": "error",
    "armed": "warn",
    "unfinished": "error",
    "marked": "dim",
    "shell": "dim",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation (or shell) in the list. `outcome` is one of OUTCOME_LOOK."""

    id: str
    at: str
    title: str
    outcome: str
    by: str
    message: str


def entries(records: Iterable[Record]) -> tuple[Entry, ...]:
    """Operations and shells, newest first."""
    stories: dict[str, list[Record]] = {}
    for record in records:
        stories.setdefault(record.id, []).append(record)
    found = (_entry(story) for story in stories.values())
    return tuple(sorted((entry for entry in found if entry is not None), key=lambda e: e.id, reverse=True))


def _entry(story: Sequence[Record]) -> Entry | None:
    first = story[0]
    if first.record == "shell-opened":
        container = str(first.data.get("container", ""))
        return Entry(first.id, first.at, f"Shell in {container}", "shell", str(first.data.get("by", "")), "")
    begin = next((record for record in story if record.record == "begin"), None)
    if begin is None:
        return None
    ends = [record for record in story if record.record == "end"]
    message = str(ends[-1].data.get("message", "")) if ends else "it never ended: see recovery"
    title, by = str(begin.data.get("title", "")), str(begin.data.get("by", ""))
    return Entry(begin.id, begin.at, title or begin.id, _outcome(story, ends), by, message)


def _outcome(story: Sequence[Record], ends: Sequence[Record]) -> str:
    kinds = {record.record for record in story}
    if not ends:
        return "unfinished"
    if "undone" in kinds:
        return "undone"
    if "reverted" in kinds:
        return "reverted"
    if "keep" in kinds:
        return "kept"
    if ends[-1].data.get("armed_until") is not None:
        return "armed"
    outcome = str(ends[-1].data.get("outcome", ""))
    return outcome if outcome in OUTCOME_LOOK else "failed"


def story(entry: Entry, records: Iterable[Record]) -> Content:
    """Everything the journal says of one operation, line by line."""
    told = [_told(record) for record in records]
    head = mark(
        OUTCOME_LOOK[entry.outcome], f"{entry.outcome}{f': {entry.message}' if entry.message else ''}"
    )
    return lines(safe(entry.title, "bold"), head, say("dim", f"id {entry.id}"), Content(""), *told)


def _told(record: Record) -> Content:
    data = record.data
    step = data.get("step")
    number = f" {step + 1}" if isinstance(step, int) else ""
    words = [
        str(data[key])
        for key in ("title", "container", "does", "outcome", "message", "reason")
        if data.get(key)
    ]
    if isinstance(data.get("seconds"), int | float):
        words.append(f"{data['seconds']:.1f} s")
    head = Content.assemble(
        say("dim", f"{record.at}  "),
        safe(f"{record.record}{number}  "),
        safe(" · ".join(words)),
    )
    output = data.get("output")
    if not isinstance(output, str) or not output:
        return head
    block = "\n".join(f"    │ {line}" for line in output.split("\n"))
    return lines(head, safe_lines(block, STYLES["dim"]))
