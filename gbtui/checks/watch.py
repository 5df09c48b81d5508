"""Findings over time: since when, and nothing that flickers.

A finding rings when it is certain or has failed twice in a row; it clears when its check was judged
there again and did not yield it. What cannot be read clears nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gbtui.checks.base import Check, Failing, Finding, Judged, Report, Severity
from gbtui.checks.waivers import Waiver, lapsed_for, waived_by
from gbtui.errors import Malformed

RINGS_AT = 2
"""Failures in a row from which an uncertain finding is told."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as it was last seen: at which place, since when, how often in a row."""

    check: Check | None
    place: str
    failing: Failing
    since: datetime
    times: int = 1


class Watch:
    """Remembers findings between rounds; `saved` is what an earlier start left (see `state`)."""

    def __init__(self, saved: Mapping[Key, datetime] | None = None) -> None:
        self._seen: dict[Key, Seen] = {}
        self._saved = dict(saved or {})

    def take(
        self, judged: Judged, now: datetime, waivers: Iterable[Waiver] = (), *, seconds: float = 0.0
    ) -> Report:
        """Another round: what to tell after it."""
        fresh = {(check.id, one.subject): (check, place, one) for check, place, one in judged.failing}
        kept = {
            key: old
            for key, old in self._seen.items()
            if key not in fresh and (key[0], old.place) not in judged.answered
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
        return tuple({one.check: None for one in self._seen.values() if one.check and not rings(one)})

    def _again(self, key: Key, new: Seen) -> Seen:
        old = self._seen.get(key)
        if old is not None:
            return replace(new, since=old.since, times=old.times + 1)
        if key in self._saved:
            return replace(new, since=self._saved.pop(key), times=RINGS_AT)
        return new

    def state(self) -> dict[Key, datetime]:
        """Since when each finding that rings has been there, for the next start."""
        return {key: seen.since for key, seen in self._seen.items() if rings(seen)}


def rings(seen: Seen) -> bool:
    """Whether it is told by now."""
    return seen.times >= RINGS_AT or (seen.check is not None and seen.check.certain)


def _report(
    seen: Iterable[Seen], judged: Judged, now: datetime, waivers: tuple[Waiver, ...], seconds: float
) -> Report:
    told: list[Finding] = []
    pending: list[Finding] = []
    waived: list[tuple[Finding, str]] = []
    for one in seen:
        if one.check is None:
            continue
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


def to_json(state: Mapping[Key, datetime]) -> list[dict[str, str]]:
    """What `Watch.state` gives, to be kept in a file."""
    return [
        {"check": check, "subject": subject, "since": since.isoformat()}
        for (check, subject), since in sorted(state.items())
    ]


def from_json(data: Any) -> dict[Key, datetime]:
    """The state from `to_json`.

    Raises:
        Malformed: it is not that.
    """
    try:
        return {(row["check"], row["subject"]): datetime.fromisoformat(row["since"]) for row in data}
    except (TypeError, KeyError, ValueError) as error:
        raise Malformed("state of the checks", why=str(error)) from error
