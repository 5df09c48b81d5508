"""The link to a host: watched, and mended in the background when it is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.config import HostConfig
from gbtui.errors import Denied, GbtuiError, Unreachable
from gbtui.hosts.base import Link
from gbtui.hosts.ssh_connect import Connection, connect
from gbtui.hosts.ssh_program import Sessions

#: Seconds between tries to mend a link: doubled each time, with jitter.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
#: Seconds after a refusal: fail2ban counts refused logins, and must not ban the operator.
DENIED_PAUSE = 300.0


class SshLink:
    """Keeps one connection. `on_link` is called with every change of `link`.

    `greet` is called with a fresh connection before it counts as connected, `part` when it is gone.
    """

    def __init__(
        self,
        config: HostConfig,
        greet: Callable[[Sessions], Awaitable[None]],
        part: Callable[[], None],
    ) -> None:
        self._config = config
        self._greet = greet
        self._part = part
        self._connection: Connection | None = None
        self._sessions: Sessions | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._link = Link(connected=False, since=datetime.now(UTC), why="not opened yet")
        self.on_link: list[Callable[[Link], None]] = []

    @property
    def link(self) -> Link:
        """How things stand; `round_trip` as last measured."""
        if self._sessions is not None:
            return replace(self._link, round_trip=self._sessions.round_trip)
        return self._link

    @property
    def sessions(self) -> Sessions:
        """The channels of the live connection.

        Raises:
            Unreachable: there is none, at once; with since when and why.
        """
        if self._sessions is None or not self._sessions.alive:
            since = f"{self._link.since:%H:%M:%S} UTC"
            raise Unreachable(
                f"host {self._config.name}",
                why=f"not connected since {since}: {self._link.why or 'the link broke'}",
                hint="reconnecting" if self._keeper is not None else "",
            )
        return self._sessions

    @property
    def connection(self) -> Connection:
        """The live connection. Raises Unreachable like `sessions`."""
        if self.sessions.alive and self._connection is not None:
            return self._connection
        raise Unreachable(f"host {self._config.name}", why="not connected")

    async def open(self) -> None:
        """Connect, and from then on stay connected. Idempotent."""
        async with self._opening:
            if self._keeper is None:
                try:
                    await self._connect()
                except GbtuiError as error:
                    self._change(connected=False, why=error.why or error.what)
                    raise
                self._keeper = asyncio.create_task(self._keep(), name=f"link to {self._config.name}")

    async def close(self) -> None:
        """End everything on the connection, and the connection. Idempotent."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        connection, sessions = self._connection, self._sessions
        self._connection = self._sessions = None
        if sessions is not None:
            await sessions.close()
        self._part()
        if connection is not None:
            await connection.close()
            self._change(connected=False, why="closed")

    async def _connect(self) -> None:
        connection = await connect(self._config)
        sessions = Sessions(connection.ssh, self._config.name)
        try:
            await self._greet(sessions)
        except BaseException:
            await connection.close()
            raise
        self._connection, self._sessions = connection, sessions
        self._change(connected=True, why="")

    async def _keep(self) -> None:
        """Wait for the link to break, mend it, and so on: it never gives up."""
        while True:
            if self._connection is not None:
                await self._connection.ssh.wait_closed()
                await self._lost()
            await self._mend()

    async def _lost(self) -> None:
        connection, sessions = self._connection, self._sessions
        self._connection = self._sessions = None
        self._change(connected=False, why="the link broke")
        self._part()
        if sessions is not None:
            await sessions.close()
        if connection is not None:
            await connection.close()

    async def _mend(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 – jitter, no secret
            try:
                await self._connect()
            except GbtuiError as error:
                self._change(connected=False, why=error.why or error.what)
                refused = isinstance(error, Denied)
                pause = DENIED_PAUSE if refused else min(pause * 2, LONGEST_PAUSE)
            else:
                return

    def _change(self, *, connected: bool, why: str) -> None:
        same = connected == self._link.connected and self._link.why != "not opened yet"
        since = self._link.since if same else datetime.now(UTC)
        changed = Link(connected=connected, since=since, why=why)
        if changed == self._link:
            return
        self._link = changed
        loop = asyncio.get_running_loop()
        for listener in tuple(self.on_link):
            # not from here: a listener that fails must not end what mends the link
            loop.call_soon(listener, self.link)
