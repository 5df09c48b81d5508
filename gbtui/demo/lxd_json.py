"""Instances as LXD's own JSON, from the state (shapes of LXD 5.x, as captured from a real server)."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gbtui.demo.state import Instance, Row, State
from gbtui.demo.zfs import DATASETS, POOL, POOL_SIZE

Json = dict[str, Any]


def stamp(at: float) -> str:
    """Epoch seconds as LXD writes a time: UTC with nanoseconds."""
    whole = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{int((at % 1) * 1e9):09d}Z"


def instance(state: State, one: Instance, recursion: int) -> Any:
    """One entry of `instances`: a URL, the instance, or the instance with state and snapshots."""
    if recursion == 0:
        return f"/1.0/instances/{one.name}"
    found = body(state, one)
    if recursion > 1:
        rows = [snapshot(state, one, row) for row in one.snapshots]
        found |= {"backups": None, "snapshots": rows or None, "state": live(state, one)}
    return found


def body(state: State, one: Instance) -> Json:
    """The instance as `GET /1.0/instances/NAME` gives it."""
    return {
        "architecture": "x86_64",
        "config": dict(sorted(one.config.items())),
        "created_at": stamp(one.created),
        "description": one.description,
        "devices": one.devices,
        "ephemeral": False,
        "expanded_config": dict(sorted(expanded_config(state, one).items())),
        "expanded_devices": expanded_devices(state, one),
        "last_used_at": stamp(one.started),
        "location": "none",
        "name": one.name,
        "profiles": one.profiles,
        "project": "default",
        "stateful": False,
        "status": "Running" if one.running else "Stopped",
        "status_code": 103 if one.running else 102,
        "type": "container",
    }


def expanded_config(state: State, one: Instance) -> dict[str, str]:
    merged: dict[str, str] = {}
    for name in one.profiles:
        merged |= state.profiles[name]["config"]
    return merged | one.config


def expanded_devices(state: State, one: Instance) -> dict[str, dict[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for name in one.profiles:
        merged |= state.profiles[name]["devices"]
    return merged | one.devices


def etag(one: Instance) -> str:
    """What LXD compares with If-Match: changes with every change of configuration or devices."""
    parts = [one.config, one.devices, one.profiles, one.description]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def snapshot(state: State, one: Instance, row: Row) -> Json:
    """A snapshot as LXD's database keeps it; `size` -1 is what LXD gives in lists."""
    config, devices, profiles = (one.config, one.devices, one.profiles) if row.held is None else row.held[:3]
    then = replace(one, config=config, devices=devices, profiles=profiles)
    return {
        "architecture": "x86_64",
        "config": config,
        "created_at": stamp(row.created),
        "devices": devices,
        "ephemeral": False,
        "expanded_config": expanded_config(state, then),
        "expanded_devices": expanded_devices(state, then),
        "expires_at": "0001-01-01T00:00:00Z",
        "last_used_at": "0001-01-01T00:00:00Z",
        "name": row.name,
        "profiles": profiles,
        "size": -1,
        "stateful": False,
    }


def live(state: State, one: Instance) -> Json:
    """`GET /1.0/instances/NAME/state`: figures that move with the clock."""
    if not one.running:
        return {
            "cpu": {"usage": 0},
            "disk": {"root": {"total": 0, "usage": one.disk}},
            "memory": {"swap_usage": 0, "swap_usage_peak": 0, "total": 0, "usage": 0, "usage_peak": 0},
            "network": None,
            "pid": 0,
            "processes": 0,
            "status": "Stopped",
            "status_code": 102,
        }
    now = state.clock.now()
    phase = state.random("phase", one.name).uniform(0, 6.28)
    memory = int(one.memory * (1 + 0.03 * math.sin(now / 90 + phase)))
    limit = {"6GiB": 6 << 30, "4GiB": 4 << 30, "512MiB": 512 << 20}.get(
        one.config.get("limits.memory", ""), 0
    )
    return {
        "cpu": {"usage": int(cpu_seconds(state, one, now, phase) * 1e9)},
        "disk": {"root": {"total": 0, "usage": one.disk}},
        "memory": {
            "swap_usage": 0,
            "swap_usage_peak": 0,
            "total": limit,
            "usage": memory,
            "usage_peak": int(one.memory * 1.2),
        },
        "network": _network(one, now),
        "pid": one.pid,
        "processes": one.processes + int(2 * math.sin(now / 40 + phase)),
        "status": "Running",
        "status_code": 103,
    }


def cpu_seconds(state: State, one: Instance, now: float, phase: float) -> float:
    """CPU time since the start: a steady share with a slow wave in it, never going back."""
    up = now - one.started
    wave = math.sin(now / 25 + phase) - math.sin(one.started / 25 + phase)
    return max(one.cpu * (up + 20 * wave), 0.0)


def _leased(one: Instance) -> Json:
    return {"address": one.ipv4, "family": "inet", "netmask": "24", "scope": "global"}


def _network(one: Instance, now: float) -> Json:
    up = now - one.started
    mac = one.config["volatile.eth0.hwaddr"]
    link = f"fe80::216:3eff:fe4d:{int(mac[-2:], 16):x}"
    received, sent = int(up * 2400 * (one.cpu + 0.01)), int(up * 3100 * (one.cpu + 0.01))
    return {
        "eth0": {
            "addresses": [
                *([_leased(one)] if one.leased else []),
                {"address": link, "family": "inet6", "netmask": "64", "scope": "link"},
            ],
            "counters": _counters(received, sent),
            "host_name": one.config["volatile.eth0.host_name"],
            "hwaddr": mac,
            "mtu": 1500,
            "state": "up",
            "type": "broadcast",
        },
        "lo": {
            "addresses": [
                {"address": "127.0.0.1", "family": "inet", "netmask": "8", "scope": "local"},
                {"address": "::1", "family": "inet6", "netmask": "128", "scope": "local"},
            ],
            "counters": _counters(received // 3, received // 3),
            "host_name": "",
            "hwaddr": "",
            "mtu": 65536,
            "state": "up",
            "type": "loopback",
        },
    }


def _counters(received: int, sent: int) -> Json:
    return {
        "bytes_received": received,
        "bytes_sent": sent,
        "errors_received": 0,
        "errors_sent": 0,
        "packets_dropped_inbound": 0,
        "packets_dropped_outbound": 0,
        "packets_received": received // 430,
        "packets_sent": sent // 510,
    }


def pool(state: State) -> Json:
    """The storage pool, as `GET /1.0/storage-pools/default`."""
    users = [f"/1.0/instances/{name}" for name in sorted(state.instances)]
    return {
        "config": {"source": POOL, "volatile.initial_source": "/dev/nvme0n1p4", "zfs.pool_name": POOL},
        "description": "",
        "driver": "zfs",
        "locations": ["none"],
        "name": POOL,
        "status": "Created",
        "used_by": [*users, *(f"/1.0/profiles/{name}" for name in state.profiles)],
    }


def pool_resources(state: State) -> Json:
    """What the pool holds, in bytes."""
    used = sum(row.used for row in state.snapshots if row.dataset.startswith(DATASETS))
    return {"inodes": {"total": 0, "used": 0}, "space": {"total": POOL_SIZE, "used": used + POOL_SIZE // 2}}
