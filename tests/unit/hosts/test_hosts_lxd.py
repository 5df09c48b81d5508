"""LXD's socket: what goes wrong with it, against a small server that goes wrong on demand.

How the real LXD answers is the lab's to prove; this is about errors, ETags, operations and threads.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import json
import struct
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import (
    BadInput,
    Changed,
    Denied,
    Failed,
    Malformed,
    NotFound,
    TimedOut,
    Unreachable,
)
from gbtui.hosts import lxd as lxd_module
from gbtui.hosts import lxd_client, lxd_events
from gbtui.hosts.lxd import DEBIAN_SOCKET, LxdSocket, find_lxd_socket, no_socket
from gbtui.hosts.lxd_events import parse_event
from tests.unit.hosts.support import descriptors, until


def sync(metadata: Any) -> bytes:
    return json.dumps({"type": "sync", "status_code": 200, "metadata": metadata}).encode()


def failed(code: int, error: str) -> bytes:
    return json.dumps({"type": "error", "error_code": code, "error": error, "metadata": None}).encode()


@dataclass
class FakeLxd:
    """Answers by path: (status, headers, body); None hangs. Requests are kept."""

    path: Path
    answers: dict[str, list[tuple[int, dict[str, str], bytes] | None]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    websockets: list[asyncio.StreamWriter] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    server: asyncio.Server | None = None

    def answer(self, path: str, status: int, body: bytes, **headers: str) -> None:
        self.answers.setdefault(f"/1.0/{path}", []).append((status, headers, body))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append((method, target, headers, body))
        if headers.get("upgrade") == "websocket":
            self._upgrade(headers, writer)
            await reader.read()
            return False
        queue = self.answers.get(target.partition("?")[0], [])
        found = (queue.pop(0) if len(queue) > 1 else queue[0]) if queue else None
        if target == "/1.0" and not queue:
            found = (200, {}, sync({"environment": {}, "api_extensions": []}))
        if found is None:
            await self.release.wait()
            return False
        status, extra, data = found
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
        await writer.drain()
        return True

    def _upgrade(self, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept.encode() + b"\r\n\r\n"
        )
        self.websockets.append(writer)

    def send(self, message: bytes) -> None:
        frame = bytes([0x81, 126]) + struct.pack(">H", len(message)) + message
        self.websockets[-1].write(frame)


@pytest.fixture
async def fake(short_dir: Path) -> AsyncIterator[FakeLxd]:
    made = FakeLxd(short_dir / "unix.socket")
    made.server = await asyncio.start_unix_server(made.serve, made.path)
    yield made
    made.release.set()
    made.server.close()


@pytest.fixture
async def lxd(fake: FakeLxd) -> AsyncIterator[LxdSocket]:
    async def locate() -> str:
        return str(fake.path)

    made = LxdSocket(locate)
    yield made
    made.close()


async def test_get_is_one_request_cleaned_with_its_etag(fake: FakeLxd, lxd: LxdSocket) -> None:
    fake.answer("instances", 200, sync([{"name": "a\u202e\x1b"}]), ETag="abc")
    reply = await lxd.get("instances", {"recursion": "2"})
    assert reply.data == [{"name": "a\ufffd\ufffd"}]
    assert reply.etag == "abc"
    assert [target for _, target, *_ in fake.requests] == ["/1.0", "/1.0/instances?recursion=2"]
    await lxd.get("instances", {"recursion": "2"})
    assert len(fake.requests) in {3, 4}  # the same thread's client, or another thread's first


async def test_writes_carry_if_match(fake: FakeLxd, lxd: LxdSocket) -> None:
    fake.answer("instances/a", 200, sync({}))
    await lxd.patch("instances/a", {"description": "x"}, etag="tag")
    method, _, headers, body = fake.requests[-1]
    assert (method, headers["if-match"], json.loads(body)) == ("PATCH", "tag", {"description": "x"})
    await lxd.put("instances/a", {})
    assert "if-match" not in fake.requests[-1][2]
    await lxd.delete("instances/a")
    assert fake.requests[-1][0] == "DELETE"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, failed(404, "Instance not found"), (NotFound, "Instance not found")),
        (412, failed(412, "ETag doesn't match"), (Changed, "ETag doesn't match")),
        (403, failed(403, "not authorized"), (Denied, "group lxd")),
        (503, failed(503, "shutting down"), (Unreachable, "shutting down")),
        (500, failed(500, "db \x1b[31m"), (Failed, "db \ufffd[31m")),
        (500, b"<html>", (Failed, "HTTP 500")),
        (400, b"[]", (Failed, "HTTP 400")),
        (200, b"not json", (Malformed, "not JSON")),
        (200, b"[1]", (Malformed, "not an answer")),
        (200, b'{"type": "other"}', (Malformed, "not an answer")),
        (200, b'{"type": "async"}', (Malformed, "without its path")),
    ],
)
async def test_errors_have_kinds_and_words(
    fake: FakeLxd, lxd: LxdSocket, status: int, body: bytes, expected: tuple[type[Exception], str]
) -> None:
    kind, says = expected
    fake.answer("instances/a", status, body)
    with pytest.raises(kind) as caught:
        await lxd.get("instances/a")
    assert type(caught.value) is kind
    assert says in str(caught.value)


async def test_something_else_on_the_socket_is_malformed(fake: FakeLxd, lxd: LxdSocket) -> None:
    fake.answers["/1.0"] = [(200, {}, b'{"hello": 1}')]
    with pytest.raises((Malformed, Failed)):
        await lxd.get("instances")


async def test_an_answer_above_the_limit_is_malformed(
    fake: FakeLxd, lxd: LxdSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lxd_client, "LIMIT", 1000)
    fake.answer("instances", 200, sync(["x" * 2000]))
    with pytest.raises(Malformed, match="1000"):
        await lxd.get("instances")


OPERATION = "/1.0/operations/0-1"


@pytest.mark.parametrize(
    ("answers", "kind", "says"),
    [
        ([(200, sync({"status_code": 103})), (200, sync({"status_code": 200}))], None, ""),
        ([(500, failed(500, "context deadline exceeded")), (200, sync({"status_code": 200}))], None, ""),
        ([(200, sync({"status_code": 400, "err": "busy"}))], Failed, "LXD POST instances: busy"),
        ([(400, failed(400, "exists"))], Failed, "LXD POST instances: exists"),
        ([(200, sync({"status_code": 401, "status": "Cancelled"}))], Failed, "Cancelled"),
        ([(404, failed(404, "not found"))], Failed, "not known"),
        ([(200, sync({}))], Malformed, "without a status"),
    ],
)
async def test_operations_are_waited_for(
    fake: FakeLxd,
    lxd: LxdSocket,
    answers: list[tuple[int, bytes]],
    kind: type[Exception] | None,
    says: str,
) -> None:
    fake.answer("instances", 202, json.dumps({"type": "async", "operation": OPERATION}).encode())
    for status, body in answers:
        fake.answer("operations/0-1/wait", status, body)
    if kind is None:
        await lxd.post("instances", {"name": "a"})
        assert sum("/wait" in target for _, target, *_ in fake.requests) == len(answers)
    else:
        with pytest.raises(kind, match=says):
            await lxd.post("instances", {"name": "a"})


async def test_an_operation_that_never_ends_is_left_alone(
    fake: FakeLxd, lxd: LxdSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lxd_module, "OPERATION_TIMEOUT", 0.2)
    fake.answer("instances", 202, json.dumps({"type": "async", "operation": OPERATION}).encode())
    fake.answer("operations/0-1/wait", 200, sync({"status_code": 103}))
    with pytest.raises(TimedOut, match="background"):
        await lxd.post("instances", {})


async def test_a_daemon_that_hangs_times_out(
    fake: FakeLxd, lxd: LxdSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lxd_client, "TIMEOUT", (1.0, 0.3))
    with pytest.raises(TimedOut):
        await lxd.get("instances")


async def test_no_socket_no_listener_and_no_daemon(short_dir: Path, fake: FakeLxd, lxd: LxdSocket) -> None:
    async def missing() -> str:
        return str(short_dir / "none")

    with pytest.raises(Unreachable, match="no socket"):
        await LxdSocket(missing).get("instances")
    assert fake.server is not None
    fake.server.close()
    with pytest.raises(Unreachable, match="nobody listens"):
        await lxd.get("instances")


async def test_a_stuck_daemon_does_not_delay_exit(fake: FakeLxd) -> None:
    program = (
        "import asyncio, sys\n"
        "from gbtui.hosts.lxd import LxdSocket\n"
        "async def locate(): return sys.argv[1]\n"
        "async def main():\n"
        "    task = asyncio.ensure_future(LxdSocket(locate).get('instances'))\n"
        "    await asyncio.wait((task,), timeout=1.5)\n"
        "    assert not task.done()\n"
        "asyncio.run(main())\n"
        "print('left')\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(fake.path), stdout=asyncio.subprocess.PIPE
    )
    # the read timeout is 15 s: whoever waited for the thread would take that long
    out, _ = await asyncio.wait_for(process.communicate(), 12)
    assert out == b"left\n"


async def test_a_cancelled_request_is_dropped(fake: FakeLxd, lxd: LxdSocket) -> None:
    task = asyncio.create_task(lxd.get("instances"))
    await until(lambda: any("instances" in target for _, target, *_ in fake.requests))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    fake.answer("profiles", 200, sync([]))
    assert (await lxd.get("profiles")).data == []


async def test_threads_are_bounded_daemons(fake: FakeLxd, lxd: LxdSocket) -> None:
    fake.answer("instances", 200, sync([]))
    await asyncio.gather(*(lxd.get("instances") for _ in range(30)))
    mine = [thread for thread in threading.enumerate() if thread.name == "gbtui-lxd"]
    assert 1 <= len([t for t in mine if t.daemon]) <= 4 + 4  # those of an earlier test may be leaving


@pytest.mark.parametrize("path", ["../x", "instances/../x", "a//b", "a?b", "a#b", "./a", "a\nb"])
async def test_paths_are_plain(lxd: LxdSocket, path: str) -> None:
    with pytest.raises(BadInput):
        await lxd.get(path)


EVENT = {
    "type": "lifecycle",
    "timestamp": "2026-11-23T06:52:42.871471344Z",
    "metadata": {
        "action": "instance-restarted",
        "requestor": {"username": "root"},
        "source": "/1.0/instances/acme-alm-ci",
        "context": {"n": 1},
    },
}


async def test_events_come_and_end_with_the_daemon(fake: FakeLxd, lxd: LxdSocket) -> None:
    async with lxd.events() as events:
        fake.send(b"garbage")
        fake.send(json.dumps({**EVENT, "type": "logging"}).encode())
        fake.send(json.dumps(EVENT).encode())
        event = await anext(events)
        assert (event.action, event.source) == ("instance-restarted", "instances/acme-alm-ci")
        assert (event.requestor, event.context) == ("root", {"n": "1"})
        assert event.at == datetime(2026, 11, 23, 6, 52, 42, 871471, tzinfo=UTC)
        assert fake.requests[-1][1] == "/1.0/events?type=lifecycle"
        assert "origin" not in fake.requests[-1][2]
        fake.websockets[-1].transport.abort()
        with pytest.raises(Unreachable):
            await anext(events)


async def test_leaving_events_ends_the_thread_and_its_socket(fake: FakeLxd, lxd: LxdSocket) -> None:
    def listening() -> bool:
        return any(thread.name == "gbtui-lxd-events" for thread in threading.enumerate())

    await until(lambda: not listening())
    async with lxd.events():
        assert listening()
    await until(lambda: not listening())
    before = descriptors()
    for _ in range(5):
        async with lxd.events():
            pass
    await until(lambda: not listening())

    def closed() -> bool:
        gc.collect()  # the client's and the fake's connections hold on to themselves
        return descriptors() <= before + 2

    await until(closed)


async def test_nobody_reads_events_and_memory_is_bounded(
    fake: FakeLxd, lxd: LxdSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lxd_events, "QUEUE", 4)
    async with lxd.events() as events:
        for number in range(50):
            event = {**EVENT, "metadata": {"action": str(number), "source": ""}}
            fake.send(json.dumps(event).encode())
        last = ""
        while last != "49":
            last = (await anext(events)).action


async def test_events_of_a_hanging_or_missing_daemon(
    fake: FakeLxd, lxd: LxdSocket, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missing() -> str:
        return str(short_dir / "none")

    with pytest.raises(Unreachable):
        async with LxdSocket(missing).events():
            pass
    monkeypatch.setattr(lxd_events, "CONNECT_TIMEOUT", 0.3)
    fake.answers["/1.0"] = [None]
    with pytest.raises(TimedOut):
        async with lxd.events():
            pass


@given(st.binary(max_size=200) | st.builds(lambda v: json.dumps(v).encode(), st.from_type(type(None))))
def test_any_message_is_an_event_or_malformed(message: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse_event(message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.fixed_dictionaries(
        {"type": st.just("lifecycle"), "timestamp": st.just(EVENT["timestamp"]) | json_values},
        optional={
            "metadata": st.fixed_dictionaries(
                {}, optional={"context": json_values, "requestor": json_values, "source": json_values}
            )
        },
    )
)
def test_any_lifecycle_event_is_read_or_malformed(event: dict[str, Any]) -> None:
    with contextlib.suppress(Malformed):
        assert parse_event(json.dumps(event).encode()) is not None


async def test_where_the_socket_is_looked_for(
    short_dir: Path, fake: FakeLxd, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_lxd_socket(str(fake.path)) == str(fake.path)
    assert find_lxd_socket(str(short_dir / "none")) is None
    monkeypatch.setenv("LXD_DIR", str(short_dir))
    assert find_lxd_socket() == str(fake.path)
    monkeypatch.setattr(lxd_module, "SNAP_SOCKET", str(fake.path))
    monkeypatch.setenv("LXD_DIR", "/nowhere")
    assert find_lxd_socket() == str(fake.path)
    assert DEBIAN_SOCKET in str(no_socket())
