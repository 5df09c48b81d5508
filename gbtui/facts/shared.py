"""One request for all who want the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """`ask`, once for everybody who calls while it is under way; nothing is kept afterwards.

    Who is cancelled leaves the others their answer.
    """

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="shared request")
            self._asking.add_done_callback(_looked_at)
        return await asyncio.shield(self._asking)


def _looked_at(task: asyncio.Task[Any]) -> None:
    """An error that nobody waits for any more is no reason to complain on the terminal."""
    if not task.cancelled():
        task.exception()
