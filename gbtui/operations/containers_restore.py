"""`containers.restore-snapshot`: a container is put back to one of LXD's snapshots (items 24, 80-83).

On ZFS this is a rollback: it needs the newest snapshot of the dataset, and what was written since is
gone. A snapshot taken before would itself be in the way, so what was written since is kept as a stream
on the host (`zfs send -i`), where there is room: that makes it something that can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gbtui import text
from gbtui.facts.containers_listen import spans
from gbtui.facts.failure import failure
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.mask import mask
from gbtui.guard.plan import Action, Amend, Danger, Exec, Plan, Step, Verdict
from gbtui.guard.preview import command
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import (
    EXISTS,
    HOST,
    RESTART_DARK,
    Subject,
    ask_devices,
    ask_state,
    dark,
    listening,
    subject,
    up_again,
)
from gbtui.operations.containers_parameters import SNAPSHOT
from gbtui.operations.containers_ports import PROTECTED
from gbtui.operations.containers_ports_remove import NEVER
from gbtui.operations.containers_power import DARK, STEADY, darkness, steady
from gbtui.operations.containers_privileged import MUST
from gbtui.operations.containers_settle import settled
from gbtui.operations.containers_snapshots import KNOWN, dataset_of
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.snapshots_look import both_sides
from gbtui.operations.snapshots_names import size, some

FOLDER = "/var/lib/gbtui/restore"
SPARE = 1 << 30
"""Bytes that stay free on the host beside what is kept."""
LONGEST = 1800.0
ITEMS = (24, 80, 82, 83)

ZFS = Guard("on-zfs", "the container's root disk is on a ZFS pool", (5,))
NEWEST = Guard("nothing-newer", "no newer snapshot is in the way of the rollback", (83,))
SINCE = Guard("written-since", "what was written since is given up knowingly, or kept", (82, 83))
SECRETS = Guard("secrets-kept-out", "a setting that may hold a secret goes into no journal", (65,))
SETTINGS = Guard("settings-of-then", "its configuration and devices become those of the snapshot", (16, 24))


async def restore(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to put a container back to one of LXD's snapshots."""
    name, snapshot = given["container"], given["snapshot"]
    title = f"Put {name} back to {snapshot}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(RESTORE, context, given, title, verdicts=(there,))
    dataset = await dataset_of(context, found)
    then = _entry(found, snapshot)
    verdicts = [there, steady(found), await _known(context, found, snapshot, dataset)]
    if then is not None:
        verdicts += _settings(found, then)
    if then is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(RESTORE, context, given, title, verdicts=verdicts)
    written, free = await _room(context, dataset, snapshot)
    if written == 0 and not _differences(found, then) and not found.one.running:
        noop = f"nothing was written to {name} since {snapshot}"
        return assemble(RESTORE, context, given, title, verdicts=verdicts, noop=noop)
    kept = written + written // 5 + SPARE < free
    verdicts.append(_since(found, snapshot, written, free, kept=kept))
    step = _step(context, found, then, dataset, kept=kept)
    return await _planned(context, given, found, verdicts, step)


async def _planned(
    context: Context,
    given: Mapping[str, str],
    found: Subject,
    verdicts: Sequence[Verdict],
    step: Step,
) -> Plan:
    name, dataset = found.name, await dataset_of(context, found)
    lost = await dark(context, found, f"about {2 * RESTART_DARK} s")
    step = replace(step, undo_dark=lost if step.undo else ())
    runs = found.one.running
    back = up_again(context, found, await listening(context, found)) if runs else ()
    return assemble(
        RESTORE,
        context,
        given,
        f"Put {name} back to {given['snapshot']}",
        verdicts=(*verdicts, *darkness(lost)),
        steps=(step, *(settled(context, found) if runs else ())),
        verify=(*proofs((step,)), *back),
        relies_on=await relying(
            context,
            (f"snapshots of {dataset}", _ask_snapshots(dataset)),
            (f"devices of {name}", ask_devices(name)),
            (f"state of {name}", ask_state(name)),
        ),
        why=f"{name} ({found.what}) becomes what it was at {given['snapshot']}, with its settings of then",
        dark=lost,
        target=f"{name}/{given['snapshot']}",
        undo_warning=f"{name} is stopped meanwhile, and what was written since it was put back is lost",
    )


