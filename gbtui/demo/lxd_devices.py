"""What devices and configuration do to a simulated container: mounts, uid map, listening ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gbtui.demo import lxd_json
from gbtui.demo.state import HOST, File, Instance, Place, State
from gbtui.errors import Failed

#: Ports that answer by themselves on the host: (protocol, address, port).
HOST_LISTENS = (
    ("tcp", "0.0.0.0", 22),  # noqa: S104 - sshd listens everywhere
    ("tcp", "10.77.0.1", 53),
    ("udp", "10.77.0.1", 53),
    ("udp", "10.77.0.1", 67),
)
#: What the units of a container listen on.
UNIT_LISTENS = {
    "proxy.service": (80, 443, 2019),
    "system.service": (5858,),
    "ui.service": (5859,),
    "valkey-server.service": (6379,),
    "vault.service": (8200,),
    "alm.service": (3000,),
    "email.service": (25, 465, 587, 993, 995, 143, 110, 4190),
    "dns.service": (53,),
    "drive.service": (9000,),
    "postgresql.service": (5432,),
    "table-editor.service": (8080,),
    "webmail.service": (80,),
}
VALKEY = "/etc/valkey/valkey.conf"
WHOLE = "         0          0 4294967295\n"
SHIFTED = "         0    1000000 1000000000\n"


def boot(state: State, one: Instance) -> None:
    """A start: the uid map is what the configuration says now."""
    privileged = lxd_json.expanded_config(state, one).get("security.privileged") == "true"
    state.deaf -= {device["listen"] for device in proxies(state, one)}
    state.places[one.name].files["/proc/self/uid_map"] = File((WHOLE if privileged else SHIFTED).encode())
    follow(state, one)


def follow(state: State, one: Instance) -> None:
    """The mounts of a running container are its devices'."""
    if not one.running:
        return
    lines = [f"1 0 0:1 / / rw - zfs default/containers/{one.name} rw\n"]
    for device in lxd_json.expanded_devices(state, one).values():
        path = device.get("path", "")
        if device.get("type") == "disk" and path not in ("", "/"):
            lines.append(f"2 1 0:2 / {path} rw - zfs {device.get('source', '')} rw\n")
    state.places[one.name].files["/proc/self/mountinfo"] = File("".join(lines).encode())


def check(state: State, one: Instance, devices: Mapping[str, Any]) -> None:
    """LXD's own refusals of proxy devices."""
    what = f"devices of {one.name}"
    for name, device in devices.items():
        old = one.devices.get(name, {})
        if device.get("type") != "proxy" or old == device:
            continue
        wanted = split(device["listen"])
        if device.get("nat") == "true":
            connect = device["connect"].split(":")[1]
            address = device["listen"].split(":")[1]
            if address == "0.0.0.0":  # noqa: S104 - what LXD refuses
                raise Failed(what, why=f'Cannot listen on wildcard address "{address}" when in nat mode')
            if connect not in [d.get("ipv4.address") for d in one.devices.values()]:
                words = "Connect IP must be one of the instance's static IPs"
                raise Failed(what, why=words)
        elif old.get("listen") == device["listen"]:
            continue  # LXD stops the old one first
        elif one.running and (clash := _clash(listens(state), wanted)):
            words = f"Failed to listen on {clash}: bind: address already in use"
            raise Failed(what, why=f'Failed to start device "{name}": Error: {words}')


def split(listen: str) -> list[tuple[str, str, int]]:
    """(protocol, address, port) of each port of `tcp:0.0.0.0:443` or `tcp:0.0.0.0:4000-4010,5000`."""
    protocol, address, ports = listen.split(":")
    return [(protocol, address, port) for part in ports.split(",") for port in _range(part)]


def _range(part: str) -> Iterator[int]:
    first, _, last = part.partition("-")
    yield from range(int(first), int(last or first) + 1)


def _clash(owned: list[tuple[str, str, int]], wanted: list[tuple[str, str, int]]) -> str:
    """The first address and port of `wanted` that is listened on already; "" for none."""
    return next((f"{new[1]}:{new[2]}" for new in wanted if any(taken(own, new) for own in owned)), "")


def taken(own: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    """Whether two listeners are in each other's way."""
    return own[::2] == other[::2] and ("0.0.0.0" in (own[1], other[1]) or own[1] == other[1])  # noqa: S104


def listens(state: State) -> list[tuple[str, str, int]]:
    """What is listened on at the host: its own, and the proxy devices of running containers."""
    devices = [device for one in state.instances.values() if one.running for device in proxies(state, one)]
    heard = [
        device for device in devices if device.get("nat") != "true" and device["listen"] not in state.deaf
    ]
    return [*HOST_LISTENS, *(each for device in heard for each in split(device["listen"]))]


def proxies(state: State, one: Instance) -> list[dict[str, str]]:
    """An instance's proxy devices, its profiles' too."""
    devices = lxd_json.expanded_devices(state, one).values()
    return [device for device in devices if device.get("type") == "proxy"]


def bound(place: Place, port: int) -> str:
    """The address a unit listens on: Valkey's is in its configuration, the others take every one."""
    file = place.files.get(VALKEY)
    here = port == 6379 and (file is None or b"bind 127.0.0.1" in file.data)
    return "127.0.0.1" if here else "0.0.0.0"  # noqa: S104 - as the services do


def listens_at(state: State, place: Place) -> list[tuple[str, str, int]]:
    """The same for any place: in a container, its units' ports."""
    if place.name == HOST:
        return listens(state)
    now, found = state.clock.now(), list[tuple[str, str, int]]()
    for unit in place.units.values():
        if unit.active and unit.ready <= now:
            for port in UNIT_LISTENS.get(unit.name, ()):
                found.append(("tcp", bound(place, port), port))
                if port == 53:
                    found.append(("udp", "0.0.0.0", port))  # noqa: S104
    return found
