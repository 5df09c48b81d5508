"""Containers: what LXD says of every instance, in one request (guide items 6–25, 89, 90)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProxyDevice:
    """A port forwarded by LXD: `listen` → `connect` (`tcp:0.0.0.0:443` → `tcp:127.0.0.1:443`).

    `origin` is the profile that brings it, or "" where the instance itself has it.
    """

    name: str
    listen: str
    connect: str
    nat: bool
    origin: str


@dataclass(frozen=True, slots=True)
class DiskDevice:
    """A disk: the root (`pool` set, path `/`) or a mount of `source` at `path`."""

    name: str
    path: str
    source: str
    pool: str
    origin: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as LXD's database knows it. `mounts` are those of its configuration, root left out."""

    name: str
    created: datetime
    mounts: tuple[DiskDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One instance. Sizes in bytes; `cpu_seconds` counts since its start.

    `cpu` is the share of one core since the previous reading (1.0 = a whole core), None at the
    first one or while it is stopped. `role` is "" where the name fits no role of the profile.
    """

    name: str
    tenant: str
    role: str
    state: str
    ipv4: tuple[str, ...]
    cpu: float | None
    cpu_seconds: float | None
    memory: int | None
    memory_limit: int | None
    disk: int | None
    privileged: bool
    proxies: tuple[ProxyDevice, ...]
    disks: tuple[DiskDevice, ...]
    snapshots: tuple[Snapshot, ...]
    started: datetime | None
    created: datetime | None
    description: str
    profiles: tuple[str, ...]
    processes: int | None
    config: tuple[tuple[str, str], ...]
    network: tuple[tuple[str, str, str], ...]
    """(interface, family, address) of every address but loopback's."""

    @property
    def running(self) -> bool:
        return self.state == "Running"


@dataclass(frozen=True, slots=True)
class Containers:
    """All instances, by name. `malformed` counts entries that could not be read."""

    containers: tuple[Container, ...]
    malformed: int = 0
