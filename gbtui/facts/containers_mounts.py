"""Which mounts of an instance lead into another's files (items 25, 76, 80, 90; research 1.2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import normpath

from gbtui.facts.containers_types import Container, DiskDevice


def mounts(one: Container) -> tuple[DiskDevice, ...]:
    """Its disks that bring something from elsewhere, a profile's included; the root is none."""
    return tuple(disk for disk in one.disks if disk.path not in ("/", "") and disk.source)


def crossing(one: Container, disk: DiskDevice, everyone: Sequence[Container], tenants: str) -> str:
    """Why this mount of `one` crosses to another instance; "" where it does not.

    It does when its source lies in another's folder of `tenants`, within another instance's own file
    system, or is mounted by another instance as well. A mount of what is `one`'s
    own by its folder never does: then it is the other one that crosses.
    """
    owner = folder_of(disk.source, tenants)
    if owner:
        return "" if owns(one, owner) else f"{disk.source} is {'-'.join(owner)}'s"
    parts = () if disk.pool else PurePosixPath(normpath(disk.source)).parts
    others = [other for other in everyone if other.name != one.name]
    inside = next((other.name for other in others if other.name in parts), "")
    if inside:
        return f"{disk.source} is within {inside}"
    also = [other.name for other in others if any(_same(disk, theirs) for theirs in mounts(other))]
    return f"{disk.source} is mounted in {', '.join(sorted(also))}, too" if also else ""


def folder_of(source: str, tenants: str) -> tuple[str, ...]:
    """The two parts of TENANTS/<tenant>/<role> whose folder it is; () where it is nobody's."""
    path = PurePosixPath(normpath(source))
    if not path.is_relative_to(tenants):
        return ()
    parts = path.relative_to(tenants).parts
    return parts[:2] if len(parts) > 1 else ()


def owns(one: Container, folder: tuple[str, ...]) -> bool:
    """Whether that folder (`folder_of`) is an instance's own: of its tenant, where its name has one, and
    called as its role is there. One without a known role owns none."""
    tenant, called = folder
    return bool(one.role) and one.tenant in ("", tenant) and one.name.removeprefix(f"{one.tenant}-") == called


def _same(one: DiskDevice, other: DiskDevice) -> bool:
    """Whether both show the same thing, or one something within the other."""
    if one.pool != other.pool:
        return False
    first, second = PurePosixPath(normpath(one.source)), PurePosixPath(normpath(other.source))
    return first.is_relative_to(second) or second.is_relative_to(first)