def _ask_snapshots(dataset: str) -> Exec:
    columns = ("-o", "name,guid", "-s", "creation")
    return Exec(HOST, ("zfs", "list", "-Hp", "-t", "snapshot", *columns, "-d", "1", dataset), 60.0)


def _entry(found: Subject, snapshot: str) -> Mapping[str, Any] | None:
    """LXD's record of the snapshot."""
    rows = found.entry.get("snapshots")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and str(row.get("name", "")).rpartition("/")[2] == snapshot:
            return row
    return None


async def _known(context: Context, found: Subject, snapshot: str, dataset: str) -> Verdict:
    """The snapshot is there on both sides, and nothing is newer."""
    if not dataset:
        return ZFS.refuse(f"{found.name} is on no ZFS pool: use lxc restore, and take a snapshot before")
    if _entry(found, snapshot) is None:
        known = some([one.name for one in found.one.snapshots]) or "none"
        return KNOWN.refuse(f"LXD has no snapshot {snapshot} of {found.name}; it has: {known}")
    rows = (await both_sides(context.host, (), (dataset,))).of(dataset)
    at = next((number for number, row in enumerate(rows) if row.name == f"snapshot-{snapshot}"), None)
    if at is None:
        orphan = f"gbtui plan snapshots.forget-orphan snapshots={dataset}@snapshot-{snapshot}"
        return KNOWN.refuse(f"{found.name}/{snapshot} is only a record, its data is gone: {orphan}")
    return _newer(rows[at], rows[at + 1 :])


def _newer(row: SnapshotRow, newer: Sequence[SnapshotRow]) -> Verdict:
    """ZFS rolls back to the newest only; LXD refuses, or deletes its own with zfs.remove_snapshots."""
    if not newer:
        return NEWEST.allow(f"{row.name} is the newest snapshot of {row.dataset}")
    raw = [one for one in newer if one.owner != "lxd"]
    own = [one for one in newer if one.owner == "lxd"]
    kinds = [f"raw {some([one.name for one in raw])}"] if raw else []
    kinds += [f"LXD's {some([one.name for one in own])}"] if own else []
    names = ",".join(one.full_name for one in newer)
    why = f"newer snapshots are in the way: {' and '.join(kinds)}"
    return NEWEST.refuse(
        f"{why}; without them it could be put back: gbtui plan snapshots.destroy snapshots={names}"
    )


# What becomes of the settings


def _settings(found: Subject, then: Mapping[str, Any]) -> list[Verdict]:
    """LXD puts configuration and devices back, too: neither a port nor system's privilege may go so."""
    before = guides_ports(found.all_devices)
    closed = sorted(before - guides_ports(then.get("expanded_devices")))
    said = []
    if closed:
        ports = ", ".join(f"{protocol} :{port}" for protocol, port in closed)
        said.append(
            NEVER.refuse(f"{found.name} had no device for {ports} then: add them again first, then snapshot")
        )
    config = then.get("expanded_config")
    privileged = isinstance(config, dict) and config.get("security.privileged") == "true"
    if found.role is not None and found.role.privileged and not privileged:
        said.append(MUST.refuse(f"{found.name} was not privileged then: botserver could not write /opt/gbo"))
    if list(then.get("profiles") or []) != list(found.one.profiles):
        said.append(SETTINGS.refuse(f"{found.name} had other profiles then: lxc profile assign them first"))
    differs = _differences(found, then)
    if differs:
        keys = some([f"{section} {key}" for section, key, _, _ in differs])
        said.append(SETTINGS.warn(f"put back as they were then, too: {keys}"))
    hidden = [key for section, key, _, _ in differs if (section, secret(key)) == ("config", True)]
    if hidden:
        why = f"{some(hidden)} may hold a secret and is kept nowhere: gbtui undo does not bring it back"
        said.append(SECRETS.warn(f"{why}; note it first (lxc config get {found.name} KEY)"))
    return said or [SETTINGS.allow("its configuration and devices are those of then")]


def secret(key: str) -> bool:
    """Whether a configuration key may hold one: what programs inside get, and what sets a container up."""
    return key.startswith(("environment.", "user.", "cloud-init.")) or mask(f"{key}=x") != f"{key}=x"


