"""What speaks against destroying a snapshot: shared by `snapshots.destroy` and `snapshots.prune`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gbtui.facts.snapshots_parse import INTERNAL as INTERNAL_NAMES
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Guard
from gbtui.operations.snapshots_look import Close, Sides, grouped
from gbtui.operations.snapshots_names import counted, size, some

THERE = Guard("exists", "each snapshot is there on the side that its owner says", (83,))
OWNER = Guard("right-tool", "LXD's own go through LXD, with its records; raw ones through ZFS", (83,))
INTERNAL = Guard("lxd-internal", "none is of LXD's own work: images, copies, migrations, backups", (83,))
HOLDS = Guard("held", "nobody holds one", (83,))
CLONES = Guard("clones", "no dataset was made from one", (83,))
REPLICATION = Guard("replication", "none is needed by a replication as its common base", (83,))
RECLAIM = Guard("reclaim", "a dry run of exactly these says what comes free", (81, 82, 83))
NEWEST = Guard("newest", "the newest snapshot of a dataset goes knowingly or not at all", (83, 84))

REPLICATORS = ("syncoid_", "zrepl_", "znapzend", "bzfs_", "simplesnap", "__replicate_", "repl_", "repl-")
"""How the names of snapshots begin that replication tools send from; losing the last means a full send."""

AGAINST = (INTERNAL, THERE, OWNER, HOLDS, CLONES, REPLICATION)
"""The guards that speak about single snapshots, the weightiest first."""


def objection(row: SnapshotRow, sides: Sides, close: Close) -> tuple[Guard, str] | None:
    """The first thing that speaks against destroying `row`, and what to do instead."""
    full = row.full_name
    detail = close.details.get(full)
    if _internal(row):
        return INTERNAL, f"{full} is LXD's own work: LXD removes it with what it belongs to"
    if row.missing == "dataset":
        orphan = f"gbtui plan snapshots.forget-orphan snapshots={full}"
        return THERE, f"{full} is only a record in LXD, its data is gone: {orphan}"
    if detail is None:
        return THERE, f"{full} was there a moment ago and is not any more: plan again"
    if sides.unknown:
        return OWNER, f"who owns {full} is not known, LXD was not asked ({sides.unknown}): start LXD first"
    if row.missing == "row":
        orphan = f"gbtui plan snapshots.forget-orphan snapshots={full}"
        return OWNER, f"{full} is named as LXD's and LXD has no record of it: {orphan} renames it"
    if row.owner == "lxd" and not row.instance:
        return OWNER, f"{full} belongs to a volume of LXD: lxc storage volume delete removes it"
    if detail.holds or row.holds:
        tags = close.tags.get(full, ())
        by = f" by {', '.join(tags)}" if tags else ""
        tag = tags[0] if tags else "TAG"
        return HOLDS, f"{full} is held{by}: whoever holds it says zfs release {tag} {full}"
    if detail.clones:
        return CLONES, f"{some(detail.clones)} was made from {full}: destroy or promote that first"
    if row.name.removeprefix("snapshot-").startswith(REPLICATORS):
        return REPLICATION, f"{full} is what a replication sends from: let the replication tool remove it"
    return None


def judged(rows: Sequence[SnapshotRow], sides: Sides, close: Close) -> list[Verdict]:
    """One verdict of each guard over all `rows`: what speaks against one is a refusal."""
    against = [found for row in rows if (found := objection(row, sides, close)) is not None]
    said: list[Verdict] = []
    for guard in AGAINST:
        reasons = [reason for one, reason in against if one is guard]
        said.append(guard.refuse("; ".join(reasons[:5])) if reasons else guard.allow(_fine(guard, rows)))
    return [*said, reclaim(rows, close)]


def reclaim(rows: Sequence[SnapshotRow], close: Close) -> Verdict:
    """What comes free, beside the sum of USED: blocks shared by several are in nobody's USED."""
    for dataset, own in grouped(row for row in rows if row.missing != "dataset").items():
        if dataset in close.refused:
            return RECLAIM.refuse(f"the dry run is refused: {close.refused[dataset]}")
        estimate = close.estimates.get(dataset)
        named = set(estimate.names) if estimate is not None else set[str]()
        if named != {row.full_name for row in own}:
            return RECLAIM.refuse(f"the dry run of {dataset} names other snapshots: plan again")
    return RECLAIM.allow(space(rows, close))


def freed(rows: Sequence[SnapshotRow], close: Close) -> int:
    """Bytes that destroying all `rows` frees, by the dry runs."""
    return sum(close.estimates[d].reclaim for d in grouped(rows) if d in close.estimates)


def space(rows: Sequence[SnapshotRow], close: Close) -> str:
    """The dry run's figure beside the sum of USED, and why they differ."""
    together, alone = freed(rows, close), sum(row.used or 0 for row in rows)
    if together == alone:
        return f"{counted(len(rows))} free {size(together)} (USED says the same)"
    said = f"{counted(len(rows))} free {size(together)} together; their USED adds up to {size(alone)}"
    if together < alone:
        return f"{said}: USED is older than the dry run"
    return f"{said}: {size(together - alone)} is in blocks they share, which are in nobody's USED"


def newest(rows: Iterable[SnapshotRow], sides: Sides) -> Verdict:
    """A warning where the newest snapshot of a dataset, or all of them, would go."""
    said = []
    for dataset, own in grouped(rows).items():
        every = sides.of(dataset)
        going = {row.full_name for row in own}
        stay = [row for row in every if row.full_name not in going]
        if not stay:
            said.append(f"{dataset} has no snapshot left then")
        elif every[-1].full_name in going:
            said.append(f"the newest of {dataset} goes; {stay[-1].name} is the newest then")
    return NEWEST.warn("; ".join(said)) if said else NEWEST.allow("the newest of each dataset stays")


def _internal(row: SnapshotRow) -> bool:
    if row.owner != "lxd" or row.missing == "dataset":
        return row.name.startswith(INTERNAL_NAMES)
    return not row.instance and not row.name.startswith("snapshot-")


def _fine(guard: Guard, rows: Sequence[SnapshotRow]) -> str:
    own = sum(row.owner == "lxd" for row in rows)
    if guard is OWNER:
        return f"{own} through LXD, {len(rows) - own} through ZFS"
    fine = {THERE.id: "all are there", HOLDS.id: "none is held", CLONES.id: "none has a clone"}
    return fine.get(guard.id, "none")
