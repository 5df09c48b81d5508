"""The snapshots pane: what ZFS holds, what LXD knows of it, and how full the pool is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from gbtui.facts.snapshots import Pool, SnapshotRow, Snapshots
from widgets import format as figures
from widgets.columns import Column
from widgets.pane import Pane
from widgets.pane_title import Verdict
from widgets.pieces import Piece, piece
from widgets.roles import GLYPHS, Parts, Role, glyph

NEARLY_FULL, FULL = 80, 90
"""Percent of a pool: ZFS slows down above the first, and may stop taking writes above the second."""


def owner_cell(row: SnapshotRow) -> Parts:
    """Whose snapshot it is; where half of it is missing, which half: only LXD's have two."""
    if row.missing == "dataset":
        return (glyph("error", "no dataset"),)
    if row.missing == "row":
        return (glyph("warn", "no row"),)
    return ((row.owner, "dim" if row.owner == "lxd" else "unknown" if row.owner == "unknown" else ""),)


def pool_role(pool: Pool) -> Role:
    """How a pool is, by ZFS's word for its health and by how full it is."""
    if pool.health != "ONLINE":
        return "error"
    return "error" if pool.capacity >= FULL else "warn" if pool.capacity >= NEARLY_FULL else "ok"


class SnapshotsPane(Pane[Snapshots]):
    """Every snapshot of every pool, largest first."""

    subject: ClassVar[str] = "snapshots"
    number: ClassVar[int] = 2
    title: ClassVar[str] = "snapshots"
    empty: ClassVar[str] = "no snapshots here"
    start_sort: ClassVar[tuple[str, bool]] = ("used", True)

    def columns(self) -> Sequence[Column[SnapshotRow]]:
        def holds(row: SnapshotRow) -> str:
            return figures.DASH if row.holds is None else str(row.holds) if row.holds else ""

        return (
            Column(
                "name",
                "DATASET@SNAPSHOT",
                lambda row: row.full_name,
                min_width=28,
                sort_key=lambda row: row.full_name,
                elide="start",
            ),
            Column(
                "used",
                "USED",
                lambda row: figures.size(row.used),
                6,
                sort_key=lambda row: row.used,
                first_descending=True,
                align="right",
                rank=95,
            ),
            Column(
                "refer",
                "REFER",
                lambda row: figures.size(row.referenced),
                6,
                sort_key=lambda row: row.referenced,
                first_descending=True,
                align="right",
                rank=50,
            ),
            Column(
                "age",
                "AGE",
                lambda row: figures.age(row.created, self.now),
                5,
                sort_key=lambda row: row.created,
                align="right",
                rank=90,
                aging=True,
            ),
            Column("holds", "HOLDS", holds, 5, sort_key=lambda row: row.holds, align="right", rank=40),
            Column("owner", "OWNER", owner_cell, 12, sort_key=lambda row: (row.owner, row.missing), rank=80),
        )

    def rows_of(self, value: Snapshots) -> Sequence[SnapshotRow]:
        return value.snapshots

    def row_key(self, row: SnapshotRow) -> Hashable:
        return (row.dataset, row.name)

    def search_text(self, row: SnapshotRow) -> str:
        missing = {"": "", "dataset": " no dataset", "row": " no row"}[row.missing]
        return f"{row.full_name} {row.owner}{missing}"

    def flash_on(self, row: SnapshotRow) -> object:
        return (row.holds, row.owner, row.missing)

    def summary(self, value: Snapshots | None) -> list[Piece]:
        if value is None:
            return []
        return [_pool_piece(pool, alone=len(value.pools) == 1) for pool in value.pools]

    def verdict(self, value: Snapshots) -> Verdict:
        for pool in value.pools:
            if pool_role(pool) == "error":
                how = f"{pool.capacity}% full" if pool.health == "ONLINE" else pool.health
                return Verdict("error", f"pool {pool.name} {how}")
        halves = sum(bool(row.missing) for row in value.snapshots)
        if halves:
            return Verdict("warn", f"{figures.count(halves)} half there")
        nearly = next((pool for pool in value.pools if pool_role(pool) == "warn"), None)
        return Verdict("warn", f"pool {nearly.name} {nearly.capacity}% full") if nearly else Verdict()

    def notes(self, value: Snapshots) -> list[tuple[Role, str]]:
        said: list[tuple[Role, str]] = [("unknown", value.note)] if value.note else []
        if value.malformed:
            said.append(("warn", f"{figures.counted(value.malformed, 'line')} of zfs could not be read"))
        return said

    def copy_text(self, row: SnapshotRow) -> str:
        return row.full_name


def _pool_piece(pool: Pool, *, alone: bool) -> Piece:
    role = pool_role(pool)
    name = "pool" if alone else pool.name
    health = "" if pool.health == "ONLINE" else f" {pool.health}"
    sign = "" if role == "ok" else f" {GLYPHS[role]}"
    return piece(f"{name} {pool.capacity}%{health}{sign}", "dim" if role == "ok" else role, rank=60)