def guides_ports(devices: Any) -> set[tuple[str, int]]:
    """The guide's ports among the listeners of proxy devices."""
    known = (
        [one for one in devices.values() if isinstance(one, Mapping)] if isinstance(devices, Mapping) else []
    )
    listens = [str(one.get("listen", "")) for one in known if one.get("type") == "proxy"]
    found = [span for listen in listens for span in spans(listen)]
    return {(span.protocol, port) for span in found for port in span.holds(PROTECTED)}


def _differences(found: Subject, then: Mapping[str, Any]) -> list[tuple[str, str, Any, Any]]:
    """(section, key, now, then) of its own settings that differ; LXD's own bookkeeping aside."""
    differs: list[tuple[str, str, Any, Any]] = []
    for section, now in (("config", found.config), ("devices", found.devices)):
        old = then.get(section)
        old = old if isinstance(old, Mapping) else {}
        for key in sorted({*now, *old}):
            mine, theirs = now.get(key), old.get(key)
            if mine != theirs and not key.startswith(("volatile.", "image.")):
                differs.append((section, key, mine, theirs))
    return differs


# The step


async def _room(context: Context, dataset: str, snapshot: str) -> tuple[int, int]:
    """Bytes written since, and bytes free where they could be kept.

    Raises:
        Failed: ZFS or the host's file system could not be asked.
    """
    done = await context.host.run(command(scripts.room(dataset, snapshot, FOLDER)))
    figures = text.text(done.stdout).split()
    if not done.ok or len(figures) != 2 or not all(figure.isdigit() for figure in figures):
        raise failure(done, f"what was written to {dataset} since {snapshot}")
    return int(figures[0]), int(figures[1])


def _since(found: Subject, snapshot: str, written: int, free: int, *, kept: bool) -> Verdict:
    since = f"{size(written)} written to {found.name} since {snapshot}"
    if kept:
        return SINCE.warn(f"{since} is taken away; it is kept in {FOLDER}, so that gbtui undo brings it back")
    room = f"the host has {size(free)} free, too little to keep it"
    return SINCE.warn(f"{since} is lost for good: {room}; make room in {FOLDER.rpartition('/')[0]} first")


def _step(context: Context, found: Subject, then: Mapping[str, Any], dataset: str, *, kept: bool) -> Step:
    name, snapshot = found.name, str(then.get("name", "")).rpartition("/")[2]
    mark = f"{context.now():%Y%m%d%H%M%S}"
    file = f"{FOLDER}/{name}-{snapshot}-{mark}.zfs" if kept else ""
    words = (name, snapshot, dataset, file, mark, "yes" if found.one.running else "no")
    back = scripts.run(HOST, "gbtui-unrestore", scripts.UNRESTORE, *words, timeout=LONGEST)
    undo: tuple[Action, ...] = (*_resettled(found, then), back) if kept else ()
    stops = f"Stop {name} cleanly, p" if found.one.running else "P"
    return Step(
        title=f"{stops}ut it back to {snapshot}" + (", start it" if found.one.running else ""),
        does=scripts.run(HOST, "gbtui-restore", scripts.RESTORE, *words, timeout=LONGEST),
        done=scripts.restored(dataset, snapshot, mark),
        undo=undo,
        no_undo="" if kept else "what was written since is nowhere else",
        loses=f"what was written to {name} since {snapshot}",
        undo_loses=f"what was written to {name} since it was put back" if kept else "",
    )


def _resettled(found: Subject, then: Mapping[str, Any]) -> list[Action]:
    """Each setting as it is now, from what it was then; what may be a secret stays out of the plan (R8)."""
    return [
        Amend(found.name, "config" if section == "config" else "devices", key, theirs, mine)
        for section, key, mine, theirs in _differences(found, then)
        if section == "devices" or not secret(key)
    ]


RESTORE = Operation(
    id="containers.restore-snapshot",
    title="Restore snapshot",
    summary="put a container back to one of LXD's snapshots; what was written since is kept if there is room",
    subject="containers",
    parameters=(CONTAINER, SNAPSHOT),
    guards=(EXISTS, STEADY, ZFS, KNOWN, NEWEST, NEVER, MUST, SETTINGS, SECRETS, SINCE, DARK),
    danger=Danger.IRREVERSIBLE,
    items=ITEMS,
    make=restore,
)
OPERATIONS = (RESTORE,)
