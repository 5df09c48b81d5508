"""Containers: what LXD says of every instance, in one request (guide items 6–25, 89, 90)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import monotonic

from gbtui.errors import BadInput
from gbtui.facts.containers_parse import parse_instances, with_cpu
from gbtui.facts.containers_types import Container, Containers, DiskDevice, ProxyDevice, Snapshot
from gbtui.hosts.base import Host, LxdReply
from gbtui.profiles import Profile

__all__ = ["Container", "Containers", "ContainersReader", "DiskDevice", "ProxyDevice", "Snapshot"]


Ask = Callable[[], Awaitable[LxdReply]]


async def ask_instances(host: Host) -> LxdReply:
    """Every instance with its state and snapshots, in one request (the dear one: a second on a slow host)."""
    return await host.lxd.get("instances", {"recursion": "2"})


class ContainersReader:
    """Reads all instances of `tenant` (None: of every tenant) and their CPU share between readings.

    `instances` asks LXD for them, where several readers share the request.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        tenant: str | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        instances: Ask | None = None,
    ) -> None:
        self._instances = instances or (lambda: ask_instances(host))
        self._profile = profile
        self._tenant = tenant
        self._clock = clock
        self._before: dict[str, Container] = {}
        self._at = 0.0

    async def read(self) -> Containers:
        """One request for everything: state, devices, snapshots.

        Raises:
            BadInput: no instance belongs to the tenant; the words name those that were found.
        """
        reply = await self._instances()
        at = self._clock()
        now = with_cpu(parse_instances(reply.data, self._profile.split), self._before, at - self._at)
        self._before, self._at = {c.name: c for c in now.containers}, at
        return now if self._tenant is None else of_tenant(now, self._tenant)


def of_tenant(everything: Containers, tenant: str) -> Containers:
    """The instances of `tenant`, including those named like its own but of no known role.

    Raises:
        BadInput: there is none; the words name the tenants that were found.
    """
    mine = tuple(
        c
        for c in everything.containers
        if c.tenant == tenant or (not c.role and c.name.startswith(f"{tenant}-"))
    )
    if mine:
        return replace(everything, containers=mine)
    found = sorted({c.tenant for c in everything.containers if c.tenant})
    names = ", ".join(found[:20]) or "none (no instance is named <tenant>-<role>)"
    raise BadInput(
        "wrong tenant",
        why=f"no instance on this host belongs to {tenant!r}",
        hint=f"tenants found: {names}",
    )
