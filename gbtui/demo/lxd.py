"""LXD's REST API from the state: what gbtui asks for, the changes, and lifecycle events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gbtui.demo import lxd_devices, lxd_json, lxd_snapshots
from gbtui.demo.lxd_power import change_power, tell
from gbtui.demo.state import Instance, State
from gbtui.errors import Changed, Failed, NotFound, Unreachable
from gbtui.hosts.base import LxdEvent, LxdReply


class DemoLxd:
    """The `Lxd` protocol over one `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        self._up(path)
        bare, _, query = path.strip("/").partition("?")
        asked = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair) | dict(params or {})
        recursion = int(asked.get("recursion", "0") or 0)
        parts = bare.split("/") if bare else []
        found = self.find(parts, recursion)
        tag = lxd_json.etag(self._instance(parts[1])) if len(parts) == 2 and parts[0] == "instances" else ""
        return LxdReply(found, tag)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        """PUT of `instances/NAME/state` (start, stop, restart) or of a whole instance."""
        self._up(path)
        parts = path.strip("/").split("/")
        one = self._instance(parts[1])
        if parts[2:] == ["state"]:
            change_power(self._state, one, str(body.get("action", "")))
            return
        self.configure(one, body, etag, whole=True)

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None:
        self._up(path)
        self.configure(self._instance(path.strip("/").split("/")[1]), body, etag, whole=False)

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        """POST of `instances/NAME/snapshots`."""
        self._up(path)
        parts = path.strip("/").split("/")
        if parts[:1] != ["instances"] or parts[2:] != ["snapshots"]:
            raise Failed(f"POST /1.0/{path}", why="not simulated")
        one, name = self._instance(parts[1]), str(body.get("name", ""))
        lxd_snapshots.create(self._state, one, name)
        tell(self._state, "instance-snapshot-created", f"/1.0/instances/{one.name}/snapshots/{name}")

    async def delete(self, path: str) -> None:
        """DELETE of `instances/NAME/snapshots/SNAPSHOT`: row and dataset."""
        self._up(path)
        parts = path.strip("/").split("/")
        one = self._instance(parts[1])
        name = parts[3] if len(parts) > 3 else ""
        lxd_snapshots.delete(self._state, one, name)
        tell(self._state, "instance-snapshot-deleted", f"/1.0/instances/{one.name}/snapshots/{name}")

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[LxdEvent]]:
        """Lifecycle events while the context is open; they end with Unreachable when LXD goes down."""
        self._up("events")
        queue: asyncio.Queue[LxdEvent] = asyncio.Queue(1000)
        listener: Callable[[LxdEvent], None] = lambda event: None if queue.full() else queue.put_nowait(event)  # noqa: E731
        self._state.listeners.append(listener)
        try:
            yield self._events(queue)
        finally:
            self._state.listeners.remove(listener)

    async def _events(self, queue: asyncio.Queue[LxdEvent]) -> AsyncIterator[LxdEvent]:
        while True:
            event = await queue.get()
            if event.action == "daemon-stopped":
                raise Unreachable("LXD's events", why="the daemon closed the connection")
            yield event

    def _up(self, path: str) -> None:
        self._state.settle()
        if not self._state.lxd_up:
            raise Unreachable(
                f"LXD (GET /1.0/{path})",
                why="dial unix /var/snap/lxd/common/lxd/unix.socket: connect: connection refused",
                hint="is LXD running? snap services lxd",
            )

    def find(self, parts: list[str], recursion: int) -> Any:
        """What a GET of these path segments answers. Raises NotFound."""
        match parts:
            case []:
                return {"api_version": "1.0", "auth": "trusted", "environment": {"server_version": "5.21.2"}}
            case ["instances"]:
                ordered = sorted(self._state.instances.values(), key=lambda one: one.name)
                return [lxd_json.instance(self._state, one, recursion) for one in ordered]
            case ["instances", name]:
                return lxd_json.instance(self._state, self._instance(name), max(recursion, 1))
            case ["instances", name, "state"]:
                return lxd_json.live(self._state, self._instance(name))
            case ["instances", name, "snapshots"]:
                return self._snapshots(self._instance(name), recursion)
            case ["instances", name, "snapshots", row]:
                one = self._instance(name)
                return lxd_json.snapshot(self._state, one, lxd_snapshots.row_of(one, row))
            case ["storage-pools", *rest]:
                return self._pools(rest, recursion)
            case ["networks", "lxdbr0", "forwards"]:
                return self._state.forwards
            case ["operations"]:
                return {}
            case ["profiles"]:
                every = self._state.profiles
                return list(every.values()) if recursion else [f"/1.0/profiles/{name}" for name in every]
            case ["profiles", name] if name in self._state.profiles:
                return self._state.profiles[name]
        raise NotFound(f"GET /1.0/{'/'.join(parts)}", why="not found")

    def _pools(self, rest: list[str], recursion: int) -> Any:
        match rest:
            case []:
                return [lxd_json.pool(self._state)] if recursion else ["/1.0/storage-pools/default"]
            case ["default"]:
                return lxd_json.pool(self._state)
            case ["default", "resources"]:
                return lxd_json.pool_resources(self._state)
        raise NotFound(f"GET /1.0/storage-pools/{'/'.join(rest)}", why="not found")

    def _snapshots(self, one: Instance, recursion: int) -> list[Any]:
        if recursion:
            return [lxd_json.snapshot(self._state, one, row) for row in one.snapshots]
        return [f"/1.0/instances/{one.name}/snapshots/{row.name}" for row in one.snapshots]

    def _instance(self, name: str) -> Instance:
        found = self._state.instances.get(name)
        if found is None:
            raise NotFound(f"instance {name}", why="Instance not found", hint="gbtui show containers")
        return found

    def configure(self, one: Instance, body: Mapping[str, Any], etag: str, *, whole: bool) -> None:
        """Change an instance, as PUT (`whole`) or PATCH; refused where `etag` is of an earlier state."""
        if etag and etag != lxd_json.etag(one):
            raise Changed(f"instance {one.name}", why="ETag doesn't match", hint="look again and plan again")
        if "config" in body:
            one.config = dict(body["config"]) if whole else one.config | body["config"]
        if "devices" in body:
            lxd_devices.check(self._state, one, body["devices"])
            one.devices = dict(body["devices"]) if whole else one.devices | body["devices"]
        one.description = str(body.get("description", one.description))
        one.profiles = list(body.get("profiles", one.profiles))
        lxd_devices.follow(self._state, one)
        tell(self._state, "instance-updated", f"/1.0/instances/{one.name}")
