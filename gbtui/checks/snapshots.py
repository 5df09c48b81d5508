"""The pool and its snapshots: health, room, both sides in step, what they hold (items 5, 80-83, 94)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks import snapshots_rolling
from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.snapshots_asks import FIGURES, HELD, NAMES, POOLS, STORAGE, dataset_of, slow
from gbtui.facts.containers_mounts import crossing
from gbtui.facts.containers_types import Container, Snapshot
from gbtui.facts.snapshots_rhythm import largest, one_sided
from gbtui.facts.survey import EVERY, HOST, Need, Place, Survey

MOST = 8
LOOK = by_hand("gbtui show snapshots; then destroy what nobody needs: snapshots.prune, snapshots.destroy")


def _gib(value: int) -> str:
    return f"{value / 2**30:.1f} GiB"


def _health(survey: Survey, place: Place) -> Iterator[Failing]:
    found = survey.of(POOLS)
    remedy = by_hand("zpool status -v names the disk or the files; replace it, zpool clear, zpool scrub")
    ill = [pool for pool in found.pools if pool.health != "ONLINE"]
    for pool in ill:
        yield Failing(pool.name, f"pool {pool.name} is {pool.health}", found.ill or (pool.health,), remedy)
    if found.ill and not ill:
        names = [entry.partition(":")[2].strip() for entry in found.ill if entry.startswith("pool:")]
        yield Failing(
            next(iter(names), "pools"), "zpool status has something to say of it", found.ill, remedy
        )
    if not found.pools:
        yield Failing("pools", "there is no ZFS pool", (), by_hand("zpool import"))


def _room(survey: Survey, place: Place) -> Iterator[Failing]:
    profile = survey.profile
    for pool in survey.of(POOLS).pools:
        if pool.capacity >= profile.pool_warning:
            severity = Severity.ERROR if pool.capacity >= profile.pool_error else Severity.WARNING
            seen = f"{_gib(pool.allocated)} of {_gib(pool.size)}, {_gib(pool.free)} free"
            yield Failing(pool.name, f"pool {pool.name} is {pool.capacity} % full", (seen,), LOOK, severity)


def _on_zfs(survey: Survey, place: Place) -> Iterator[Failing]:
    one, pools = survey.container(place.name), survey.of(STORAGE)
    if one is None or not one.role or dataset_of(one, pools):
        return
    root = next((disk.pool for disk in one.disks if disk.path == "/"), "")
    driver = pools[root].driver if root in pools else "not known"
    remedy = by_hand("lxc move it to a pool on ZFS: neither its snapshots nor its space can be looked after")
    yield Failing(one.name, "its root disk is on no ZFS pool", (f"pool {root!r}: driver {driver}",), remedy)


def _listing(survey: Survey, place: Place) -> Iterator[Failing]:
    if survey.of(NAMES).slow:
        message = "the list of ZFS snapshots takes more than 2 s: there are too many"
        yield Failing("snapshots", message, ("zfs list -o name -t snapshot: timed out",), LOOK)


def _both_sides(survey: Survey, place: Place) -> Iterator[Failing]:
    one, pools, listed = survey.container(place.name), survey.of(STORAGE), survey.of(NAMES)
    if listed.slow:
        raise slow()
    dataset = dataset_of(one, pools) if one is not None else ""
    if one is None or not dataset:
        return
    lost, stray = one_sided(one, dataset, listed.names.get(dataset, set()))
    for name in lost:
        seen = (f"LXD lists {name}", f"zfs list: no {dataset}@snapshot-{name.partition('/')[2]}")
        message = "LXD has a record of a snapshot whose data is gone"
        yield Failing(name, message, seen, operation("snapshots.forget-orphan", snapshots=name))
    for name in stray:
        message = "a snapshot is named as LXD's own, and LXD has no record of it"
        seen = (f"zfs list: {name}", f"{one.name} in LXD has {len(one.snapshots)} snapshots, not this one")
        yield Failing(name, message, seen, operation("snapshots.forget-orphan", snapshots=name))


def _held(survey: Survey, place: Place) -> Iterator[Failing]:
    held, rows = survey.of(HELD), survey.of(FIGURES).rows
    for pool in survey.of(POOLS).pools:
        total = sum(value for name, value in held.items() if name.partition("/")[0] == pool.name)
        share = total * 100 // pool.size if pool.size else 0
        if share < survey.profile.held_share:
            continue
        seen = [f"{name}: snapshots hold {_gib(value)}" for name, value in largest(held, pool.name, MOST)]
        own = [(row.used or 0, row.full_name) for row in rows if row.dataset.partition("/")[0] == pool.name]
        seen += [f"{name}: {_gib(used)} alone" for used, name in sorted(own, reverse=True)[:MOST]]
        message = f"snapshots hold {share} % of pool {pool.name}: deleting files frees nothing while they do"
        yield Failing(pool.name, message, tuple(seen), LOOK)


def _removed_mounts(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None:
        return
    for snapshot in one.snapshots:
        seen = tuple(_gone(one, snapshot, survey))
        if seen:
            remedy = operation("containers.delete-snapshot", container=one.name, snapshot=snapshot.name)
            message = f"a snapshot of {snapshot.created:%Y-%m-%d} has a mount that {one.name} has no more"
            yield Failing(f"{one.name}/{snapshot.name}", message, seen, remedy)


def _gone(one: Container, snapshot: Snapshot, survey: Survey) -> Iterator[str]:
    """What the snapshot's configuration mounts of another's files, and the container does not now."""
    now = {(disk.source, disk.pool) for disk in one.disks}
    for disk in snapshot.mounts:
        if (disk.source, disk.pool) in now:
            continue
        why = crossing(one, disk, survey.containers, survey.profile.tenants)
        if why:
            yield f"{disk.name}: {disk.source} at {disk.path}: {why}"


HEALTH = Check(
    id="snapshots.pool-health",
    items=(5,),
    sentence="the ZFS pool is whole",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(POOLS),),
    judge=_health,
    remedy="zpool status -v, then replace, clear, scrub",
)
ROOM = Check(
    id="snapshots.pool-room",
    items=(5, 82),
    sentence="the ZFS pool has room",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(POOLS),),
    judge=_room,
    remedy=LOOK.words,
)
ON_ZFS = Check(
    id="snapshots.on-zfs",
    items=(5,),
    sentence="containers lie on a ZFS pool",
    severity=Severity.WARNING,
    scope=EVERY,
    needs=(Need(STORAGE),),
    judge=_on_zfs,
    remedy="lxc move it to a pool on ZFS",
)
LISTING = Check(
    id="snapshots.listed",
    items=(81, 94),
    sentence="the list of snapshots comes at once",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(NAMES),),
    judge=_listing,
    remedy="snapshots.prune",
    certain=False,
    departs="the guide sorts a listing for people; names alone are asked for, which stays quick where "
    "figures take minutes",
)
BOTH_SIDES = Check(
    id="snapshots.both-sides",
    items=(81, 83, 94),
    sentence="LXD's records and ZFS's snapshots are in step",
    severity=Severity.WARNING,
    scope=EVERY,
    needs=(Need(STORAGE), Need(NAMES)),
    judge=_both_sides,
    remedy="snapshots.forget-orphan",
    certain=False,
    departs="the guide destroys snapshots with zfs behind LXD's back, which leaves its records behind: "
    "those are found, and LXD's own are deleted through LXD",
)
SPACE = Check(
    id="snapshots.space-held",
    items=(82,),
    sentence="snapshots do not hold on to a great part of the pool",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(POOLS), Need(HELD), Need(FIGURES)),
    judge=_held,
    remedy=LOOK.words,
)
REMOVED_MOUNTS = Check(
    id="snapshots.removed-mounts",
    items=(80,),
    sentence="no snapshot is left from when a container mounted another's files",
    severity=Severity.WARNING,
    scope=EVERY,
    needs=(),
    judge=_removed_mounts,
    remedy="containers.delete-snapshot",
)
CHECKS = (
    HEALTH,
    ROOM,
    ON_ZFS,
    LISTING,
    BOTH_SIDES,
    SPACE,
    REMOVED_MOUNTS,
    *snapshots_rolling.CHECKS,
)
