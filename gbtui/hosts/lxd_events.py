"""LXD's lifecycle events: pylxd's websocket in a daemon thread, a bounded queue on our side.

An event is a hint to look again. When nobody reads, the oldest are dropped: the look that follows
sees the latest state anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from gbtui.errors import GbtuiError, Malformed, TimedOut, Unreachable
from gbtui.hosts.base import LxdEvent
from gbtui.hosts.lxd_client import connect, translated
from gbtui.text import decode_json

QUEUE = 256
#: Seconds until the handshake must be through.
CONNECT_TIMEOUT = 10.0
_WHAT = "LXD events"


@asynccontextmanager
async def listen(locate: Callable[[], Awaitable[str]]) -> AsyncIterator[AsyncIterator[LxdEvent]]:
    """Lifecycle events while the context is open.

    Raises:
        Unreachable, Denied, TimedOut: there is nobody to listen to; from the iterator: the
            daemon went away.
    """
    socket = await locate()
    listener = _Listener(socket, asyncio.get_running_loop())
    threading.Thread(target=listener.serve, name="gbtui-lxd-events", daemon=True).start()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await listener.ready
        yield listener.events()
    except TimeoutError as error:
        if listener.ready.done() and not listener.ready.cancelled():
            raise
        raise TimedOut(_WHAT, why=f"no answer within {CONNECT_TIMEOUT:g} s") from error
    finally:
        listener.stop()


def parse_event(message: bytes) -> LxdEvent | None:
    """One message; None when it is not a lifecycle event.

    Raises:
        Malformed: it is not what LXD documents.
    """
    event = decode_json(message, what=_WHAT)
    if not isinstance(event, dict) or not isinstance(event.get("metadata"), dict):
        raise Malformed(_WHAT, why="not an event")
    if event.get("type") != "lifecycle":
        return None
    metadata = event["metadata"]
    requestor, context = metadata.get("requestor"), metadata.get("context")
    try:
        at = datetime.fromisoformat(str(event["timestamp"]))
    except (KeyError, ValueError) as error:
        raise Malformed(_WHAT, why="an event without its time") from error
    return LxdEvent(
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        action=str(metadata.get("action", "")),
        source=str(metadata.get("source", "")).removeprefix("/1.0/"),
        requestor=str(requestor.get("username", "")) if isinstance(requestor, dict) else "",
        context={key: str(value) for key, value in context.items()} if isinstance(context, dict) else {},
    )


class _Listener:
    """The thread's side pushes, the loop's side reads."""

    def __init__(self, socket: str, loop: asyncio.AbstractEventLoop) -> None:
        self._socket = socket
        self._loop = loop
        self._queue: asyncio.Queue[LxdEvent | GbtuiError] = asyncio.Queue(QUEUE)
        self._stopped = threading.Event()
        self._connection: sockets.socket | None = None
        self.ready: asyncio.Future[None] = loop.create_future()

    async def events(self) -> AsyncIterator[LxdEvent]:
        """Events until the daemon goes away, which raises."""
        while True:
            item = await self._queue.get()
            if isinstance(item, GbtuiError):
                raise item
            yield item

    def stop(self) -> None:
        """End the thread: only the end of its socket wakes it."""
        self._stopped.set()
        self.ready.cancel()
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(sockets.SHUT_RDWR)

    def serve(self) -> None:
        """The thread: connect, then hand over every message until the socket ends."""
        error: GbtuiError = Unreachable(_WHAT, why="the daemon closed the connection")
        try:
            with translated(_WHAT, self._socket):
                self._run()
        except GbtuiError as raised:
            error = raised
        self._tell(self._end, error)

    def _run(self) -> None:
        from pylxd.client import EventType  # noqa: PLC0415
        from ws4py.exc import WebSocketException  # noqa: PLC0415

        client = connect(self._socket)
        websocket = client.events(
            websocket_client=_websocket_class(self.received), event_types={EventType.Lifecycle}
        )
        client.api.session.close()
        self._connection = websocket.sock
        try:
            websocket.connect()
        except WebSocketException as error:
            raise Unreachable(_WHAT, why="LXD refused to send events") from error
        self._tell(self._opened)
        if not self._stopped.is_set():
            websocket.run()

    def received(self, message: bytes) -> None:
        """A message came (in the thread). One that cannot be read costs only itself."""
        with contextlib.suppress(Malformed):
            if (event := parse_event(message)) is not None:
                self._tell(self._push, event)

    def _tell(self, callback: Callable[..., None], *arguments: Any) -> None:
        # The loop may be closed already: nobody listens then.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _opened(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def _push(self, item: LxdEvent | GbtuiError) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(item)

    def _end(self, error: GbtuiError) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
        self._push(error)


def _websocket_class(received: Callable[[bytes], None]) -> type[Any]:
    """pylxd's websocket without its list of messages, which grows for ever."""
    from pylxd.client import _WebsocketClient  # noqa: PLC0415 – it leaves out the Origin that LXD refuses

    class Listening(_WebsocketClient):  # type: ignore[misc]  # pylxd has no types
        def handshake_ok(self) -> None:
            """Nothing to prepare."""

        def received_message(self, message: Any) -> None:
            received(bytes(message.data))

    return Listening
