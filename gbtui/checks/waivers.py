"""Waivers: a finding accepted for a while, with a reason, a name and an end date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from gbtui.checks.base import Finding


@dataclass(frozen=True, slots=True)
class Waiver:
    """`check` is an id, `subject` a finding's (`*`: any text). `until` is its last day, UTC.

    `host` is the name of the host it is for (`*`: any text).
    """

    check: str
    subject: str
    reason: str
    by: str
    until: date
    host: str = "*"

    @property
    def words(self) -> str:
        return f"{self.reason} ({self.by}, until {self.until.isoformat()})"

    def means(self, finding: Finding) -> bool:
        """Whether it is about this finding, expired or not."""
        return self.check == finding.check.id and fnmatchcase(finding.failing.subject, self.subject)

    def holds(self, now: datetime) -> bool:
        """Whether its last day is not over."""
        return now.date() <= self.until

    def covers(self, finding: Finding, now: datetime) -> bool:
        """Whether it accepts this finding today."""
        return self.means(finding) and self.holds(now)


def waived_by(waivers: Iterable[Waiver], finding: Finding, now: datetime) -> Waiver | None:
    """The first waiver that accepts `finding` today."""
    return next((waiver for waiver in waivers if waiver.covers(finding, now)), None)


def lapsed_for(waivers: Iterable[Waiver], finding: Finding, now: datetime) -> Waiver | None:
    """The waiver that was the last to accept `finding`, and has expired."""
    expired = [waiver for waiver in waivers if waiver.means(finding) and not waiver.holds(now)]
    return max(expired, key=lambda waiver: waiver.until, default=None)
