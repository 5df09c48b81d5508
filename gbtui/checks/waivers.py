"""Waivers: a finding accepted for a while, with a reason, a name and an end date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from gbtui.checks.base import Finding


@dataclass(frozen=True, slots=True)
class Waiver:
    """`check` is an id, `subject` a finding's (`*`: any text). `until` is its last day, UTC."""

    check: str
    subject: str
    reason: str
    by: str
    until: date

    @property
    def words(self) -> str:
        return f"{self.reason} ({self.by}, until {self.until.isoformat()})"

    def covers(self, finding: Finding, now: datetime) -> bool:
        """Whether it accepts this finding today."""
        return (
            self.check == finding.check.id
            and fnmatchcase(finding.failing.subject, self.subject)
            and now.date() <= self.until
        )


def waived_by(waivers: Iterable[Waiver], finding: Finding, now: datetime) -> Waiver | None:
    """The first waiver that accepts `finding` today."""
    return next((waiver for waiver in waivers if waiver.covers(finding, now)), None)
