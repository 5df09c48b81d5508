"""Facts as a host of tenant `acme` would give them, for looking at panes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gbtui.errors import GbtuiError, TimedOut
from gbtui.facts.bans import Ban, Bans, Jail
from gbtui.facts.containers import Container, Containers, DiskDevice, ProxyDevice
from gbtui.facts.firewall import Chain, Firewall, Mark, Rule, Saved
from gbtui.facts.log import Entry, Log, Tally
from gbtui.facts.reading import Reading, State
from gbtui.facts.snapshots import Pool, SnapshotRow, Snapshots

T = TypeVar("T")

NOW = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
TIMED_OUT = TimedOut("zfs list", why="no answer within 15 s", hint="look at `zpool status`")


def ok(value: T, age: float = 2) -> Reading[T]:
    return Reading(State.OK, value, NOW - timedelta(seconds=age), 0.2)


def failed(state: State, error: GbtuiError, value: T | None = None) -> Reading[T]:
    """A failed attempt; `value` is what was read 48 seconds ago."""
    taken = NOW - timedelta(seconds=48) if value is not None else None
    return Reading(state, value, taken, 5.0, error)


def container(name: str, role: str = "", **more: object) -> Container:
    fields: dict[str, object] = {
        "name": name,
        "tenant": "acme",
        "role": role,
        "state": "Running",
        "ipv4": ("10.77.0.30",),
        "cpu": 0.04,
        "cpu_seconds": 100.0,
        "memory": 212 << 20,
        "memory_limit": None,
        "disk": 3 << 30,
        "privileged": False,
        "proxies": (),
        "disks": (DiskDevice("root", "/", "", "tank", "default"),),
        "snapshots": (),
        "started": NOW - timedelta(days=7),
        "created": NOW - timedelta(days=70),
        "description": "",
        "profiles": ("default",),
        "processes": 30,
        "config": (),
        "network": (),
    }
    return Container(**(fields | more))  # type: ignore[arg-type] # every field is above


def port(listen: str) -> ProxyDevice:
    return ProxyDevice("p", listen, "tcp:127.0.0.1:1", False, "")


CONTAINERS = Containers(
    (
        container(
            "acme-proxy",
            "proxy",
            proxies=(port("tcp:0.0.0.0:80"), port("tcp:[::]:443"), port("udp:0.0.0.0:443")),
        ),
        container("acme-system", "system", privileged=True, cpu=0.11, memory=int(1.9 * 2**30)),
        container("acme-table", "table", state="Stopped", ipv4=(), cpu=None, started=None),
        container("acme-drive", "drive", disks=(DiskDevice("d", "/opt/data", "/srv/data", "", "bulk"),)),
    )
)


def snapshot(name: str, used: int | None = 1 << 30, **more: object) -> SnapshotRow:
    fields: dict[str, object] = {
        "dataset": "tank/containers/acme-alm-ci",
        "name": name,
        "used": used,
        "referenced": 4 << 30,
        "created": NOW - timedelta(days=7),
        "holds": 0,
        "owner": "raw",
        "missing": "",
        "instance": "acme-alm-ci",
    }
    return SnapshotRow(**(fields | more))  # type: ignore[arg-type] # every field is above


SNAPSHOTS = Snapshots(
    (Pool("tank", "ONLINE", 100 << 30, 71 << 30, 29 << 30, 71),),
    (
        snapshot("small", 5 << 20, owner="lxd"),
        snapshot("daily-2026-11-16", int(61.2 * 2**30), holds=1),
        snapshot("gone", None, missing="dataset", owner="lxd"),
        snapshot("snapshot-stray", 1 << 30, missing="row", owner="lxd"),
    ),
)

INPUT = Chain(
    "acme-system",
    "iptables",
    "ip",
    "filter",
    "INPUT",
    "ACCEPT",
    12_400,
    900_000,
    (
        Rule("-A INPUT -p tcp -m tcp --dport 6379 -j DROP", 1204, 48_160, 14.2),
        Rule("-A INPUT -i lo -j ACCEPT", 0, 0, 0.0),
        Rule('-A INPUT -m comment --comment "let them in" -j ACCEPT', 3, 180),
    ),
)
LXD = Chain(
    "acme-system",
    "nft",
    "inet",
    "lxd",
    "fwd.lxdbr0",
    "accept",
    None,
    None,
    (Rule('oifname "lxdbr0" accept', None, None),),
)
CUT_OFF = Mark(
    "drop-before-loopback", "acme-system", "filter", "INPUT", 0, "DROP 6379 stands before loopback"
)
FIREWALL = Firewall(
    "acme-system",
    (INPUT, LXD),
    (CUT_OFF, Mark("only-in-memory", "acme-system", "filter", "INPUT", 2, "not saved")),
    Saved("/etc/iptables/rules.v4", "differs", ("filter -A INPUT -j X",), ("filter -A INPUT -j Y",)),
    "nf_tables",
)
GOOD_FIREWALL = Firewall(
    "acme-system", (INPUT, LXD), (), Saved("/etc/iptables/rules.v4", "same"), "nf_tables"
)

BANS = Bans(
    (
        Jail("host", "sshd", (Ban("198.51.100.23", 720.0),), 1, 5, 2),
        Jail(
            "acme-proxy",
            "caddy-http-flood",
            (Ban("203.0.113.7", 2880.0, 3), Ban("not-an-ip", None)),
            1,
            105,
            4,
        ),
        Jail("acme-email", "stalwart", (), 0, 0, 0),
    )
)


def entry(number: int, **more: object) -> Entry:
    fields: dict[str, object] = {
        "at": NOW.timestamp() + number,
        "status": 200,
        "method": "GET",
        "host": "api.example.org",
        "uri": f"/request/{number}",
        "client": "203.0.113.7",
        "duration": 0.0012,
        "size": 312,
    }
    return Entry(**(fields | more))  # type: ignore[arg-type] # every field is above


def log(*entries: Entry, malformed: int = 0, dropped: int = 0) -> Log:
    history = ((0, 0, 1, 0), (4, 0, 2, 0), (9, 0, 0, 1))
    tally = Tally(len(entries), malformed, dropped, ((200, len(entries)),), 412.3, history)
    return Log("/var/log/caddy/access.log", entries, tally)
