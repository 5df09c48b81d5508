"""`containers.remove-mount`: mounts that lead into another container's files (items 25, 80, 82, 90)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from gbtui.facts.containers_mounts import folder_of, owns
from gbtui.facts.snapshots_parse import root_dataset
from gbtui.guard.plan import Action, Amend, Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import EXISTS, Subject, ask_devices, subject
from gbtui.operations.containers_parameters import DEVICE
from gbtui.operations.containers_power import DARK, darkness
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.snapshots_look import both_sides
from gbtui.operations.snapshots_names import size, some

ITEMS = (25, 80, 82, 90)
MASK = {"type": "none"}
"""A device of this type hides the one of its name that a profile brings."""

MOUNT = Guard("is-a-mount", "it is a disk that brings files from elsewhere", (25, 90))
OWN_DATA = Guard("own-data", "a container's own data stays mounted", (22, 25))
HELD = Guard("snapshots-hold-space", "it is known which snapshots go on holding the space", (80, 82))


def mounts(found: Subject) -> dict[str, Mapping[str, str]]:
    """Its disks that bring something from elsewhere, a profile's included; the root is none."""
    return {
        key: device
        for key, device in sorted(found.all_devices.items())
        if device.get("type") == "disk" and device.get("path", "/") != "/" and device.get("source")
    }


def crossings(found: Subject) -> dict[str, str]:
    """Mounts that cross from one container to another, and why each does (research 1.2)."""
    said = {key: _crosses(found, device) for key, device in mounts(found).items()}
    return {key: words for key, words in said.items() if words}


def _crosses(found: Subject, device: Mapping[str, str]) -> str:
    source, path = device["source"], device["path"]
    whose = _whose(found, source)
    what = f"{source} at {path} of {found.name}"
    if whose and not owns(found.one, whose):
        return f"{what} is {'-'.join(whose)}'s"
    others = [str(entry.get("name")) for entry in found.entries if _has(entry, device)]
    others = [name for name in others if name != found.name]
    if others:
        return f"{what} is mounted in {', '.join(others)}, too"
    if found.one.role == found.profile.runner_role and not whose:
        return f"{what}: the CI runner is to have no mounts from the host"
    return ""


def _whose(found: Subject, source: str) -> tuple[str, ...]:
    """(tenant, role) whose folder it is by its name; `..` in it leads anywhere, and is nobody's."""
    return () if ".." in PurePosixPath(source).parts else folder_of(source, found.profile.tenants)


def _has(entry: Mapping[str, Any], device: Mapping[str, str]) -> bool:
    """Whether an instance mounts the same thing, or something above or below it."""
    devices = entry.get("expanded_devices")
    for other in devices.values() if isinstance(devices, dict) else ():
        source = other.get("source") if isinstance(other, dict) and other.get("type") == "disk" else None
        if isinstance(source, str) and source and other.get("pool", "") == device.get("pool", ""):
            one, two = PurePosixPath(source), PurePosixPath(device["source"])
            if one.is_relative_to(two) or two.is_relative_to(one):
                return True
    return False


