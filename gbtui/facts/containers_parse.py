"""LXD's `instances?recursion=2` → containers. Pure: no I/O, and no clock but the one given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gbtui.errors import Malformed
from gbtui.facts.containers_types import Container, Containers, DiskDevice, ProxyDevice, Snapshot
from gbtui.text import clean

_TRUE = frozenset({"true", "1", "yes", "on"})
_SIZE = re.compile(r"([0-9]{1,18})\s*([kKMGTPE]?)(i?)B?")
_POWER = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)

Split = Callable[[str], tuple[str, str]]


def parse_instances(data: Any, split: Split) -> Containers:
    """`metadata` of one `GET /1.0/instances?recursion=2`; `split` gives (tenant, role) of a name.

    An entry that cannot be read costs that entry and is counted. `cpu` stays None here: see
    `with_cpu`.

    Raises:
        Malformed: it is not a list at all.
    """
    if not isinstance(data, list):
        raise Malformed("LXD instances", why=f"expected a list, got {type(data).__name__}")
    found = [_container(entry, split) for entry in data]
    good = sorted((c for c in found if c is not None), key=lambda c: c.name)
    return Containers(tuple(good), malformed=len(found) - len(good))


def with_cpu(now: Containers, before: Mapping[str, Container], seconds: float) -> Containers:
    """`now` with the share of one core each instance used in the `seconds` since `before`.

    None where there is no earlier figure, or the instance was started again in between.
    """
    return replace(
        now, containers=tuple(replace(c, cpu=_cpu(c, before.get(c.name), seconds)) for c in now.containers)
    )


def size(value: Any) -> int | None:
    """LXD's size text (`512MiB`, `2GB`, `1024`) in bytes; None for a percentage or anything else."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    unit: int = (1024 if match[3] else 1000) ** _POWER[match[2]]
    return int(match[1]) * unit


def moment(value: Any) -> datetime | None:
    """An RFC 3339 time in UTC; None for LXD's zero times (year 1, 1970) and for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at > _EPOCH else None


def _cpu(now: Container, before: Container | None, seconds: float) -> float | None:
    if before is None or not now.running or now.cpu_seconds is None or before.cpu_seconds is None:
        return None
    used = now.cpu_seconds - before.cpu_seconds
    if seconds <= 0 or used < 0 or now.started != before.started:
        return None
    return used / seconds


def _container(entry: Any, split: Split) -> Container | None:
    name, state = _of(entry, "name"), _of(entry, "status")
    if not (isinstance(name, str) and name and isinstance(state, str) and state):
        return None
    tenant, role = split(clean(name))
    live = state == "Running"
    figures = _dict(entry, "state")
    config = _dict(entry, "expanded_config")
    devices, own = _dict(entry, "expanded_devices"), _dict(entry, "devices")
    profiles = _strings(entry.get("profiles"))
    network = _addresses(figures)
    usage = _count(_dict(figures, "cpu").get("usage"))
    memory = _dict(figures, "memory")
    return Container(
        name=clean(name),
        tenant=tenant,
        role=role,
        state=clean(state),
        ipv4=tuple(address for _, family, address in network if family == "inet"),
        cpu=None,
        cpu_seconds=None if usage is None or not live else usage / 1e9,
        memory=_count(memory.get("usage")) if live else None,
        memory_limit=size(config.get("limits.memory")) or _count(memory.get("total")) or None,
        disk=_count(_dict(_dict(figures, "disk"), "root").get("usage")),
        privileged=_true(config.get("security.privileged")),
        proxies=_proxies(devices, own, profiles),
        disks=_disks(devices, own, profiles),
        snapshots=_snapshots(entry.get("snapshots")),
        started=(moment(figures.get("started_at")) or moment(entry.get("last_used_at"))) if live else None,
        created=moment(entry.get("created_at")),
        description=" ".join(_word(entry, "description").split()),
        profiles=profiles,
        processes=_count(figures.get("processes")) if live else None,
        config=tuple(sorted((key, value) for key, value in config.items() if isinstance(value, str))),
        network=network,
    )


def _proxies(
    devices: dict[str, Any], own: Mapping[str, Any], profiles: tuple[str, ...]
) -> tuple[ProxyDevice, ...]:
    return tuple(
        ProxyDevice(
            name=clean(name),
            listen=_word(device, "listen"),
            connect=_word(device, "connect"),
            nat=_true(device.get("nat")),
            origin=_origin(name, own, profiles),
        )
        for name, device in sorted(devices.items())
        if _of(device, "type") == "proxy"
    )


def _disks(
    devices: dict[str, Any], own: Mapping[str, Any], profiles: tuple[str, ...]
) -> tuple[DiskDevice, ...]:
    return tuple(
        DiskDevice(
            name=clean(name),
            path=_word(device, "path"),
            source=_word(device, "source"),
            pool=_word(device, "pool"),
            origin=_origin(name, own, profiles),
        )
        for name, device in sorted(devices.items())
        if _of(device, "type") == "disk"
    )


def _origin(name: str, own: Mapping[str, Any], profiles: tuple[str, ...]) -> str:
    """ "" for the instance's own device. With several profiles all are named: LXD does not say which."""
    return "" if name in own else ", ".join(profiles) or "profile"


def _snapshots(rows: Any) -> tuple[Snapshot, ...]:
    found = []
    for row in rows if isinstance(rows, list) else ():
        created = moment(_of(row, "created_at"))
        if (name := _word(row, "name")) and created is not None:
            # older servers answer with the full name, newer ones with what is after the slash
            devices, own = _dict(row, "expanded_devices"), _dict(row, "devices")
            mounts = tuple(disk for disk in _disks(devices, own, ()) if disk.source and disk.path != "/")
            found.append(Snapshot(name.rpartition("/")[2], created, mounts))
    return tuple(found)


def _addresses(figures: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    found = []
    for interface, card in sorted(_dict(figures, "network").items()):
        addresses = _of(card, "addresses")
        if _of(card, "type") == "loopback" or interface == "lo" or not isinstance(addresses, list):
            continue
        found += [
            (clean(interface), _word(entry, "family"), _word(entry, "address"))
            for entry in addresses
            if _of(entry, "scope") != "local" and _word(entry, "address")
        ]
    return tuple(found)


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _word(value: Any, key: str) -> str:
    found = _of(value, key)
    return clean(found) if isinstance(found, str) else ""


def _dict(value: Any, key: str) -> dict[str, Any]:
    found = _of(value, key)
    return found if isinstance(found, dict) else {}


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(clean(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _true(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in _TRUE
