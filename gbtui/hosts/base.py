"""What every way of reaching a host offers: run, stream, read, write, LXD.

Adapters move bytes and know nothing of what the bytes mean. Whatever is a `str` in a result has
passed `gbtui.text`; `stdout` stays bytes because a file must survive being read and put back.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

HostKind = Literal["local", "ssh", "demo"]

MIB = 1024 * 1024
TIMED_OUT = 124
"""The status of what was ended because its time was up (coreutils' timeout says so)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program to start on a host.

    `argv` is never a shell string. `timeout` is in seconds and is enforced where the program runs.
    `limit` caps stdout and stderr, each, in bytes. `stdin` is given whole and then closed, except
    with `hold_stdin` (streams only), where it stays open until the stream is closed, so that a
    guardian on the other side can see its holder vanish. With `root` the adapter puts `sudo -n --`
    in front when it is not root already.
    """

    argv: tuple[str, ...]
    root: bool = False
    stdin: bytes | None = field(default=None, repr=False)
    hold_stdin: bool = False
    timeout: float = 15.0
    limit: int = 8 * MIB

    def shown(self) -> str:
        """The command as an operator would paste it."""
        return shlex.join(("sudo", *self.argv) if self.root else self.argv)


def inside(instance: str, command: Command) -> Command:
    """`command` as started inside `instance`, through the LXD client on the host.

    Root in a container needs no sudo: who may use LXD is root there already.
    """
    argv = ("lxc", "exec", instance, "--mode=non-interactive", "--", *command.argv)
    return replace(command, argv=argv, root=False)


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command left behind. `status` is its exit status (`TIMED_OUT`: ended by its timeout)."""

    command: Command
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    truncated: bool = False

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def timed_out(self) -> bool:
        """Whether it was ended because its time was up: it says nothing of what it was asked."""
        return self.status == TIMED_OUT


@runtime_checkable
class Stream(Protocol):
    """Output of a running program, as chunks of bytes, until it ends or the stream is closed."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def write(self, data: bytes) -> None:
        """Write to the program's stdin (only with `hold_stdin`)."""


@dataclass(frozen=True, slots=True)
class LxdReply:
    """`metadata` of one LXD response, cleaned, and the ETag to send back as If-Match."""

    data: Any
    etag: str = ""


@dataclass(frozen=True, slots=True)
class LxdEvent:
    """A lifecycle event: a hint to look again, never the truth by itself."""

    at: datetime
    action: str
    source: str
    requestor: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


class Lxd(Protocol):
    """LXD's REST API, `path` without the leading `/1.0/` (for example `instances`).

    Raises Unreachable (no socket, daemon down), Denied (no permission on the socket), NotFound,
    Changed (412: ETag no longer matches), TimedOut, Malformed or Failed.
    """

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply: ...

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None: ...

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None: ...

    async def post(self, path: str, body: Mapping[str, Any]) -> None: ...

    async def delete(self, path: str) -> None: ...

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[LxdEvent]]:
        """Lifecycle events as they come; ends with Unreachable when the daemon goes away."""


@dataclass(frozen=True, slots=True)
class Link:
    """Whether the host is reachable now, since when, and how far away it is.

    `round_trip` is in seconds and None where nothing was measured. `why` says what broke the link.
    """

    connected: bool
    since: datetime
    round_trip: float | None = None
    why: str = ""


class Host(Protocol):
    """A machine. Every method may raise Unreachable, Denied, MissingTool or TimedOut.

    A command that ran and failed is not an exception: its `status` says so, and whoever asked
    knows what it means. Cancellation leaves no process behind on the host.
    """

    name: str
    address: str
    kind: HostKind
    lxd: Lxd

    @property
    def link(self) -> Link: ...

    @property
    def on_link(self) -> list[Callable[[Link], None]]:
        """Called with every change of `link`; append to listen."""

    async def open(self) -> None:
        """Reach the host. Idempotent. After it, a lost link is mended in the background."""

    async def close(self) -> None:
        """End every stream and process started here and leave nothing open. Idempotent."""

    async def run(self, command: Command) -> Completed: ...

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        """Run several commands, one after another, in one round trip and one process start.

        With `instance`, inside that container. The result has one entry per command, in order.
        """

    def stream(self, command: Command) -> AbstractAsyncContextManager[Stream]:
        """Start a long-running program; it ends when the context is left or the link dies."""

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        """The bytes of a file, as root. Raises NotFound, Denied, or Malformed when above `limit`."""

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        """Replace a file as a whole (temporary file in the same folder, fsync, rename), as root.

        Owner and mode of an existing file stay; `mode` is for a new one.
        """

    def shell(self, instance: str) -> tuple[str, ...]:
        """argv of an interactive shell in a container, to be run in the operator's own terminal."""
