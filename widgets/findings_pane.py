"""The findings pane: what is not as the guide says, worst first; then what is unknown and what is waived."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import ClassVar

from gbtui.checks.base import Report, Severity
from gbtui.facts.reading import Reading
from widgets import format as figures
from widgets.columns import Column
from widgets.findings_rows import SEVERITY_ROLES, FindingRow, rows_of
from widgets.painting import Cell
from widgets.pane import Pane
from widgets.pane_title import Verdict
from widgets.pieces import Piece, piece
from widgets.roles import GLYPHS, Role, glyph

ALL_WELL = "everything is as the guide says"


class FindingsPane(Pane[Report]):
    """Rows of a report. Its order is the report's: the worst and oldest first."""

    subject: ClassVar[str] = "findings"
    title: ClassVar[str] = "findings"
    empty: ClassVar[str] = ALL_WELL

    def __init__(self, amiss: Callable[[], str] = str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        """`amiss` says what is wrong with the waivers, "" for nothing."""
        self._amiss = amiss
        self.asked = False
        super().__init__(id=id)

    def columns(self) -> Sequence[Column[FindingRow]]:
        def since(row: FindingRow) -> Cell:
            return figures.age(row.since, self.now) if row.since else ""

        return (
            Column("severity", "SEVERITY", _severity, 9),
            Column("since", "SINCE", since, 5, align="right", rank=60, aging=True),
            Column("subject", "SUBJECT", lambda row: row.subject, 18, rank=80),
            Column("message", "WHAT IS WRONG", lambda row: row.message, min_width=28),
            Column("remedy", "REMEDY", lambda row: row.remedy, 24, rank=30),
        )

    def rows_of(self, value: Report) -> Sequence[FindingRow]:
        return rows_of(value)

    def row_key(self, row: FindingRow) -> Hashable:
        return row.key

    def row_role(self, row: FindingRow) -> Role:
        if row.kind == "heading":
            return row.role
        return "" if row.kind in ("finding", "unknown") else "dim"

    def flash_on(self, row: FindingRow) -> object:
        return row.kind, row.message

    def verdict(self, value: Report) -> Verdict:
        if value.findings:
            return Verdict(SEVERITY_ROLES[value.findings[0].severity])
        return Verdict("unknown", "not everything could be checked") if value.unknown else Verdict()

    def notes(self, value: Report) -> list[tuple[Role, str]]:
        amiss = self._amiss()
        return [("unknown", amiss)] if amiss else []

    def _count(self) -> str:
        """Findings only; what a filter leaves, too."""
        value = self.reading.value
        if value is None:
            return ""
        total = figures.count(len(value.findings))
        if not self.table.filter_text:
            return total
        return f"{figures.count(sum(row.kind == 'finding' for row in self.table.rows))}/{total}"

    def summary(self, value: Report | None) -> list[Piece]:
        if value is None:
            return []
        counted = ((SEVERITY_ROLES[one], value.counted.get(one, 0), str(one)) for one in Severity)
        others: tuple[tuple[Role, int, str], ...] = (
            ("unknown", len(value.unknown), "unknown"),
            ("stale", len(value.waived), "waived"),
        )
        return [
            piece(f"{GLYPHS[role]} {number} {word}", role, rank=60)
            for role, number, word in (*counted, *others)
            if number
        ]

    def tail(self, value: Report | None) -> list[Piece]:
        pieces = [piece("checking…", "dim", rank=50)] if self.asked else []
        if value is not None:
            pieces.append(piece(f"took {figures.latency(value.seconds)}", "dim", rank=20))
        return pieces

    def show(self, reading: Reading[Report]) -> None:
        self.asked = False
        super().show(reading)
        self._say_all_well()

    def tick(self, now: datetime) -> None:
        super().tick(now)
        self._say_all_well()

    def ask_again(self) -> None:
        """Say that another round was asked for."""
        self.asked = True
        self._show_title()

    def _say_all_well(self) -> None:
        """Where there is no row at all, the line that says so tells how long ago that was true."""
        if self.reading.value is None:
            return
        words = f"● {ALL_WELL} · checked {figures.age(self.reading.taken_at, self.now)} ago"
        if words != self.table.empty:
            self.table.empty = words
            if not self.table.total:
                self.table.refresh()


def _severity(row: FindingRow) -> Cell:
    if row.kind == "heading":
        return (glyph(row.role, ""),)
    return (glyph(row.role, row.word),)
