"""A host that answers each argv and each LXD path with what a test gives it, and remembers what was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gbtui.errors import GbtuiError, NotFound
from gbtui.hosts.base import MIB, Command, Completed, HostKind, Link, Lxd, LxdEvent, LxdReply, Stream, inside

FIXTURES = Path(__file__).parents[2] / "fixtures" / "facts"

_NOT_THERE = b"timeout: failed to run command '%s': No such file or directory"

Answer = bytes | tuple[int, bytes, bytes] | GbtuiError


def fixture(name: str) -> bytes:
    """The bytes of a captured output."""
    return (FIXTURES / name).read_bytes()


class FakeLxd:
    """`replies` maps a path to its metadata, or to the error it raises."""

    def __init__(self, replies: Mapping[str, Any]) -> None:
        self.replies = dict(replies)
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        self.asked.append((path, dict(params or {})))
        reply = self.replies.get(path, NotFound(f"LXD {path}"))
        if isinstance(reply, GbtuiError):
            raise reply
        return LxdReply(reply)

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None:
        raise AssertionError("a reader never writes")

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        raise AssertionError("a reader never writes")

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        raise AssertionError("a reader never writes")

    async def delete(self, path: str) -> None:
        raise AssertionError("a reader never writes")

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[LxdEvent]]:
        raise NotImplementedError


class Chunks:
    """A stream that yields what `source` yields."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._source

    async def write(self, data: bytes) -> None:
        raise NotImplementedError


class FakeHost:
    """Answers `(where, *argv)`; what is not listed is a program that is not installed (127)."""

    name = "prod-1"
    address = "local"
    kind: HostKind = "demo"

    def __init__(
        self,
        answers: Mapping[tuple[str, ...], Answer] | None = None,
        lxd: Mapping[str, Any] | None = None,
        source: Callable[[], AsyncIterator[bytes]] | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.fake_lxd = FakeLxd(lxd or {})
        self.lxd: Lxd = self.fake_lxd
        self.source = source
        self.batches: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
        self.streamed: list[Command] = []

    @property
    def on_link(self) -> list[Callable[[Link], None]]:
        return []

    @property
    def link(self) -> Link:
        return Link(True, datetime.now(UTC))

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def run(self, command: Command) -> Completed:
        prefix, where, argv = ("lxc", "exec"), "host", command.argv
        if argv[:2] == prefix:
            where, argv = argv[2], argv[5:]
        return self._answer(where, replace(command, argv=argv))

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        where = instance or "host"
        self.batches.append((where, tuple(c.argv for c in commands)))
        return tuple(self._answer(where, command) for command in commands)

    @asynccontextmanager
    async def _stream(self, command: Command) -> AsyncIterator[Stream]:
        self.streamed.append(command)
        assert self.source is not None
        yield Chunks(self.source())

    def stream(self, command: Command) -> AbstractAsyncContextManager[Stream]:
        return self._stream(command)

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        raise NotImplementedError

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        raise AssertionError("a reader never writes")

    def shell(self, instance: str) -> tuple[str, ...]:
        return inside(instance, Command(("sh",))).argv

    def _answer(self, where: str, command: Command) -> Completed:
        answer = self.answers.get((where, *command.argv), (127, b"", _NOT_THERE % command.argv[0].encode()))
        if isinstance(answer, GbtuiError):
            raise answer
        status, out, err = (0, answer, b"") if isinstance(answer, bytes) else answer
        cut = len(out) > command.limit
        return Completed(command, status, out[: command.limit], err, 0.01, cut)
