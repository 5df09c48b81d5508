"""What the operations on CoreDNS look at: the process, its Corefile, and from where it can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from gbtui import text
from gbtui.errors import Malformed, NotFound
from gbtui.facts.dns import Block, parse_corefile
from gbtui.facts.failure import failure
from gbtui.guard.plan import Exec, Verdict
from gbtui.guard.preview import command
from gbtui.operations import dns_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.running import runs

DNS = Guard("is-dns", "this is the container CoreDNS runs in, and CoreDNS runs", (11, 69))
CATCHES = Guard("catches-usr1", "SIGUSR1 reloads it, and does not end it", (71,))
CONFIG = Guard("config-read", "CoreDNS reads this Corefile, and it is understood", (69, 70))
ZONE = Guard("zone-served", "the Corefile has a server block for the zone", (69,))
DIG = Guard("answers-seen", "what CoreDNS answers can be asked, from inside and outside", (70,))


@dataclass(frozen=True, slots=True)
class Desk:
    """From where CoreDNS is asked: `where` the dig is, `inside` and `outside` the servers it asks.

    `outside` is "" where the world's way in cannot be taken from here. `source` is the address that
    a client outside seems to have: its own where it is kept, else the proxy device's.
    """

    where: str
    inside: str
    outside: str
    kept: bool
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dns:
    """CoreDNS in one container. `folder` is its working directory."""

    container: str
    path: str
    corefile: bytes
    block: Block
    folder: str
    desk: Desk


async def look(context: Context, container: str, zone: str) -> tuple[Dns | None, list[Verdict]]:
    """CoreDNS as it is, and the verdicts on it; None where one of them refuses."""
    verdicts = [await runs(context, container)]
    if verdicts[0].verdict == "refuse":
        return None, verdicts
    if context.profile.split(container)[1] != "dns":
        verdicts.append(DNS.refuse(f"{container} is not the profile's dns container"))
        return None, verdicts
    path = context.profile.corefile
    folder, process = await _process(context, container, path)
    verdicts += process
    block, corefile = None, b""
    if all(verdict.verdict != "refuse" for verdict in verdicts):
        block, corefile, verdict = await _block(context, container, path, zone)
        verdicts.append(verdict)
    if block is None:
        return None, verdicts
    desk, verdict = await _desk(context, container, zone)
    verdicts.append(verdict)
    if desk is None:
        return None, verdicts
    return Dns(container, path, corefile, block, folder, desk), verdicts


async def _process(context: Context, container: str, path: str) -> tuple[str, list[Verdict]]:
    done = await context.host.run(command(scripts.processes(container)))
    if not done.ok:
        raise failure(done, f"CoreDNS in {container}")
    rows = [(*line.split("\t"), "", "")[:3] for line in text.text(done.stdout).splitlines()]
    if not rows:
        start = f"gbtui apply services.restart container={container} unit=dns"
        return "", [DNS.refuse(f"no process named coredns runs in {container}: {start}")]
    said = DNS.allow(f"CoreDNS runs in {container}")
    if any(catches != "1" for catches, _, _ in rows):
        why = "it does not catch SIGUSR1 and would be ended by it: restart its unit instead"
        return "", [said, CATCHES.refuse(why)]
    caught = CATCHES.allow("it reloads at SIGUSR1; HUP, which the guide sends, it ignores")
    for _, folder, config in rows:
        read = config if config.startswith("/") else f"{folder}/{config or 'Corefile'}"
        if config and read != path:
            why = f"the CoreDNS that runs reads {read}, and not {path}: set corefile of the profile"
            return "", [said, caught, CONFIG.refuse(why)]
    return rows[0][1], [said, caught]


async def _block(
    context: Context, container: str, path: str, zone: str
) -> tuple[Block | None, bytes, Verdict]:
    try:
        corefile = await context.host.read(path, instance=container)
        blocks = parse_corefile(corefile)
    except NotFound:
        return None, b"", CONFIG.refuse(f"{container} has no {path}")
    except Malformed as error:
        return None, b"", CONFIG.refuse(f"{path} is not understood: {error.why}; it stays untouched")
    serving = [block for block in blocks if block.serves(zone)]
    if len(serving) != 1:
        known = sorted({key for block in blocks for key in block.keys})
        what = "no server block" if not serving else f"{len(serving)} server blocks"
        return None, b"", ZONE.refuse(f"{path} has {what} for {zone}; it has {', '.join(known)[:200]}")
    return serving[0], corefile, ZONE.allow(f"{path} serves {zone} at line {serving[0].line + 1}")


async def _desk(context: Context, container: str, zone: str) -> tuple[Desk | None, Verdict]:
    data = (await context.host.lxd.get(f"instances/{container}")).data
    state = (await context.host.lxd.get(f"instances/{container}/state")).data
    own = _addresses(state)
    listens, kept = _listens(data)
    inside = own[0] if own else "127.0.0.1"
    host = await context.host.run(command(scripts.serial("host", inside, zone)))
    if host.ok and own:
        desk = Desk("host", inside, listens, kept, own)
        if not listens:
            return desk, DIG.warn(f"{container} has no proxy device for port 53: only asked from the host")
        return desk, DIG.allow(f"asked from the host: inside at {inside}, outside at {listens}")
    there = await context.host.run(command(scripts.serial(container, "127.0.0.1", zone)))
    if not there.ok:
        why = f"neither the host nor {container} has dig: what is answered could not be seen"
        return None, DIG.refuse(f"{why}; apt-get install bind9-dnsutils")
    # Behind a proxy device that keeps no address, the world asks from 127.0.0.1, too.
    desk = Desk(container, inside, "" if kept else "127.0.0.1", kept, own)
    return desk, DIG.warn(f"the host has no dig: {container} is asked from within")


def _addresses(state: Any) -> tuple[str, ...]:
    """A container's own IPv4 addresses, as LXD tells them."""
    networks = state.get("network") if isinstance(state, Mapping) else None
    ours = [network for name, network in (networks or {}).items() if name != "lo"]
    every = [one for network in ours for one in network.get("addresses", ())]
    return tuple(
        str(ip_address(one["address"]))
        for one in every
        if one.get("family") == "inet" and one.get("scope") == "global"
    )


def _listens(data: Any) -> tuple[str, bool]:
    """Where the host listens for this container's port 53 ("" for nowhere), and whether the client's
    address is kept on the way."""
    devices = data.get("expanded_devices") if isinstance(data, Mapping) else None
    for device in (devices or {}).values():
        protocol, _, rest = str(device.get("listen", "")).partition(":")
        address, _, port = rest.rpartition(":")
        if device.get("type") == "proxy" and protocol == "udp" and port == "53":
            anywhere = address in ("0.0.0.0", "[::]")  # noqa: S104 - what a device listens on
            return "127.0.0.1" if anywhere else address.strip("[]"), device.get("nat") == "true"
    return "", True


def zone_file(dns: Dns) -> str:
    """The path of the zone's file, "" where no file directive names one."""
    named = dns.block.all("file")
    if not named or not named[0].arguments:
        return ""
    roots = [one.arguments[0] for one in dns.block.all("root") if one.arguments]
    path = named[0].arguments[0]
    for base in (*roots[:1], dns.folder):
        path = path if path.startswith("/") else f"{base}/{path}"
    return path


def reload(container: str) -> Exec:
    """Let CoreDNS read everything anew."""
    return Exec(container, scripts.RELOAD)
