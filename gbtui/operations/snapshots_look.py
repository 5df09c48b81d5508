"""What the snapshots' operations look at: both sides of the chosen datasets, then the chosen ones closely."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.containers import ask_instances
from gbtui.facts.failure import failure
from gbtui.facts.snapshots_detail import (
    Detail,
    Estimate,
    detail_argv,
    estimate_command,
    parse_details,
    parse_estimate,
    parse_holds,
)
from gbtui.facts.snapshots_parse import (
    LIST_POOLS,
    LIST_SNAPSHOTS,
    Records,
    parse_pools,
    parse_records,
    parse_snapshots,
    with_owners,
)
from gbtui.facts.snapshots_types import Pool, SnapshotRow
from gbtui.hosts.base import Command, Completed, Host
from gbtui.operations.base import Context


@dataclass(frozen=True, slots=True)
class Sides:
    """Snapshots of some datasets (of all where none was named), oldest first in each, owners told.

    `unknown` says why LXD could not be asked ("" where it was): owners are unknown then. `absent`
    are datasets that there are not. `records` are LXD's own.
    """

    rows: tuple[SnapshotRow, ...]
    records: Records
    unknown: str
    absent: tuple[str, ...]

    def of(self, dataset: str) -> list[SnapshotRow]:
        """Those that ZFS has of one dataset, oldest first."""
        return [row for row in self.rows if row.dataset == dataset and row.missing != "dataset"]

    def find(self, name: str) -> SnapshotRow | None:
        """By `dataset@name`, or by `instance/name` as LXD names its own."""
        if "@" in name:
            return next((row for row in self.rows if row.full_name == name), None)
        instance, _, short = name.partition("/")
        own = f"snapshot-{short}"
        return next((r for r in self.rows if (r.instance, r.name, r.owner) == (instance, own, "lxd")), None)


@dataclass(frozen=True, slots=True)
class Close:
    """The chosen ones looked at closely: by full name, and what a dry run of each dataset says.

    `refused` holds what ZFS says where a dry run was refused. `free` is the pool's, in bytes.
    """

    details: Mapping[str, Detail]
    tags: Mapping[str, tuple[str, ...]]
    estimates: Mapping[str, Estimate]
    refused: Mapping[str, str]
    pools: Mapping[str, Pool]


def of_dataset(dataset: str) -> Command:
    """The listing of one dataset's snapshots alone: quick whatever the pool holds."""
    *head, columns = LIST_SNAPSHOTS.argv
    return replace(LIST_SNAPSHOTS, argv=(*head, columns, "-d", "1", "--", dataset))


async def both_sides(host: Host, names: Iterable[str] = (), datasets: Iterable[str] = ()) -> Sides:
    """Look at the datasets of `names` (full or LXD's) and at `datasets`; at everything without any.

    Raises:
        Denied, Failed, MissingTool: ZFS could not be asked.
    """
    records, unknown = await _records(host)
    names = tuple(names)
    wanted = list(dict.fromkeys((*datasets, *(_dataset_of(name, records) for name in names))))
    wanted = [dataset for dataset in wanted if dataset]
    if not wanted and names:
        return Sides((), records, unknown, ())
    commands = [of_dataset(dataset) for dataset in wanted] or [LIST_SNAPSHOTS]
    done = await host.run_many(commands)
    rows: list[SnapshotRow] = []
    absent = []
    for completed, dataset in zip(done, wanted or [""], strict=True):
        if completed.ok:
            rows += _parsed(completed)
        elif dataset and b"does not exist" in completed.stderr:
            absent.append(dataset)
        else:
            raise failure(completed, "list of ZFS snapshots")
    return Sides(tuple(_owned(rows, records, unknown, wanted)), records, unknown, tuple(absent))


async def closely(host: Host, rows: Sequence[SnapshotRow]) -> Close:
    """Identity, holds and clones of rows that ZFS has, the dry run of each dataset, and the pools.

    Raises:
        Malformed: ZFS said something that is not understood. Failed: it refused to say anything.
    """
    if not rows:
        return Close({}, {}, {}, {}, {})
    names = [row.full_name for row in rows]
    by_dataset = grouped(rows)
    dry = [estimate_command(dataset, [r.name for r in own]) for dataset, own in by_dataset.items()]
    held = [row.full_name for row in rows if row.holds]
    asked = [Command(detail_argv(names), timeout=60.0), LIST_POOLS, *dry]
    if held:
        asked.append(Command(("zfs", "holds", "-H", "--", *held)))
    listed, pooled, *rest = await host.run_many(asked)
    if not listed.ok and b"does not exist" not in listed.stderr:
        raise failure(listed, "details of snapshots")
    estimates, refused = {}, {}
    for dataset, completed in zip(by_dataset, rest, strict=False):
        if completed.ok:
            estimates[dataset] = parse_estimate(completed.stdout)
        else:
            refused[dataset] = text.line(completed.stderr)
    pools, _ = parse_pools(pooled.stdout) if pooled.ok else ((), 0)
    tags = parse_holds(rest[-1].stdout) if held else {}
    by_pool = {pool.name: pool for pool in pools}
    return Close(parse_details(listed.stdout), tags, estimates, refused, by_pool)


async def clock_of(host: Host) -> datetime:
    """The host's own time: ages are judged by the clock that dated the snapshots, not by the operator's.

    Raises:
        Malformed: `date` said something else.
    """
    done = await host.run(Command(("date", "-u", "+%Y-%m-%dT%H:%M:%S")))
    try:
        return datetime.fromisoformat(text.line(done.stdout)).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("the host's clock", why=f"date said {text.line(done.stdout)!r}") from None


def of_tenant(rows: Iterable[SnapshotRow], context: Context) -> list[SnapshotRow]:
    """`rows`, without those of other tenants where the operator has chosen one."""
    tenant = context.tenant
    return [row for row in rows if tenant is None or context.profile.split(row.instance)[0] == tenant]


def grouped(rows: Iterable[SnapshotRow]) -> dict[str, list[SnapshotRow]]:
    """By dataset, in the order they come."""
    found: dict[str, list[SnapshotRow]] = {}
    for row in rows:
        found.setdefault(row.dataset, []).append(row)
    return found


def pool_of(dataset: str) -> str:
    """The pool a dataset is in."""
    return dataset.partition("/")[0]


async def _records(host: Host) -> tuple[Records, str]:
    try:
        asked = host.lxd.get("storage-pools", {"recursion": "1"}), ask_instances(host)
        pools, instances = await asyncio.gather(*asked)
    except GbtuiError as error:
        return Records((), {}), str(error)
    return parse_records(pools.data, instances.data), ""


def _dataset_of(name: str, records: Records) -> str:
    dataset, mark, _ = name.partition("@")
    if mark:
        return dataset
    instance, _, short = name.partition("/")
    own = f"snapshot-{short}"
    found = (key[0] for key, (owner, _) in records.rows.items() if (owner, key[1]) == (instance, own))
    return next(found, "")


def _parsed(completed: Completed) -> list[SnapshotRow]:
    rows, malformed = parse_snapshots(completed.stdout)
    if malformed or completed.truncated:
        why = f"{malformed} lines are not understood" if malformed else "the listing was cut"
        raise Malformed("list of ZFS snapshots", why=why, hint="nothing is destroyed on half a picture")
    return rows


def _owned(
    rows: list[SnapshotRow], records: Records, unknown: str, wanted: Sequence[str]
) -> list[SnapshotRow]:
    if unknown:
        return rows
    known = with_owners(rows, records)
    return [row for row in known if not wanted or row.dataset in wanted]