async def remove_mount(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to take a mount out of a container."""
    name, key = given["container"], given["device"]
    title = f"Remove mount {key} of {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(REMOVE_MOUNT, context, given, title, verdicts=(there,))
    device = mounts(found).get(key)
    if device is None:
        hidden = found.devices.get(key) == MASK
        noop = f"{key} is removed from {name} already: its profile's device is hidden" if hidden else ""
        verdict = MOUNT.allow("hidden") if hidden else _no_mount(found, key)
        return assemble(REMOVE_MOUNT, context, given, title, verdicts=(there, verdict), noop=noop)
    verdicts = [
        there,
        MOUNT.allow(f"{device['source']} is at {device['path']}"),
        _own_data(found, key, device),
    ]
    if verdicts[-1].verdict == "refuse":
        return assemble(REMOVE_MOUNT, context, given, title, verdicts=verdicts)
    lost = (f"{device['path']} in {name}: what it shows of {device['source']}, until it is added again",)
    step = await _step(context, found, key, title)
    return assemble(
        REMOVE_MOUNT,
        context,
        given,
        title,
        verdicts=(*verdicts, await _held(context, found, device), *darkness(lost)),
        steps=(step,),
        verify=(*proofs((step,)), *_gone(found, device)),
        relies_on=await relying(context, (f"devices of {name}", ask_devices(name))),
        why=crossings(found).get(key, f"{device['source']} is mounted at {device['path']} of {name}"),
        dark=lost,
        target=name,
    )


async def _step(context: Context, found: Subject, key: str, title: str) -> Step:
    """Its own device goes; one that a profile brings is hidden in this container only."""
    own = found.devices.get(key)
    before = dict(own) if own is not None else None
    after = MASK if own is None or await _brought(context, found, key) else None
    undo: tuple[Action, ...] = (Amend(found.name, "devices", key, after, before),)
    left = MASK["type"] if after else scripts.ABSENT
    done = scripts.device(found.name, key, "type", left)
    return Step(title, Amend(found.name, "devices", key, before, after), done, undo)


async def _brought(context: Context, found: Subject, key: str) -> bool:
    """Whether a profile has a device of that name as well: it would come back."""
    for profile in found.one.profiles:
        reply = await context.host.lxd.get(f"profiles/{profile}")
        devices = reply.data.get("devices") if isinstance(reply.data, dict) else None
        if isinstance(devices, dict) and key in devices:
            return True
    return False


def _gone(found: Subject, device: Mapping[str, str]) -> tuple[Wait, ...]:
    """The effect: the kernel lists no such mount inside."""
    if not found.one.running:
        return ()
    path = "/" + device["path"].strip("/").replace(" ", "\\040")
    run = Exec(found.name, ("cat", "/proc/self/mountinfo"))
    probe = Probe(f"nothing is mounted at {path} in {found.name}", run, "contains", f" {path} ", negate=True)
    return (Wait(probe, 20.0),)


def _no_mount(found: Subject, key: str) -> Verdict:
    device = found.all_devices.get(key)
    if device is None:
        known = ", ".join(mounts(found)) or "none"
        return MOUNT.refuse(f"{found.name} has no device {key}; its mounts: {known}")
    if device.get("type") == "disk":
        return MOUNT.refuse(f"{key} is the root of {found.name}, which is never removed")
    return MOUNT.refuse(f"{key} of {found.name} is of type {device.get('type', '')}, no mount")


def _own_data(found: Subject, key: str, device: Mapping[str, str]) -> Verdict:
    crossing = crossings(found).get(key, "")
    if crossing:
        return OWN_DATA.allow(crossing)
    whose = _whose(found, device["source"])
    if whose and owns(found.one, whose):
        why = f"{device['source']} is {found.name}'s own data, and crosses to no other container"
        return OWN_DATA.refuse(f"{why}: it stays; only mounts of other containers' files are removed")
    return OWN_DATA.warn(f"{device['source']} is mounted nowhere else: it may be {found.name}'s own data")


async def _held(context: Context, found: Subject, device: Mapping[str, str]) -> Verdict:
    """Snapshots taken while it was mounted; LXD's say so themselves, raw ones cannot."""
    nothing = "removing it frees nothing by itself"
    pools = await context.host.lxd.get("storage-pools", {"recursion": "1"})
    dataset = root_dataset(pools.data, found.entry)
    if not dataset:
        return HELD.warn(f"{nothing}, and {found.name} is on no ZFS pool: its snapshots cannot be seen")
    rows = (await both_sides(context.host, (), (dataset,))).of(dataset)
    with_it = {f"snapshot-{name}" for name in _snapshots_with(found, device)}
    raw = [row for row in rows if row.name in with_it or not row.name.startswith("snapshot-")]
    if not raw:
        return HELD.allow(f"no snapshot of {found.name} was taken while it was mounted")
    largest = sorted(raw, key=lambda row: -(row.used or 0))
    shown = some([f"{row.name} ({size(row.used or 0)})" for row in largest])
    hint = f"gbtui plan snapshots.destroy snapshots={largest[0].full_name}"
    return HELD.warn(f"{nothing}: what was written there stays held by {shown}; {hint}")


def _snapshots_with(found: Subject, device: Mapping[str, str]) -> list[str]:
    rows = found.entry.get("snapshots")
    known = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [str(row.get("name", "")).rpartition("/")[2] for row in known if _has(row, device)]


REMOVE_MOUNT = Operation(
    id="containers.remove-mount",
    title="Remove mount",
    summary="take a mount of another container's files out, and say which snapshots go on holding the space",
    subject="containers",
    parameters=(CONTAINER, DEVICE),
    guards=(EXISTS, MOUNT, OWN_DATA, HELD, DARK),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=remove_mount,
)
OPERATIONS = (REMOVE_MOUNT,)
