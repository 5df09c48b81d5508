"""The tenant `acme`: ten containers of the guide's table, with the addresses of its production twin."""

from __future__ import annotations

import hashlib

from gbtui.demo.state import GIB, MIB, Instance, Row

TENANT = "acme"
IMAGE = hashlib.sha256(b"acme-base").hexdigest()
#: The host's own address in the outer network (a documentation range).
OUTER = "203.0.113.10"
DAY = 86400.0

PROFILES: dict[str, dict[str, object]] = {
    "default": {
        "config": {"boot.autostart": "true", "security.nesting": "true"},
        "description": "Default LXD profile",
        "devices": {
            "eth0": {"name": "eth0", "network": "lxdbr0", "type": "nic"},
            "root": {"path": "/", "pool": "default", "type": "disk"},
        },
        "name": "default",
    },
    "ci-cache": {
        "config": {},
        "description": "shared build cache",
        "devices": {"cache": {"path": "/var/cache/ci", "source": "/srv/ci-cache", "type": "disk"}},
        "name": "ci-cache",
    },
}

#: role, last octet, what it is, share of a core, memory, disk, processes, days since its start
_ROLES: tuple[tuple[str, int, str, float, int, int, int, float], ...] = (
    ("proxy", 30, "Caddy reverse proxy", 0.04, 212 * MIB, 900 * MIB, 24, 41.0),
    ("system", 185, "botserver + botui", 0.11, 1946 * MIB, 18 * GIB, 96, 12.4),
    ("alm", 40, "Forgejo", 0.02, 388 * MIB, 9 * GIB, 31, 41.0),
    ("alm-ci", 41, "Forgejo runner", 0.35, 1210 * MIB, 74 * GIB, 58, 3.2),
    ("email", 50, "Stalwart mail server", 0.03, 512 * MIB, 22 * GIB, 28, 41.0),
    ("dns", 53, "CoreDNS", 0.01, 64 * MIB, 410 * MIB, 14, 41.0),
    ("drive", 60, "MinIO S3", 0.05, 730 * MIB, 96 * GIB, 22, 41.0),
    ("tables", 70, "PostgreSQL", 0.07, 1480 * MIB, 31 * GIB, 47, 41.0),
    ("table-editor", 71, "NocoDB", 0.02, 296 * MIB, 2 * GIB, 19, 19.0),
    ("webmail", 80, "Roundcube", 0.01, 148 * MIB, 1 * GIB, 26, 41.0),
)
_FORWARDS = {
    "proxy": ("0.0.0.0", (80, 443)),  # noqa: S104 - the guide's devices listen everywhere
    "email": ("0.0.0.0", (25, 465, 587, 993, 995, 143, 110, 4190)),  # noqa: S104
    "dns": (OUTER, (53,)),
}


def instances(now: float) -> dict[str, Instance]:
    """The ten, as they are at `now`: started days ago, with their devices."""
    found = {}
    for index, row in enumerate(_ROLES):
        instance = _instance(row, index, now)
        found[instance.name] = instance
    return found


def _instance(row: tuple[str, int, str, float, int, int, int, float], index: int, now: float) -> Instance:
    role, octet, purpose, cpu, memory, disk, processes, days = row
    name = f"{TENANT}-{role}"
    address = f"10.77.0.{octet}"
    started = now - days * DAY - index * 37.0
    return Instance(
        name=name,
        role=role,
        ipv4=address,
        description=f"{TENANT} {role}: {purpose}",
        config=_config(role, octet),
        devices=_devices(role, address),
        profiles=["default", "ci-cache"] if role == "alm-ci" else ["default"],
        created=now - 212 * DAY + index * 61.0,
        started=started,
        cpu=cpu,
        memory=memory,
        disk=disk,
        processes=processes,
        pid=2300 + index * 211,
        used=cpu * (now - started),
        snapshots=_rows(role, now),
    )


def _rows(role: str, now: float) -> list[Row]:
    """LXD's own records."""
    return [Row("pre-upgrade", now - 33 * DAY)] if role in ("system", "tables") else []


def _config(role: str, octet: int) -> dict[str, str]:
    config = {
        "image.description": "acme base, ubuntu 24.04",
        "image.os": "ubuntu",
        "image.release": "noble",
        "user.role": role,
        "volatile.base_image": IMAGE,
        "volatile.eth0.host_name": f"veth{hashlib.sha256(role.encode()).hexdigest()[:8]}",
        "volatile.eth0.hwaddr": f"00:16:3e:4d:00:{octet:02x}",
        "volatile.last_state.power": "RUNNING",
    }
    if role == "system":
        config |= {"security.privileged": "true", "limits.memory": "6GiB"}
    if role == "proxy":
        config["limits.memory"] = "512MiB"
    if role == "tables":
        config["limits.memory"] = "4GiB"
    return config


def _devices(role: str, address: str) -> dict[str, dict[str, str]]:
    devices = {"eth0": {"ipv4.address": address, "name": "eth0", "network": "lxdbr0", "type": "nic"}}
    listen, ports = _FORWARDS.get(role, ("", ()))
    for port in ports:
        devices[f"port-{port}"] = _forward("tcp", listen, port)
    if role == "dns":
        devices["port-53-udp"] = _forward("udp", listen, 53)
    if role == "drive":
        devices["objects"] = {"path": "/opt/gbo/data/objects", "source": "/srv/drive", "type": "disk"}
    return devices


def _forward(proto: str, listen: str, port: int) -> dict[str, str]:
    return {"connect": f"{proto}:127.0.0.1:{port}", "listen": f"{proto}:{listen}:{port}", "type": "proxy"}
