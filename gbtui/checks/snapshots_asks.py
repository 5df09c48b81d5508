"""What is asked of ZFS and of LXD's storage: pools, names, figures, and what snapshots hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gbtui.checks.host_asks import STEADY
from gbtui.errors import Malformed, TimedOut
from gbtui.facts.containers_types import Container
from gbtui.facts.failure import failure
from gbtui.facts.snapshots_parse import LIST_POOLS, LIST_SNAPSHOTS, parse_pools, parse_snapshots
from gbtui.facts.snapshots_rhythm import parse_held, parse_names
from gbtui.facts.snapshots_types import Pool, SnapshotRow
from gbtui.facts.survey import PROBE, Ask, LxdAsk, Place
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile
from gbtui.text import line, text

PROMPT = 0.5
"""Seconds in which a host with time to spare names its pools."""
DEAR = 60.0
"""Seconds for which the figures of snapshots are good: with thousands of them they take long."""
_HEALTHY = ("all pools are healthy", "no pools available")


@dataclass(frozen=True, slots=True)
class Pools:
    """The pools, and what `zpool status -x` says of those that are not well (nothing: all are)."""

    pools: tuple[Pool, ...]
    ill: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Snapshots' names by dataset. `slow`: the listing did not end in time, and there are none here."""

    names: Mapping[str, set[str]]
    slow: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Every snapshot with its figures, and the host's own time when they were read."""

    rows: tuple[SnapshotRow, ...]
    at: datetime
    malformed: int

    def of(self, dataset: str) -> list[SnapshotRow]:
        """Those of one dataset."""
        return [row for row in self.rows if row.dataset == dataset]


@dataclass(frozen=True, slots=True)
class StoragePool:
    """One of LXD's storage pools. `root` is the dataset that everything in it lies below."""

    name: str
    driver: str
    root: str


def dataset_of(one: Container, pools: Mapping[str, StoragePool]) -> str:
    """The dataset of a container's root disk; "" where it is on no ZFS pool."""
    root = next((disk for disk in one.disks if disk.path == "/"), None)
    pool = pools.get(root.pool) if root is not None else None
    return f"{pool.root}/containers/{one.name}" if pool is not None and pool.driver == "zfs" else ""


def _quick(argv: tuple[str, ...], limit: int = MIB) -> Command:
    return Command(argv, timeout=PROBE, limit=limit)


def _ask_pools(profile: Profile, place: Place) -> Sequence[Command]:
    return _quick(LIST_POOLS.argv), _quick(("zpool", "status", "-x"), 20_000)


def _read_pools(done: Sequence[Completed], profile: Profile, place: Place) -> Pools:
    for one in done:
        if not one.ok:
            raise failure(one, "health of the pools", hint="install zfsutils-linux")
    pools, malformed = parse_pools(done[0].stdout)
    if malformed:
        raise Malformed("list of pools", why=line(done[0].stdout))
    said = [entry.strip() for entry in text(done[1].stdout).splitlines() if entry.strip()]
    well = not said or said[0] in _HEALTHY or said[0].endswith("is healthy")
    return Pools(pools, () if well else tuple(said))


def _ask_names(profile: Profile, place: Place) -> Sequence[Command]:
    pools = Command(("zfs", "list", "-H", "-o", "name", "-d", "0"), timeout=PROMPT, limit=65536)
    argv = ("zfs", "list", "-H", "-o", "name", "-s", "name", "-t", "snapshot")
    return pools, _quick(argv, 16 * MIB)


def _read_names(done: Sequence[Completed], profile: Profile, place: Place) -> Names:
    pools, listed = done
    if listed.timed_out and pools.timed_out:
        why = f"this host is slow now: even a list of its pools takes more than {PROMPT:g} s"
        raise TimedOut("list of ZFS snapshots", why=why, hint="look at its load (uptime)")
    if listed.timed_out or listed.truncated:
        return Names({}, slow=True)
    if not listed.ok:
        raise failure(listed, "list of ZFS snapshots", hint="install zfsutils-linux")
    return Names(parse_names(listed.stdout), slow=False)


def _ask_figures(profile: Profile, place: Place) -> Sequence[Command]:
    clock = _quick(("date", "-u", "+%Y-%m-%dT%H:%M:%S"))
    return _quick(LIST_SNAPSHOTS.argv, 64 * MIB), clock


def _read_figures(done: Sequence[Completed], profile: Profile, place: Place) -> Figures:
    listed, clock = done
    if not listed.ok or listed.truncated:
        raise failure(listed, "figures of ZFS snapshots", late="prune them: listing takes too long")
    rows, malformed = parse_snapshots(listed.stdout)
    try:
        at = datetime.fromisoformat(line(clock.stdout)).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("the host's clock", why=f"date said {line(clock.stdout)!r}") from None
    return Figures(tuple(rows), at, malformed)


def _ask_held(profile: Profile, place: Place) -> Sequence[Command]:
    argv = ("zfs", "list", "-Hp", "-t", "filesystem,volume", "-o", "name,usedbysnapshots")
    return (_quick(argv, 4 * MIB),)


def _read_held(done: Sequence[Completed], profile: Profile, place: Place) -> dict[str, int]:
    if not done[0].ok:
        raise failure(done[0], "space held by snapshots", hint="install zfsutils-linux")
    return parse_held(done[0].stdout)


def _read_storage(data: Any, profile: Profile) -> dict[str, StoragePool]:
    if not isinstance(data, list):
        raise Malformed("LXD's storage pools", why="not a list")
    found = {}
    for pool in data:
        if isinstance(pool, dict) and isinstance(name := pool.get("name"), str):
            config = pool.get("config")
            root = config.get("zfs.pool_name") if isinstance(config, dict) else None
            found[name] = StoragePool(name, str(pool.get("driver", "")), str(root or name))
    return found


def slow() -> TimedOut:
    """Why nothing is known of the snapshots where their list takes too long."""
    return TimedOut("list of ZFS snapshots", why=f"it takes more than {PROBE:g} s", hint="prune them")


POOLS: Ask[Pools] = Ask("health of the pools", _ask_pools, _read_pools, DEAR)
NAMES: Ask[Names] = Ask("list of ZFS snapshots", _ask_names, _read_names, DEAR, late=True)
FIGURES: Ask[Figures] = Ask("figures of ZFS snapshots", _ask_figures, _read_figures, DEAR, late=True)
HELD: Ask[dict[str, int]] = Ask("space held by snapshots", _ask_held, _read_held, DEAR)
STORAGE: LxdAsk[dict[str, StoragePool]] = LxdAsk(
    "LXD's storage pools", "storage-pools", _read_storage, {"recursion": "1"}, STEADY
)
