"""Faults of the pool and its snapshots: what the checks find of them."""

from __future__ import annotations

from tests.check_case import Case

SIDES, ROLLING = "snapshots.both-sides", "rolling snapshots"

CASES: tuple[Case, ...] = (
    Case(
        "snapshot-orphans",
        finds=(
            (SIDES, "acme-webmail/orphan"),
            (SIDES, "default/containers/acme-webmail@snapshot-nightly"),
        ),
        shows=("whose data is gone", "LXD has no record of it"),
        lab=False,
    ),
    Case(
        "snapshot-lost",
        finds=((SIDES, "acme-webmail/nightly"),),
        shows=("LXD lists acme-webmail/nightly", "no default/containers/acme-webmail@snapshot-nightly"),
        remedy=(SIDES, "acme-webmail/nightly"),
    ),
    Case("pool-degraded", finds=(("snapshots.pool-health", "default"),), shows=("is DEGRADED",), lab=False),
    Case("pool-full", finds=(("snapshots.pool-room", "default"),), shows=("% full",), lab=False),
    Case(
        "snapshots-hoard",
        finds=(("snapshots.space-held", "default"),),
        shows=("default/containers/acme-alm-ci@before-move: 60.0 GiB alone",),
        lab=False,
    ),
    Case(
        "rolling-unscheduled",
        finds=(("snapshots.scheduled", ROLLING),),
        shows=("no cron file takes snapshots",),
        remedy=("snapshots.scheduled", ROLLING),
        lab=False,
    ),
    Case(
        "rolling-late",
        finds=(("snapshots.daily", ROLLING),),
        shows=("10 of 10 containers", "acme-webmail: the newest is of"),
        lab=False,
    ),
    Case(
        "rolling-kept",
        finds=(("snapshots.retention", ROLLING),),
        shows=("acme-webmail: 1, the oldest daily-2026-01-05",),
        remedy=("snapshots.retention", ROLLING),
        lab=False,
    ),
    Case(
        "snapshot-mounts",
        finds=(("snapshots.removed-mounts", "acme-alm-ci/with-mount"),),
        shows=("deploy: /opt/gbo/tenants/acme/system/bin", "is acme-system's"),
        remedy=("snapshots.removed-mounts", "acme-alm-ci/with-mount"),
    ),
)
