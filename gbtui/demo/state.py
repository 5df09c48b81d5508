"""Everything that is so on the simulated host, in one mutable place."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gbtui.demo.call import Answer, Call
from gbtui.demo.clock import Clock
from gbtui.demo.rules import Packet, Ruleset
from gbtui.hosts.base import LxdEvent

HOST = "host"
MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(slots=True)
class File:
    """A file. `mode` as chmod takes it, `owner` as `user:group`.

    `stands_for` are bytes that it takes on the disk beside those of `data`, which nobody reads.
    """

    data: bytes
    mode: int = 0o644
    owner: str = "root:root"
    modified: float = 0.0
    stands_for: int = 0


@dataclass(slots=True)
class Unit:
    """A systemd unit. `since` is when it last changed state; `ready` when its port answers again."""

    name: str
    active: bool = True
    exists: bool = True
    since: float = 0.0
    ready: float = 0.0
    restarts: int = 0
    failed: bool = False
    description: str = ""
    oneshot: bool = False
    memory: int = 24 * MIB
    cache_reached: bool = True
    tried: list[str] = field(default_factory=list)
    """The names a running Caddy has had certificates to care for since its start."""
    starts: int = 0
    flaps: bool = False
    """Ends by itself after two seconds, again and again."""
    configured: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    """Of the next start (as systemd has read the files), and of the running process."""
    image: bytes = b""
    """The binary that the running process was started from, where it matters."""


@dataclass(slots=True)
class Vault:
    """Vault behind its seal. `given` are the keys of this attempt."""

    keys: tuple[str, ...]
    needed: int = 3
    sealed: bool = False
    given: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Served:
    """A zone as CoreDNS has read it: acl lines as (action, types, nets), types it holds, its serial."""

    rules: list[tuple[str, list[str], list[str]]]
    types: list[str]
    serial: str


@dataclass(slots=True)
class Repo:
    """A git checkout: its branch's commits, oldest first, and what each remote has ("": no such branch).

    `secret` is a commit of it that holds Vault's keys. A remote that is not named does not answer.
    """

    history: list[str]
    remotes: dict[str, str]
    branch: str = "main"
    dirty: list[str] = field(default_factory=list)
    tracked: list[str] = field(default_factory=list)
    secret: str = ""
    pointers: dict[str, str] = field(default_factory=dict)
    """Of a root repository: the commit that its HEAD names, by submodule."""
    identity: str = "Ops <ops@acme.example>"


@dataclass(frozen=True, slots=True)
class Stray:
    """A process that systemd did not start, listening on a port."""

    pid: int
    user: str
    program: str
    cgroup: str = "/.lxc"


@dataclass(slots=True)
class Ban:
    """A banned address: since when (epoch) and for how long (seconds, -1: for ever)."""

    address: str
    since: float
    lasts: float


@dataclass(slots=True)
class Jail:
    """A fail2ban jail and its counters."""

    name: str
    source: str
    bans: list[Ban]
    failed: int = 0
    total_failed: int = 0
    total_banned: int = 0
    lasts: float = 3600.0
    ports: str = ""
    action: str = "iptables-multiport"
    maxretry: int = 5
    findtime: int = 600
    regex: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic that never stops: `rate` packets a second of `size` bytes, judged by INPUT."""

    packet: Packet
    rate: float
    size: float


@dataclass(slots=True)
class Place:
    """The host itself or a container: its files, rules, units, jails and programs."""

    name: str
    files: dict[str, File] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    rules: dict[str, Ruleset] = field(default_factory=lambda: {"ip": Ruleset(), "ip6": Ruleset()})
    units: dict[str, Unit] = field(default_factory=dict)
    jails: dict[str, Jail] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    """Programs that are not installed here."""
    no_namespaces: bool = False
    """Nobody may make a network namespace here, as in a container locked down by its profile."""
    strays: dict[int, Stray] = field(default_factory=dict)
    """By port."""
    vault: Vault | None = None
    tracked: set[str] = field(default_factory=set)
    """Files that a git tree here tracks."""
    repos: dict[str, Repo] = field(default_factory=dict)
    """Git checkouts, by their folder."""
    links: set[str] = field(default_factory=set)
    """Folders that are links."""
    jobs: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Processes of CI jobs, by their id: name, and how they are known for one."""
    owners: dict[str, int] = field(default_factory=dict)
    """Folders that are not root's: whose, by uid."""
    zones: dict[str, Served] = field(default_factory=dict)
    """What CoreDNS serves here, as it last read its files."""


