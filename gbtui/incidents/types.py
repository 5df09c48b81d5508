"""What an incident is: entries on one timeline, from its begin to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from gbtui.text import clean

Kind = Literal["begin", "end", "note", "milestone", "finding", "operation", "step", "ban", "drift"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
Milestone = Literal["diagnosed", "repaired", "verified"]
MILESTONES: tuple[Milestone, ...] = get_args(Milestone)

LINES, CELLS = 40, 400
"""Of an entry; what is beyond is counted in its last line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at `at`, told by the operator `by`.

    `word` says what became of `subject`: a finding "rang" or "cleared", an operation "begin" or how it
    ended, a step its state, an address "banned" or "lifted". `subject` is the same every time (check and
    subject, operation's id, jail and address). `title` is one line, `lines` are commands, evidence and
    output. `key` tells entries apart: one that was sent twice is one.
    """

    key: str
    at: datetime
    by: str
    kind: Kind
    word: str = ""
    subject: str = ""
    title: str = ""
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Clean and bounded from here on: it may come from another operator's machine."""
        kept = [clean(line)[:CELLS] for line in self.lines[:LINES]]
        more = len(self.lines) - LINES
        object.__setattr__(self, "lines", (*kept, *([f"… {more} more"] if more > 0 else [])))
        for name in ("key", "by", "word", "subject", "title"):
            object.__setattr__(self, name, clean(getattr(self, name))[:CELLS])


@dataclass(frozen=True, slots=True)
class Incident:
    """`entries` in the order in which they happened. `malformed` lines of its file were left out."""

    id: str
    host: str
    entries: tuple[Entry, ...]
    malformed: int = 0

    @property
    def begin(self) -> Entry:
        """Its first entry of that kind. Raises StopIteration for an incident without one."""
        return next(one for one in self.entries if one.kind == "begin")

    @property
    def title(self) -> str:
        return self.begin.title

    @property
    def started(self) -> datetime:
        return self.begin.at

    @property
    def end(self) -> Entry | None:
        """How it was ended; None while it runs."""
        return next((one for one in reversed(self.entries) if one.kind == "end"), None)


def ringing(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The findings that rang last and have not cleared since, by subject."""
    found: dict[str, Entry] = {}
    for one in entries:
        if one.kind == "finding" and one.word == "rang":
            found[one.subject] = one
        elif one.kind == "finding":
            found.pop(one.subject, None)
    return found
