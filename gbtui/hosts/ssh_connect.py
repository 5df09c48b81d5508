"""One SSH connection, hop by hop, each hop's host key verified."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gbtui.config import HostConfig
from gbtui.errors import BadInput, GbtuiError
from gbtui.hosts.ssh_trust import Target, connect_error, parse_jump, resolve

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

#: Seconds: for TCP and the key exchange, for the whole login.
CONNECT_TIMEOUT, LOGIN_TIMEOUT = 10.0, 30.0
#: A link is lost when this many keepalives, this many seconds apart, stay without an answer.
KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 15, 3
#: Seconds for a connection to say goodbye.
GOODBYE = 2.0
_MAX_HOPS = 5


@dataclass
class Connection:
    """A live connection, the hops it goes through (nearest first), and what it is connected to."""

    ssh: SSHClientConnection
    target: Target
    hops: list[SSHClientConnection] = field(default_factory=list)

    async def close(self) -> None:
        """Close it and its hops, last first; a peer that does not answer is cut off."""
        for ssh in (self.ssh, *reversed(self.hops)):
            await _close(ssh)


async def connect(config: HostConfig) -> Connection:
    """Connect to `config.host`, through its ProxyJump hosts.

    Raises:
        Unreachable, Denied, BadInput: in words.
    """
    # ~/.ssh/config may run commands (`Match exec`): not on the event loop.
    target = await asyncio.to_thread(resolve, config.host, config.port, config.user, config)
    hops: list[SSHClientConnection] = []
    try:
        await _through(target, config, hops)
        return Connection(await _hop(target, hops[-1] if hops else None), target, hops)
    except BaseException:
        for ssh in reversed(hops):
            ssh.abort()
        raise


async def _through(target: Target, config: HostConfig, hops: list[SSHClientConnection]) -> None:
    """Connect the jump hosts of `target`; the first one may have jump hosts of its own."""
    for jump in target.jumps:
        if len(hops) >= _MAX_HOPS:
            raise BadInput("ProxyJump in ~/.ssh/config", why=f"more than {_MAX_HOPS} hops", hint="a loop?")
        host, port, user = parse_jump(jump)
        hop = await asyncio.to_thread(resolve, host, port, user, config, is_jump=True)
        if not hops and hop.jumps and hop.host != target.host:
            await _through(hop, config, hops)
        hops.append(await _hop(hop, hops[-1] if hops else None))


async def _hop(target: Target, via: SSHClientConnection | None) -> SSHClientConnection:
    import asyncssh  # noqa: PLC0415 – 114 ms, and only needed for SSH

    try:
        async with asyncio.timeout(CONNECT_TIMEOUT + LOGIN_TIMEOUT):
            return await asyncssh.connect(
                target.host,
                target.port if target.port is not None else (),
                username=target.user,
                # None would mean: no tunnel, whatever the configuration says; we have read it already
                tunnel=via,
                known_hosts=list(target.known_hosts),
                client_keys=[target.identity] if target.identity is not None else (),
                agent_forwarding=False,
                password_auth=False,
                kbdint_auth=False,
                connect_timeout=CONNECT_TIMEOUT,
                login_timeout=LOGIN_TIMEOUT,
                keepalive_interval=KEEPALIVE_SECONDS,
                keepalive_count_max=KEEPALIVE_COUNT,
            )
    except GbtuiError:
        raise
    except (OSError, ValueError, asyncssh.Error) as error:
        raise connect_error(target, error) from error


async def _close(ssh: SSHClientConnection) -> None:
    ssh.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE):
            await ssh.wait_closed()
            return
    ssh.abort()
