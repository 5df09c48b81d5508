"""The bans pane: who is banned where, and for how much longer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gbtui.facts.bans import Ban, Bans, Jail
from widgets import format as figures
from widgets.columns import Column
from widgets.painting import Cell
from widgets.pane import Pane
from widgets.pane_title import Verdict
from widgets.pieces import Piece, piece
from widgets.roles import Role


@dataclass(frozen=True, slots=True)
class BanLine:
    """One ban, or (`ban` None) a jail in which nobody is. `read_at` is when `ban.left` was true."""

    jail: Jail
    ban: Ban | None
    read_at: datetime

    def left(self, now: datetime) -> float | None:
        """Seconds until it ends; None without a ban or without an end."""
        if self.ban is None or self.ban.left is None:
            return None
        return max(0.0, self.ban.left - (now - self.read_at).total_seconds())


class BansPane(Pane[Bans]):
    """Every ban, and the jails in which nobody is, with fail2ban's own counts."""

    subject: ClassVar[str] = "bans"
    number: ClassVar[int] = 4
    title: ClassVar[str] = "bans"
    empty: ClassVar[str] = "no jails here"

    def columns(self) -> Sequence[Column[BanLine]]:
        def left(line: BanLine) -> Cell:
            if line.ban is None:
                return ""
            seconds = line.left(self.now)
            return "no end" if seconds is None else figures.span(seconds)

        return (
            Column("where", "WHERE", lambda r: r.jail.where, 11, sort_key=lambda r: r.jail.where, rank=90),
            Column("jail", "JAIL", lambda r: r.jail.jail, 16, sort_key=lambda r: r.jail.jail),
            Column("address", "ADDRESS", _address, min_width=15, sort_key=lambda r: r.ban and r.ban.address),
            Column(
                "left",
                "LEFT",
                left,
                6,
                sort_key=lambda r: r.left(r.read_at),
                align="right",
                rank=80,
                aging=True,
            ),
            Column("times", "×", _times, 4, sort_key=_times_key, align="right", rank=50),
            Column("failed", "FAILED", _failed, 9, align="right", rank=30),
            Column("total", "BANNED", _total, 7, align="right", rank=20),
        )

    def rows_of(self, value: Bans) -> Sequence[BanLine]:
        at = self.reading.taken_at or self.now
        bans = [BanLine(jail, ban, at) for jail in value.jails for ban in jail.banned]
        return (*bans, *(BanLine(jail, None, at) for jail in value.jails if not jail.banned))

    def row_key(self, row: BanLine) -> Hashable:
        return (row.jail.where, row.jail.jail, row.ban.address if row.ban else None)

    def row_role(self, row: BanLine) -> Role:
        return "dim" if row.ban is None else ""

    def flash_on(self, row: BanLine) -> object:
        return row.ban and row.ban.times

    def _count(self) -> str:
        value = self.reading.value
        if value is None:
            return ""
        banned = sum(len(jail.banned) for jail in value.jails)
        if not self.table.filter_text:
            return figures.count(banned)
        shown = sum(row.ban is not None for row in self.table.rows)
        return f"{figures.count(shown)}/{figures.count(banned)}"

    def summary(self, value: Bans | None) -> list[Piece]:
        return [] if value is None else [piece(figures.counted(len(value.jails), "jail"), "dim", rank=60)]

    def verdict(self, value: Bans) -> Verdict:
        return Verdict("unknown", f"{value.notes[0][0]}: incomplete") if value.notes else Verdict()

    def notes(self, value: Bans) -> list[tuple[Role, str]]:
        # fail2ban's readers write "where: why" or just "why": the place is said once.
        said: list[tuple[Role, str]] = [
            ("unknown", why if why.startswith(where) else f"{where}: {why}") for where, why in value.notes
        ]
        if value.malformed:
            said.append(("warn", f"{figures.counted(value.malformed, 'line')} of fail2ban could not be read"))
        return said

    def copy_text(self, row: BanLine) -> str:
        return row.ban.address if row.ban else super().copy_text(row)


def _address(line: BanLine) -> Cell:
    return line.ban.address if line.ban else "nobody"


def _times(line: BanLine) -> Cell:
    return "" if line.ban is None else f"×{line.ban.times}"


def _times_key(line: BanLine) -> int | None:
    return line.ban.times if line.ban else None


def _failed(line: BanLine) -> Cell:
    now, total = line.jail.currently_failed, line.jail.total_failed
    return "" if now is None and total is None else f"{figures.count(now)}/{figures.count(total)}"


def _total(line: BanLine) -> Cell:
    return "" if line.jail.total_banned is None else figures.count(line.jail.total_banned)
