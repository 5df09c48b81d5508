"""Rolling snapshots in time, names of both sides, and the space that snapshots hold (items 80-84). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gbtui.facts.containers_types import Container
from gbtui.facts.snapshots_parse import INTERNAL, number
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.text import text

ROLLING = re.compile(r"(?:snapshot-)?(?:daily|rolling|auto)-\d{4}-\d{2}-\d{2}(?:[-_T]\d{2}[:-]?\d{2}\S*)?")
"""What a rolling schedule names by the day: `daily-2026-11-23`, LXD's own with `snapshot-` before it."""

GRACE = timedelta(hours=26)
"""A daily round takes away what was kept long enough: until the next one some are a day older."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One dataset's rolling snapshots: when the newest was taken, and which are older than kept."""

    newest: datetime | None
    overdue: tuple[SnapshotRow, ...]


def rhythm(rows: Iterable[SnapshotRow], keep: timedelta, now: datetime) -> Rhythm:
    """Of the rows of one dataset. The newest is never overdue: pruning leaves it, whatever its age."""
    rolling = [(row.created, row) for row in rows if row.created and ROLLING.fullmatch(row.name)]
    newest = max((at for at, _ in rolling), default=None)
    old = [row for at, row in rolling if at != newest and now - at > keep + GRACE]
    return Rhythm(newest, tuple(old))


def parse_names(data: bytes) -> dict[str, set[str]]:
    """`zfs list -H -o name -t snapshot`: names by dataset."""
    found: dict[str, set[str]] = {}
    for entry in text(data).split("\n"):
        dataset, mark, name = entry.partition("@")
        if mark and name:
            found.setdefault(dataset, set()).add(name)
    return found


def parse_held(data: bytes) -> dict[str, int]:
    """`zfs list -Hp -o name,usedbysnapshots`: bytes that go with a dataset's snapshots; others left out."""
    found: dict[str, int] = {}
    for entry in text(data).split("\n"):
        name, _, value = entry.partition("\t")
        try:
            found[name] = number(value) or 0
        except ValueError:
            continue
    found.pop("", None)
    return found


def one_sided(one: Container, dataset: str, names: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(LXD's records without data as INSTANCE/NAME, data without a record as DATASET@NAME) of an instance."""
    records = {f"snapshot-{row.name}" for row in one.snapshots}
    own = {name for name in names if name.startswith("snapshot-") and not name.startswith(INTERNAL)}
    lost = sorted(f"{one.name}/{name.removeprefix('snapshot-')}" for name in records - names)
    return tuple(lost), tuple(sorted(f"{dataset}@{name}" for name in own - records))


def largest(held: dict[str, int], pool: str, most: int) -> Sequence[tuple[str, int]]:
    """The datasets of a pool whose snapshots hold most."""
    own = [(name, value) for name, value in held.items() if value and name.partition("/")[0] == pool]
    return sorted(own, key=lambda pair: -pair[1])[:most]
