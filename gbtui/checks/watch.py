"""Findings over time: since when, and nothing that flickers.

A finding rings when it is certain or has failed twice in a row; it clears when its check was judged
there again and did not yield it, or when its place is no more. What cannot be read clears nothing, in
this start or the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from gbtui.checks.base import Check, Failing, Finding, Judged, Report, Severity
from gbtui.checks.waivers import Waiver, lapsed_for, waived_by
from gbtui.errors import Malformed

RINGS_AT = 2
"""Failures in a row from which an uncertain finding is told."""

UNREAD = "this is of an earlier look: it could not be read since gbtui was started"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as it was last seen: at which place, since when, how often in a row."""

    check: Check
    place: str
    failing: Failing
    since: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Saved:
    """A finding as the next start needs it: the check's id, where, of what, its words, since when."""

    check: str
    place: str
    subject: str
    message: str
    severity: Severity
    since: datetime


class Watch:
    """Remembers findings of `checks` between rounds; `saved` is what an earlier start left (see `state`)."""

    def __init__(self, saved: Iterable[Saved] = (), checks: Sequence[Check] = ()) -> None:
        known = {check.id: check for check in checks}
        self._seen = {
            (one.check, one.subject): Seen(
                known[one.check],
                one.place,
                Failing(one.subject, one.message, (UNREAD,), severity=one.severity),
                one.since,
                RINGS_AT,
            )
            for one in saved
            if one.check in known
        }

    def take(
        self, judged: Judged, now: datetime, waivers: Iterable[Waiver] = (), *, seconds: float = 0.0
    ) -> Report:
        """Another round: what to tell after it."""
        fresh = {(check.id, one.subject): (check, place, one) for check, place, one in judged.failing}
        kept = {
            key: old
            for key, old in self._seen.items()
            if key not in fresh and judged.unread(key[0], old.place)
        }
        for key, (check, place, failing) in fresh.items():
            kept[key] = self._again(key, Seen(check, place.name, failing, now))
        self._seen = kept
        return _report(kept.values(), judged, now, tuple(waivers), seconds)

    def news(self, judged: Judged) -> tuple[Check, ...]:
        """The checks that fail where they did not the last time."""
        seen = self._seen
        return tuple({check: None for check, _, one in judged.failing if (check.id, one.subject) not in seen})

    def doubtful(self) -> tuple[Check, ...]:
        """The checks that failed somewhere, and not often enough to be told."""
        return tuple({one.check: None for one in self._seen.values() if not rings(one)})

    def _again(self, key: Key, new: Seen) -> Seen:
        old = self._seen.get(key)
        return new if old is None else replace(new, since=old.since, times=old.times + 1)

    def state(self) -> tuple[Saved, ...]:
        """The findings that ring, for the next start; those of an earlier one that could not be read, too."""
        return tuple(_saved(seen) for _, seen in sorted(self._seen.items()) if rings(seen))


def _saved(seen: Seen) -> Saved:
    one, check = seen.failing, seen.check
    return Saved(check.id, seen.place, one.subject, one.message, one.severity or check.severity, seen.since)


def rings(seen: Seen) -> bool:
    """Whether it is told by now."""
    return seen.times >= RINGS_AT or seen.check.certain


def _report(
    seen: Iterable[Seen], judged: Judged, now: datetime, waivers: tuple[Waiver, ...], seconds: float
) -> Report:
    told: list[Finding] = []
    pending: list[Finding] = []
    waived: list[tuple[Finding, str]] = []
    for one in seen:
        finding = Finding(one.check, one.failing, one.since)
        waiver = waived_by(waivers, finding, now)
        lapsed = lapsed_for(waivers, finding, now)
        if waiver is not None:
            waived.append((finding, waiver.words))
            continue
        if lapsed is not None:
            finding = replace(finding, lapsed=lapsed.words)
        if rings(one):
            told.append(finding)
        else:
            pending.append(finding)
    ordered = tuple(sorted(told, key=_order))
    counted = {severity: sum(f.severity is severity for f in ordered) for severity in Severity}
    return Report(
        taken_at=now,
        findings=ordered,
        unknown=judged.unknown,
        waived=tuple(sorted(waived, key=lambda pair: _order(pair[0]))),
        pending=tuple(sorted(pending, key=_order)),
        seconds=seconds,
        counted=counted,
    )


def _order(finding: Finding) -> tuple[int, datetime, Key]:
    """Worst first, oldest first."""
    return finding.severity.rank, finding.since, finding.key


def to_json(state: Iterable[Saved]) -> list[dict[str, str]]:
    """What `Watch.state` gives, to be kept in a file."""
    return [{**asdict(one), "since": one.since.isoformat()} for one in state]


def from_json(data: Any) -> tuple[Saved, ...]:
    """The state from `to_json`.

    Raises:
        Malformed: it is not that.
    """
    try:
        return tuple(_read(row) for row in data)
    except (TypeError, KeyError, ValueError) as error:
        raise Malformed("state of the checks", why=str(error)) from error


def _read(row: Any) -> Saved:
    check, place, subject, message = (str(row[word]) for word in ("check", "place", "subject", "message"))
    since = datetime.fromisoformat(row["since"])
    return Saved(check, place, subject, message, Severity(row["severity"]), since)
