"""A demo host that outlives whoever works on it: here it is served, elsewhere it is worked on.

Over a Unix socket of our own, frames of pickle: nothing but the tests' own processes speaks there. What a
process began ends with it, as with a link to a real host: a lock that it held is free again.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from gbtui.demo.host import DemoHost
from gbtui.errors import GbtuiError
from gbtui.hosts.base import MIB, Command, Completed, Lxd, LxdEvent, LxdReply, Stream

HEAD = 4


async def _received(reader: asyncio.StreamReader) -> Any:
    """The next frame. Raises IncompleteReadError at the end."""
    size = int.from_bytes(await reader.readexactly(HEAD), "big")
    return pickle.loads(await reader.readexactly(size))  # noqa: S301 - our own child's


def _send(writer: asyncio.StreamWriter, *frame: Any) -> None:
    data = pickle.dumps(frame)
    writer.write(len(data).to_bytes(HEAD, "big") + data)


@asynccontextmanager
async def served(demo: DemoHost, path: Path) -> AsyncIterator[None]:
    """Serve `demo` at `path` meanwhile."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Served(demo, reader, writer).all()

    server = await asyncio.start_unix_server(connected, path)
    async with server:
        yield


class _Served:
    """One connection."""

    def __init__(self, demo: DemoHost, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._demo, self._reader, self._writer = demo, reader, writer
        self._streams: dict[int, Stream] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def all(self) -> None:
        try:
            while True:
                number, method, arguments, named = await _received(self._reader)
                answer = self._answer(number, method, arguments, named)
                self._tasks[number] = task = asyncio.create_task(answer)
                task.add_done_callback(partial(self._over, number))
        except (asyncio.IncompleteReadError, ConnectionError):
            left = tuple(self._tasks.values())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            self._writer.close()

    def _over(self, number: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(number, None)

    async def _answer(self, number: int, method: str, arguments: Any, named: Any) -> None:
        try:
            if method == "stream":
                await self._stream(number, *arguments)
            elif method == "end" and arguments[0] in self._tasks:
                self._tasks[arguments[0]].cancel()
            elif method == "end":
                pass
            elif method == "write to":
                await self._streams[arguments[0]].write(arguments[1])
            else:
                owner = self._demo.lxd if method.startswith("lxd.") else self._demo
                found = getattr(owner, method.removeprefix("lxd."))(*arguments, **named)
                _send(self._writer, number, "said", await found if asyncio.iscoroutine(found) else found)
        except GbtuiError as error:
            _send(self._writer, number, "raised", (type(error), error.args, error.__dict__))

    async def _stream(self, number: int, command: Command) -> None:
        async with self._demo.stream(command) as stream:
            self._streams[number] = stream
            async for chunk in stream:
                _send(self._writer, number, "chunk", chunk)
        _send(self._writer, number, "said", None)


class RemoteDemo:
    """The host at the other end (`gbtui.hosts.base.Host`)."""

    def __init__(self, demo: DemoHost, path: Path) -> None:
        self._path, self._numbers = path, itertools.count()
        self._queues: dict[int, asyncio.Queue[tuple[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self.name, self.address, self.kind = demo.name, demo.address, demo.kind
        self.link, self.on_link, self.shell = demo.link, demo.on_link, demo.shell
        self.lxd: Lxd = RemoteLxd(self)

    async def open(self) -> None:
        if self._writer is None:
            reader, self._writer = await asyncio.open_unix_connection(self._path)
            self._task = asyncio.create_task(self._listen(reader))

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            await self._task

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                number, kind, value = await _received(reader)
                if number in self._queues:
                    self._queues[number].put_nowait((kind, value))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    def begin(self, method: str, *arguments: Any, **named: Any) -> int:
        """Ask; its number."""
        assert self._writer is not None
        number = next(self._numbers)
        self._queues[number] = asyncio.Queue()
        _send(self._writer, number, method, arguments, named)
        return number

    async def asked(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Ask, and wait for what is said."""
        number = self.begin(method, *arguments, **named)
        return _value(*await self._queues[number].get())

    async def run(self, command: Command) -> Completed:
        found: Completed = await self.asked("run", command)
        return found

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        found: tuple[Completed, ...] = await self.asked("run_many", commands, instance=instance)
        return found

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Stream]:
        number = self.begin("stream", command)
        try:
            yield _RemoteStream(self, number, self._queues[number])
        finally:
            self.begin("end", number)

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        found: bytes = await self.asked("read", path, instance=instance, limit=limit)
        return found

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        await self.asked("write", path, data, instance=instance, mode=mode)

    def undo(self, fault: str) -> None:
        """Take a fault out; what is asked later finds it gone."""
        self.begin("undo", fault)


def _value(kind: str, value: Any) -> Any:
    if kind == "raised":
        cls, arguments, fields = value
        error = cls.__new__(cls, *arguments)
        error.__dict__.update(fields)
        raise error
    return value


class _RemoteStream:
    def __init__(self, host: RemoteDemo, number: int, queue: asyncio.Queue[tuple[str, Any]]) -> None:
        self._host, self._number, self._queue = host, number, queue

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            kind, value = await self._queue.get()
            if kind != "chunk":
                _value(kind, value)
                return
            yield value

    async def write(self, data: bytes) -> None:
        self._host.begin("write to", self._number, data)


class RemoteLxd:
    """LXD of that host."""

    def __init__(self, host: RemoteDemo) -> None:
        self._host = host

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        found: LxdReply = await self._host.asked("lxd.get", path, params)
        return found

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None:
        await self._host.asked("lxd.patch", path, body, etag=etag)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        await self._host.asked("lxd.put", path, body, etag=etag)

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        await self._host.asked("lxd.post", path, body)

    async def delete(self, path: str) -> None:
        await self._host.asked("lxd.delete", path)

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[LxdEvent]]:
        raise NotImplementedError("nobody listens")