@dataclass(slots=True)
class Row:
    """A snapshot in LXD's database.

    `held` is what the container was then: configuration, devices, profiles, files. None for those
    that were there from the start: nothing of them is ever put back.
    """

    name: str
    created: float
    held: tuple[dict[str, str], dict[str, dict[str, str]], list[str], dict[str, File]] | None = None


@dataclass(slots=True)
class Instance:
    """A container as LXD knows it. `cpu` is its usual share of a core, `memory` and `disk` in bytes."""

    name: str
    role: str
    ipv4: str
    description: str
    config: dict[str, str]
    devices: dict[str, dict[str, str]]
    profiles: list[str]
    created: float
    started: float
    cpu: float
    memory: int
    disk: int
    processes: int
    pid: int
    running: bool = True
    leased: bool = True
    """Whether it has got its address."""
    used: float = 0.0
    snapshots: list[Row] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    """User properties of its dataset."""


@dataclass(slots=True)
class Dataset:
    """A ZFS snapshot: sizes in bytes, `holds` as (tag, time).

    `shared` is what it shares with the next newer one alone: in nobody's `used`, and freed only with
    both. `guid` stays with it when it is renamed; `properties` are the user's (`module:name`).
    """

    dataset: str
    name: str
    used: int
    refer: int
    created: float
    holds: list[tuple[str, float]] = field(default_factory=list)
    shared: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    guid: int = 0

    def __post_init__(self) -> None:
        about = f"{self.dataset}@{self.name} {self.created}".encode()
        self.guid = self.guid or int.from_bytes(hashlib.sha256(about).digest()[:8], "big") or 1


@dataclass(slots=True)
class Timer:
    """A transient timer: at `due` the host starts `argv`."""

    unit: str
    due: float
    argv: tuple[str, ...]


@dataclass(slots=True)
class State:
    """The whole host. Nothing here runs by itself: `settle` brings it up to the clock."""

    clock: Clock
    seed: int
    places: dict[str, Place]
    instances: dict[str, Instance]
    profiles: dict[str, dict[str, Any]]
    snapshots: list[Dataset]
    timers: dict[str, Timer] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    locks: dict[str, str] = field(default_factory=dict)
    lxd_up: bool = True
    pool_health: str = "ONLINE"
    pool_more: int = 0
    """Bytes of the pool that nothing else here accounts for."""
    deaf: set[str] = field(default_factory=set)
    """Proxy devices (`tcp:0.0.0.0:993`) whose listener has died."""
    forwards: list[dict[str, Any]] = field(default_factory=list)
    """LXD's network forwards of the bridge."""
    host_free: int = 40 * GIB
    """Bytes free in the host's own file system."""
    log_rate: float = 12.0
    log_noise_since: float | None = None
    log_client: str = ""
    log_written: list[bytes] = field(default_factory=list)
    """The address that everybody seems to come from ("": their own), and what others wrote to the log."""
    settled: float = 0.0
    listeners: list[Callable[[LxdEvent], None]] = field(default_factory=list)
    execute: Callable[[Call], Answer] | None = None
    syslog: list[tuple[float, str, str]] = field(default_factory=list)
    """What was written to the system journal: when, by which tag, what."""
    life: list[Callable[[State, float, float], None]] = field(default_factory=list)
    """What happens by itself between two times (bans come and go, counters move)."""

    @property
    def host(self) -> Place:
        return self.places[HOST]

    def random(self, *about: object) -> random.Random:
        """Chance that is the same for the same seed and subject."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, about))}")  # noqa: S311 - a simulation

    def settle(self) -> None:
        """Live up to the clock: due timers fire in order, each at its own time."""
        now = self.clock.now()
        while True:
            due = min((timer for timer in self.timers.values() if timer.due <= now), key=_due, default=None)
            if due is None:
                break
            self._live(due.due)
            del self.timers[due.unit]
            if self.execute is not None:
                self.execute(Call(self, self.host, due.argv))
        self._live(now)

    def _live(self, now: float) -> None:
        if now <= self.settled:
            return
        for change in self.life:
            change(self, self.settled, now)
        self.settled = now


def _due(timer: Timer) -> float:
    return timer.due
