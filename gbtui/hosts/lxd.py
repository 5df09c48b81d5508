"""LXD's REST API over its unix socket, through pylxd's raw nodes in daemon threads.

Raw nodes and not pylxd's models: `instances.all(recursion=2)` drops the state, `save()` is a full
PUT without If-Match and loses other people's changes, and unknown attributes print warnings.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from gbtui.errors import BadInput, Failed, Malformed, NotFound, TimedOut, Unreachable
from gbtui.hosts.base import LxdEvent, LxdReply
from gbtui.hosts.lxd_client import Clients, Reply
from gbtui.hosts.lxd_events import listen
from gbtui.hosts.threads import DaemonThreads
from gbtui.text import clean

SNAP_SOCKET = "/var/snap/lxd/common/lxd/unix.socket"
DEBIAN_SOCKET = "/var/lib/lxd/unix.socket"

#: Seconds that a background operation of LXD may take before we stop waiting for it.
OPERATION_TIMEOUT = 600.0
#: Seconds of one wait request: shorter than the client's read timeout.
_WAIT = 10
_STILL_RUNNING = "context deadline exceeded"
_THREADS = 4

Method = Literal["get", "put", "patch", "post", "delete"]


def find_lxd_socket(configured: str | None = None) -> str | None:
    """The path of LXD's socket on this machine, None when there is none.

    A configured path is the only one looked at; otherwise `$LXD_DIR`, the snap's, the package's.
    """
    if configured is not None:
        return configured if _is_socket(configured) else None
    folder = os.environ.get("LXD_DIR")
    candidates = ((f"{folder}/unix.socket",) if folder else ()) + (SNAP_SOCKET, DEBIAN_SOCKET)
    return next((path for path in candidates if _is_socket(path)), None)


def no_socket(configured: str | None = None) -> Unreachable:
    """The words for a machine without LXD's socket."""
    looked = configured or f"$LXD_DIR, {SNAP_SOCKET}, {DEBIAN_SOCKET}"
    return Unreachable(
        "LXD",
        why=f"no socket at {looked}",
        hint="is LXD installed and running? Otherwise set lxd_socket in the configuration",
    )


class LxdSocket:
    """LXD behind a local socket path (`gbtui.hosts.base.Lxd`).

    `locate` gives the path before every request, or raises the words of why there is none: the
    path of a forwarded socket changes with every new SSH connection.
    """

    def __init__(self, locate: Callable[[], Awaitable[str]]) -> None:
        self._locate = locate
        self._clients = Clients()
        self._threads = DaemonThreads("gbtui-lxd", _THREADS, farewell=self._clients.forget)

    def close(self) -> None:
        """Let go of the threads. They are daemons: a stuck one delays nobody."""
        self._threads.close()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        reply = await self._request("get", path, params=params)
        return LxdReply(reply.data, reply.etag)

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None:
        await self._change("patch", path, body, etag)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        await self._change("put", path, body, etag)

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        await self._change("post", path, body, "")

    async def delete(self, path: str) -> None:
        await self._change("delete", path, None, "")

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[LxdEvent]]:
        return listen(self._locate)

    async def _request(
        self,
        method: Method,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        etag: str = "",
    ) -> Reply:
        socket = await self._locate()
        where = _checked(path)

        def work() -> Reply:
            return self._clients.request(socket, method, where, params=params, body=body, etag=etag)

        return await self._threads.call(work)

    async def _change(self, method: Method, path: str, body: Mapping[str, Any] | None, etag: str) -> None:
        reply = await self._request(method, path, body=body, etag=etag)
        if reply.operation:
            await self._finish(reply.operation, f"LXD {method.upper()} {clean(path)}")

    async def _finish(self, operation: str, what: str) -> None:
        """Wait for a background operation. Many short waits: none of them can get stuck."""
        deadline = time.monotonic() + OPERATION_TIMEOUT
        path = f"operations/{operation.rpartition('/')[2]}/wait"
        while time.monotonic() < deadline:
            try:
                reply = await self._request("get", path, params={"timeout": str(_WAIT)})
            except NotFound as error:
                why = "LXD has forgotten the operation: how it ended is not known"
                raise Failed(what, why=why, hint="look at the instance again") from error
            except Failed as error:
                # LXD answers a wait that took too long, and an operation that failed, with an error
                if _STILL_RUNNING not in error.why:
                    raise Failed(what, why=error.why) from error
                continue
            if _over(reply.data, what):
                return
            await asyncio.sleep(0.05)
        raise TimedOut(
            what,
            why=f"still running after {OPERATION_TIMEOUT:g} s",
            hint="it goes on in the background: see `lxc operation list`",
        )


def _over(data: Any, what: str) -> bool:
    """Whether an operation has succeeded. The status codes are those of LXD's `api.StatusCode`.

    Raises:
        Failed: it has failed.
        Malformed: it has no status.
    """
    code = data.get("status_code") if isinstance(data, dict) else None
    if not isinstance(code, int):
        raise Malformed(what, why="an operation without a status")
    if code > 200:
        raise Failed(what, why=clean(str(data.get("err") or data.get("status") or f"status {code}")))
    return code == 200


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except PermissionError:
        # Its folder is closed to us: it is there, and asking will say that we may not.
        return True
    except (OSError, ValueError):
        return False


def _checked(path: str) -> str:
    parts = path.strip("/").split("/") if path.strip("/") else []
    if any(part in {"", ".", ".."} for part in parts) or any(c in path for c in "?#\0\n"):
        raise BadInput(f"LXD path {clean(path)!r}", why="not a plain path", hint="instances/NAME")
    return "/".join(quote(part, safe="") for part in parts)
