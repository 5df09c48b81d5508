"""Entries of several operators as one timeline, and how long each part of an incident took. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gbtui.incidents.types import Entry, Incident, ringing

SAME_DRIFT = timedelta(minutes=10)
"""Within it the same change, seen by two operators, is one."""


def merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """In the order in which they happened, and told once.

    Two operators see the same finding ring, the same address banned, the same file changed: who told it
    first has told it.
    """
    told: dict[str, Entry] = {}
    states: dict[tuple[str, str], str] = {}
    drift: dict[tuple[str, tuple[str, ...]], datetime] = {}
    for one in sorted(entries, key=lambda entry: (entry.at, entry.kind != "begin")):
        if one.key in told:
            continue
        if one.kind in ("finding", "ban"):
            if states.get((one.kind, one.subject), _before(one)) == one.word:
                continue
            states[one.kind, one.subject] = one.word
        elif one.kind == "drift":
            seen = drift.get((one.subject, one.lines))
            if seen is not None and one.at - seen < SAME_DRIFT:
                continue
            drift[one.subject, one.lines] = one.at
        told[one.key] = one
    return tuple(told.values())


def _before(one: Entry) -> str:
    """The state of a thing nobody has told anything of: a finding that never rang cannot clear."""
    return "cleared" if one.kind == "finding" else ""


@dataclass(frozen=True, slots=True)
class Spans:
    """When each part of an incident was over; None: not yet.

    `began`: the first finding was there. `noticed`: somebody began the incident. `diagnosed`: the first
    operation was begun, or somebody said so. `repaired`: the last operation that was done and verified
    before everything cleared. `verified`: nothing rings any more.
    """

    began: datetime
    noticed: datetime
    diagnosed: datetime | None
    repaired: datetime | None
    verified: datetime | None

    def parts(self) -> tuple[tuple[str, datetime | None, float | None], ...]:
        """(name, when, seconds since the part before it that is known) of every part but the first."""
        rows: list[tuple[str, datetime | None, float | None]] = []
        before = self.began
        for name in ("noticed", "diagnosed", "repaired", "verified"):
            at: datetime | None = getattr(self, name)
            rows.append((name, at, None if at is None else max(0.0, (at - before).total_seconds())))
            before = max(before, at) if at is not None else before
        return tuple(rows)


def spans(incident: Incident) -> Spans:
    """The parts of `incident`, as its timeline tells them. What an operator says of a part counts."""
    entries, noticed = incident.entries, incident.started
    said = {one.word: one.at for one in entries if one.kind == "milestone"}
    rang = [one.at for one in entries if one.kind == "finding" and one.word == "rang"]
    verified = said.get("verified") or _all_clear(entries)
    operations = [one for one in entries if one.kind == "operation" and one.at >= noticed]
    begun = [one.at for one in operations if one.word == "begin"]
    done = [one.at for one in operations if one.word in ("done", "kept") and _until(one, verified)]
    return Spans(
        began=min([*rang, noticed]),
        noticed=noticed,
        diagnosed=said.get("diagnosed") or min(begun, default=None),
        repaired=said.get("repaired") or max(done, default=None),
        verified=verified,
    )


def _until(one: Entry, last: datetime | None) -> bool:
    return last is None or one.at <= last


def _all_clear(entries: tuple[Entry, ...]) -> datetime | None:
    """When the last finding cleared, where one rang and none rings now."""
    cleared = [one.at for one in entries if one.kind == "finding" and one.word == "cleared"]
    return max(cleared) if cleared and not ringing(entries) else None
