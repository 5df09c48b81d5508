"""The rows of the findings pane: findings, then what rings next time, is unknown, or is waived. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gbtui.checks.base import Check, Finding, Report, Severity, Unknown
from widgets import format as figures
from widgets.roles import Role

Kind = Literal["finding", "pending", "unknown", "waived", "heading"]

SEVERITY_ROLES: dict[Severity, Role] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warn",
    Severity.NOTICE: "dim",
}
BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line. A heading has only `section`, `role` and `message`.

    `unknowns` are the checks that could not be judged at one place for one reason; `waiver` says why a
    finding is accepted.
    """

    kind: Kind
    section: Kind
    role: Role
    subject: str
    message: str
    remedy: str = ""
    since: datetime | None = None
    finding: Finding | None = None
    unknowns: tuple[Unknown, ...] = ()
    waiver: str = ""

    @property
    def key(self) -> Hashable:
        """What makes it the same row after another round, in whichever section it stands."""
        if self.finding is not None:
            return self.finding.key
        if self.unknowns:
            return ("unknown", self.subject, self.message)
        return ("heading", self.section)

    @property
    def word(self) -> str:
        """Its state in a word."""
        if self.kind == "finding" and self.finding is not None:
            return str(self.finding.severity)
        return "" if self.kind == "heading" else str(self.kind)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks it is about."""
        if self.finding is not None:
            return (self.finding.check,)
        return tuple(one.check for one in self.unknowns)


def rows_of(report: Report) -> tuple[FindingRow, ...]:
    """All rows in order; sections that have nothing are left out."""
    found = [of_finding(one) for one in report.findings]
    pending = [of_finding(one, "pending") for one in report.pending]
    unknown = list(_unknowns(report.unknown))
    waived = [of_finding(one, "waived", why) for one, why in report.waived]
    rest = [
        *_section("pending", "dim", "failed once: told when it fails again", pending),
        *_section("unknown", "unknown", "could not be checked", unknown),
        *_section("waived", "stale", "accepted for a while", waived),
    ]
    if rest and not found:
        calm = "nothing else is known to be wrong" if unknown or pending else "all else is as the guide says"
        found = [FindingRow("heading", "finding", "ok", "", calm)]
    return (*found, *rest)


def of_finding(
    one: Finding, kind: Literal["finding", "pending", "waived"] = "finding", why: str = ""
) -> FindingRow:
    """The row of a finding; `why` is the waiver's words."""
    roles: dict[str, Role] = {"pending": "dim", "waived": "stale"}
    role = roles.get(kind, SEVERITY_ROLES[one.severity])
    remedy = one.failing.remedy
    shown = "" if remedy is None else remedy.operation or BY_HAND
    failing = one.failing
    return FindingRow(
        kind, kind, role, failing.subject, failing.message, shown, one.since, finding=one, waiver=why
    )


def _unknowns(unknown: tuple[Unknown, ...]) -> Iterator[FindingRow]:
    """One row for each place and reason: an instance that is down is not forty lines."""
    groups: dict[tuple[str, str], list[Unknown]] = {}
    for one in unknown:
        groups.setdefault((one.place, one.why), []).append(one)
    for (place, why), some in groups.items():
        remedy = some[0].check.id if len(some) == 1 else figures.counted(len(some), "check")
        yield FindingRow("unknown", "unknown", "unknown", place, why, remedy, unknowns=tuple(some))


def _section(kind: Kind, role: Role, words: str, rows: list[FindingRow]) -> Iterator[FindingRow]:
    if rows:
        number = sum(len(row.unknowns) or 1 for row in rows)
        yield FindingRow("heading", kind, role, "", f"{kind} {number} · {words}")
        yield from rows
