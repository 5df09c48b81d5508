"""A shared request is made once for all who wait, and again for who comes later."""

from __future__ import annotations

import asyncio

import pytest

from gbtui.errors import Failed
from gbtui.facts.shared import Shared


class Asked:
    def __init__(self) -> None:
        self.times = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.times += 1
        await self.go.wait()
        return self.times


async def test_once_for_all_who_wait_and_again_later() -> None:
    asked = Asked()
    shared = Shared(asked.__call__)
    waiting = [asyncio.create_task(shared()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    asked.go.set()
    assert await asyncio.gather(*waiting[1:]) == [1, 1]
    assert await shared() == 2
    assert waiting[0].cancelled()


async def test_all_who_wait_hear_the_error() -> None:
    async def fail() -> int:
        raise Failed("instances")

    shared = Shared(fail)
    answers = await asyncio.gather(shared(), shared(), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Failed, Failed]
    with pytest.raises(Failed):
        await shared()
