"""Whether a port of a container answers, from itself and from another container.

TCP says so itself. Over UDP an answer proves it, and so does a port where nobody listens (the kernel says
that); a service that says nothing to what it does not understand cannot be told from a dropped packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gbtui.guard.plan import Exec, Probe
from gbtui.guard.preview import command
from gbtui.operations.base import Context
from gbtui.operations.firewall_scripts import connect, datagram
from gbtui.text import line, text

HOST = "host"
_SELF = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Door:
    """A port and its protocol, "tcp" or "udp"."""

    port: str
    protocol: str = "tcp"

    def __str__(self) -> str:
        return self.port if self.protocol == "tcp" else f"{self.port}/{self.protocol}"

    @property
    def spec(self) -> str:
        """The rule that drops what comes to it, as iptables prints it."""
        return f"-p {self.protocol} -m {self.protocol} --dport {self.port} -j DROP"

    def tried(self, source: str, address: str) -> Exec:
        """A packet from `source`, and in one word what comes of it."""
        ask = connect if self.protocol == "tcp" else datagram
        return ask(source, address, self.port)


@dataclass(frozen=True, slots=True)
class Target:
    """A port as it answers now. `own` maps loopback's addresses to what they say (known ones only).

    `other` is the place it is tried from, `addresses` where it is tried, `there` what came of it at
    the first of them; `peers` are connected to it from elsewhere.
    """

    where: str
    other: str
    own: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]
    there: str
    peers: tuple[str, ...]


async def target(context: Context, where: str, door: Door) -> Target:
    """Try a port of the running container `where`."""
    addresses = await _addresses(context, where)
    other = await _another(context, where)
    own = [(address, await _tried(context, door.tried(where, address))) for address in _SELF]
    there = await _tried(context, door.tried(other, addresses[0])) if addresses else "unknown"
    told = tuple((address, word) for address, word in own if word in {"open", "refused"})
    return Target(where, other, told, addresses, there, await _peers(context, where, door))


def look_from(source: str, where: str, address: str, door: Door, word: str) -> Probe:
    """The probe that a packet from `source` comes to `word`."""
    title = f"{where} :{door} from {'itself' if source == where else source} is {word}"
    return Probe(title, door.tried(source, address), "stdout", word)


async def _tried(context: Context, run: Exec) -> str:
    done = await context.host.run(command(run))
    return line(done.stdout) if done.ok else "unknown"


async def _addresses(context: Context, where: str) -> tuple[str, ...]:
    """Its global addresses, as LXD tells them, IPv4 first."""
    reply = await context.host.lxd.get(f"instances/{where}/state")
    network = reply.data.get("network") if isinstance(reply.data, Mapping) else None
    found: list[tuple[str, str]] = []
    for nic in network.values() if isinstance(network, Mapping) else ():
        for entry in nic.get("addresses", ()) if isinstance(nic, Mapping) else ():
            found += _global(entry)
    return tuple(address for _, address in sorted(found))


def _global(entry: Any) -> list[tuple[str, str]]:
    if not isinstance(entry, Mapping) or entry.get("scope") != "global":
        return []
    return [(str(entry.get("family", "")), str(entry.get("address", "")))]


async def _another(context: Context, where: str) -> str:
    """Another running container, of the same tenant if there is one; else the host."""
    reply = await context.host.lxd.get("instances", {"recursion": "1"})
    rows = reply.data if isinstance(reply.data, list) else []
    names = sorted(str(one.get("name")) for one in rows if one.get("status") == "Running")
    tenant = context.profile.split(where)[0]
    others = [name for name in names if name != where]
    near = [name for name in others if context.profile.split(name)[0] == tenant]
    return next(iter([*near, *others]), HOST)


async def _peers(context: Context, where: str, door: Door) -> tuple[str, ...]:
    """Who is connected to the port from elsewhere; () where `ss` is not there. UDP has no connections."""
    if door.protocol != "tcp":
        return ()
    run = Exec(where, ("ss", "-Htn", "state", "established"))
    done = await context.host.run(command(run))
    found = []
    for row in text(done.stdout).splitlines() if done.ok else ():
        words = row.split()
        if len(words) > 3 and words[2].rpartition(":")[2] == door.port:
            peer = words[3].rpartition(":")[0].strip("[]")
            if peer not in _SELF and not peer.startswith("::ffff:127."):
                found.append(peer)
    return tuple(dict.fromkeys(found))
