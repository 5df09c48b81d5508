"""ZFS snapshots beside LXD's own records of them, and the pool (guide items 5, 80–84, 94)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Owner = Literal["lxd", "raw", "unknown"]


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot. Sizes in bytes.

    `used` is what only this snapshot holds: a lower bound of what deleting several would free.
    `owner`: LXD keeps a record or the name is LXD's · raw ZFS · unknown where LXD could not be
    asked. `missing` says which half is not there: "dataset" (LXD lists it, ZFS has none: it was
    destroyed behind LXD's back), "row" (named as LXD names them, but LXD has no record), or "".
    """

    dataset: str
    name: str
    used: int | None
    referenced: int | None
    created: datetime | None
    holds: int | None
    owner: Owner
    missing: Literal["", "dataset", "row"]
    instance: str

    @property
    def full_name(self) -> str:
        return f"{self.dataset}@{self.name}"


@dataclass(frozen=True, slots=True)
class Pool:
    """A ZFS pool. Sizes in bytes, `capacity` in percent; `health` is ZFS's own word (ONLINE, …)."""

    name: str
    health: str
    size: int
    allocated: int
    free: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Every snapshot, largest first. `malformed` counts lines that could not be read.

    `note` carries words on what is missing from the picture (LXD not asked, holds not known).
    """

    pools: tuple[Pool, ...]
    snapshots: tuple[SnapshotRow, ...]
    malformed: int = 0
    note: str = ""
