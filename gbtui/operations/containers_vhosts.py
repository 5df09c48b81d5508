"""Which names the proxy serves from a container: what its visitors would miss."""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.facts.containers import Container
from gbtui.facts.failure import failure
from gbtui.facts.proxy_config import parse_config
from gbtui.hosts.base import Command, inside
from gbtui.operations.base import Context


async def vhosts_through(
    context: Context, proxy: Container, addresses: Sequence[str] | None
) -> tuple[str, ...]:
    """Names the running proxy forwards to one of `addresses`; all its names for None.

    Raises:
        Failed, Malformed: its admin API does not answer with a configuration.
    """
    asked = Command(("curl", "-fsS", "-m", "3", f"{context.profile.proxy_admin}/config/"))
    done = await context.host.run(inside(proxy.name, asked))
    if not done.ok:
        raise failure(done, f"vhosts of {proxy.name}")
    config = parse_config(done.stdout, f"configuration of {proxy.name}")
    return tuple(
        vhost.name
        for vhost in config.vhosts
        if addresses is None or any(one.rpartition(":")[0] in addresses for one in vhost.upstreams)
    )
