"""What the operations on bans look at: one place's jail and packet filter, and whom no ban may hit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gbtui.errors import GbtuiError, MissingTool, NotFound, Unreachable
from gbtui.facts import bans_own
from gbtui.facts.bans_filter import HeldList, Network, as_network, parse_held
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_parse import STATUS, parse_jails
from gbtui.facts.bans_special import overlapping, special
from gbtui.facts.failure import absent, failure
from gbtui.guard.paste import command
from gbtui.guard.plan import Exec
from gbtui.hosts.base import Command, Completed, Host
from gbtui.operations import bans_scripts
from gbtui.text import line, text

HOST = "host"
TIMEOUT = 30.0
_IGNORED = re.compile(r"^[|`]- (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A place with fail2ban. `why` is not "" when it cannot be asked, and says what to do."""

    where: str
    jails: tuple[str, ...] = ()
    why: str = ""
    devices: tuple[str, ...] = ()
    """LXD proxy devices (of a container) through which every client becomes 127.0.0.1."""


def rules_of(where: str, *jails: str) -> Exec:
    """`gbtui-ban-rules`: everything held, with the lists of `jails`."""
    return Exec(where, ("sh", "-c", bans_scripts.RULES, "gbtui-ban-rules", *jails), TIMEOUT)


def state_of(where: str, jail: str, network: Network) -> Exec:
    """`gbtui-ban-state`: how exactly this address is held for this jail."""
    return Exec(where, ("sh", "-c", bans_scripts.STATE, "gbtui-ban-state", jail, str(network)), TIMEOUT)


def client(where: str, *words: str) -> Exec:
    """A call of fail2ban's client."""
    return Exec(where, ("fail2ban-client", *words), TIMEOUT)


async def look_at(host: Host, where: str) -> Place:
    """The jails of a place, or why it has none to offer. Raises Unreachable and its like only."""
    devices: tuple[str, ...] = ()
    if where != HOST:
        try:
            data = (await host.lxd.get(f"instances/{where}")).data
        except NotFound:
            return Place(where, why=f"there is no container {where}; gbtui show containers lists them")
        state = str(data.get("status", "")) if isinstance(data, dict) else ""
        if state != "Running":
            return Place(where, why=f"{where} is {state.lower() or 'in an unknown state'}: start it first")
        devices = _masking(data)
    try:
        done = await host.run(command(client(where, *STATUS[1:])))
    except MissingTool as error:
        return Place(where, why=str(error))
    if absent(done):
        return Place(where, why=f"fail2ban is not installed in {where}: apt install fail2ban there")
    if not done.ok:
        said = line(done.stderr or done.stdout, limit=200)
        return Place(
            where, why=f"fail2ban of {where} does not answer: {said} (systemctl start fail2ban there)"
        )
    return Place(where, parse_jails(done.stdout), devices=devices)


def _masking(data: dict[str, Any]) -> tuple[str, ...]:
    devices = data.get("expanded_devices")
    found = devices.items() if isinstance(devices, dict) else ()
    return tuple(
        sorted(
            str(name)
            for name, keys in found
            if isinstance(keys, dict) and keys.get("type") == "proxy" and keys.get("nat") != "true"
        )
    )


async def held(host: Host, where: str, *jails: str) -> HeldList:
    """Everything held there, with the lists of `jails`.

    Raises:
        Failed and its like: the packet filter or fail2ban could not be looked at.
    """
    done = await host.run(command(rules_of(where, *jails)))
    if not done.ok:
        raise failure(done, f"bans in the packet filter of {where}")
    return parse_held(done.stdout)


async def about_jail(host: Host, where: str, jail: str) -> tuple[tuple[Own, ...], str]:
    """What the jail is told never to ban, and its ban time in words."""
    asked = [client(where, "get", jail, name).argv for name in ("ignoreip", "bantime")]
    ignored, bantime = await _many(host, where, asked)
    values = [as_network(value) for value in _IGNORED.findall(text(ignored.stdout))]
    own = tuple(Own(value, f"what {jail} is told never to ban") for value in values if value is not None)
    return own, duration(line(bantime.stdout))


def duration(value: str) -> str:
    """A ban time of fail2ban (seconds) in words."""
    try:
        seconds = int(value)
    except ValueError:
        return "a time that could not be read"
    if seconds < 0:
        return "ever"
    for name, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length and not seconds % length:
            return f"{seconds // length} {name}"
    return f"{seconds} s"


async def never(host: Host) -> tuple[tuple[Own, ...], tuple[Own, ...]]:
    """(the host's own addresses and its containers', who is logged in).

    Raises:
        Failed and its like: it could not be read; nobody may be banned by guess.
    """
    asked = [bans_own.ADDRESSES, bans_own.GATEWAYS, bans_own.GATEWAYS6, bans_own.LOGINS, bans_own.WHO]
    addresses, gateways, gateways6, logins, who = await _many(host, HOST, asked)
    for done, what in (
        (addresses, "addresses of the host"),
        (gateways, "gateways of the host"),
        (logins, "logins on the host"),
    ):
        if not done.ok:
            raise failure(done, what)
    own = (
        *bans_own.parse_addresses(addresses.stdout),
        *bans_own.parse_gateways(gateways.stdout),
        *(bans_own.parse_gateways(gateways6.stdout) if gateways6.ok else ()),
        *await _containers(host),
    )
    people = (*bans_own.parse_logins(logins.stdout), *(bans_own.parse_who(who.stdout) if who.ok else ()))
    return own, (*people, *await _self(host))


async def keep_free(host: Host, networks: Iterable[Network]) -> dict[Network, str]:
    """Of `networks`, those that must not be banned again by undoing, and why.

    All of them where nobody can say who is logged in.
    """
    wanted = list(networks)
    try:
        own, people = await never(host)
    except Unreachable:
        raise
    except GbtuiError as error:
        return dict.fromkeys(wanted, f"it is not known whom it would hit: {error}")
    found = {}
    for network in wanted:
        hit = overlapping(network, (*people, *own))
        if hit is not None or special(network) is not None:
            whom = hit.what if hit is not None else "a private or special range"
            found[network] = f"undoing it would ban {whom}"
    return found


async def _self(host: Host) -> tuple[Own, ...]:
    """Where our own connection comes from; asked without sudo, which drops the variable."""
    try:
        done = await host.run(Command(bans_own.SELF))
    except GbtuiError:
        return ()  # not by SSH: then `ss` has told who is
    return bans_own.parse_self(done.stdout) if done.ok else ()


async def _containers(host: Host) -> tuple[Own, ...]:
    """Addresses of every container, the proxy's among them."""
    data = (await host.lxd.get("instances", {"recursion": "2"})).data
    found: list[Own] = []
    for one in data if isinstance(data, list) else []:
        state = one.get("state") if isinstance(one, dict) else None
        networks = state.get("network") if isinstance(state, dict) else None
        for nic in networks.values() if isinstance(networks, dict) else ():
            for entry in (nic.get("addresses") if isinstance(nic, dict) else None) or ():
                at = as_network(str(entry.get("address", ""))) if isinstance(entry, dict) else None
                if at is not None and not at.is_loopback:
                    found.append(Own(at, f"the container {one.get('name', '')}"))
    return tuple(found)


async def _many(host: Host, where: str, asked: Sequence[tuple[str, ...]]) -> tuple[Completed, ...]:
    root = where == HOST
    commands = [Command(argv, root=root, timeout=TIMEOUT) for argv in asked]
    return await host.run_many(commands, instance=None if root else where)
