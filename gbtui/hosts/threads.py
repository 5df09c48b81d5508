"""A few daemon threads for calls that block.

Never the event loop's own executor: leaving the program waits for its threads, and a daemon that
does not answer would hold the terminal for as long.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class DaemonThreads:
    """At most `count` threads, started when needed and abandoned at exit.

    `farewell` is called in each thread that ends because of `close`.
    """

    def __init__(self, name: str, count: int, *, farewell: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._farewell = farewell
        self._count = count
        self._started = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()

    async def call(self, work: Callable[[], T]) -> T:
        """`work()` in one of the threads. When cancelled, its late result is dropped."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._idle == 0 and self._started < self._count:
                self._started += 1
                thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                thread.start()
        self._jobs.put((work, loop, future))
        return await future

    def close(self) -> None:
        """Let the threads end when what they do now is done."""
        with self._lock:
            for _ in range(self._started):
                self._jobs.put(None)
            self._started = 0

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            job = self._jobs.get()
            with self._lock:
                self._idle -= 1
            if job is None:
                self._farewell()
                return
            work, loop, future = job
            if future.cancelled():
                continue
            result: Any = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as raised:  # noqa: BLE001 – handed to the caller, whatever it is
                error = raised
            # The loop may be closed already: nobody waits then.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, future, result, error)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, Exception):
        future.set_exception(error)
    else:
        future.set_exception(RuntimeError(f"the thread ended: {error!r}"))
