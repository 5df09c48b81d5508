"""ZFS snapshots beside LXD's own records of them, and the pool (guide items 5, 80–84, 94)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gbtui.errors import GbtuiError
from gbtui.facts.containers import Ask, ask_instances
from gbtui.facts.failure import absent, failure
from gbtui.facts.snapshots_parse import (
    LIST_POOLS,
    LIST_SNAPSHOTS,
    Records,
    largest_first,
    parse_pools,
    parse_records,
    parse_snapshots,
    with_owners,
)
from gbtui.facts.snapshots_types import Owner, Pool, SnapshotRow, Snapshots
from gbtui.hosts.base import Completed, Host
from gbtui.profiles import Profile

__all__ = ["Owner", "Pool", "SnapshotRow", "Snapshots", "SnapshotsReader"]


class SnapshotsReader:
    """Reads every snapshot of the host, and who owns it. `instances` as in `ContainersReader`."""

    def __init__(self, host: Host, profile: Profile, *, instances: Ask | None = None) -> None:
        self._host = host
        self._instances = instances or (lambda: ask_instances(host))
        self._profile = profile

    async def read(self) -> Snapshots:
        """ZFS and LXD asked side by side. Without LXD every owner is unknown and `note` says why.

        Raises:
            MissingTool: there is no `zfs`. Denied or Failed: it refused (module not loaded).
        """
        (listed, pooled), asked = await asyncio.gather(
            self._host.run_many((LIST_SNAPSHOTS, LIST_POOLS)), self._records()
        )
        if not listed.ok:
            hint = "install zfsutils-linux" if absent(listed) else "is the zfs module loaded?"
            raise failure(listed, "list of ZFS snapshots", hint=hint)
        # off the loop: 50,000 lines take half a second, and keys must not wait for them
        return await asyncio.to_thread(assemble, listed, pooled, asked)

    async def _records(self) -> Records | GbtuiError:
        """LXD's records, or why there are none: ZFS is worth showing without them."""
        try:
            asked = self._host.lxd.get("storage-pools", {"recursion": "1"}), self._instances()
            pools, instances = await asyncio.gather(*asked)
        except GbtuiError as error:
            return error
        return parse_records(pools.data, instances.data)


def assemble(listed: Completed, pooled: Completed, asked: Records | GbtuiError) -> Snapshots:
    """One reading out of both listings (`listed` succeeded) and LXD's records or its error."""
    notes = []
    rows, malformed = parse_snapshots(listed.stdout)
    pools, bad_pools = parse_pools(pooled.stdout) if pooled.ok else ((), 0)
    if not pooled.ok:
        notes.append(str(failure(pooled, "pool health not known")))
    if listed.truncated:
        notes.append(f"only the first {len(rows)} snapshots were read")
    if isinstance(asked, Records):
        # of a cut listing nobody can say that a dataset is missing
        known = replace(asked, complete=not listed.truncated)
        rows = with_owners(rows, known)
    else:
        notes.append(f"owners not known, LXD was not asked: {asked}")
    return Snapshots(pools, largest_first(rows), malformed + bad_pools, "; ".join(notes))
