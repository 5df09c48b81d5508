"""Feeds: one fetch at a time, only while watched, last good value kept, never giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from gbtui.errors import Denied, Failed, GbtuiError, Unreachable
from gbtui.facts.feed import Feed
from gbtui.facts.reading import State


class Counter:
    """A fact that counts how often it was read, and can be told to fail or to hang."""

    def __init__(self) -> None:
        self.reads = 0
        self.running = 0
        self.most = 0
        self.error: GbtuiError | None = None

    async def read(self) -> int:
        self.reads += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if self.error:
            raise self.error
        return self.reads


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_polls_only_while_watched() -> None:
    counter = Counter()
    feed = Feed("count", counter.read, interval=0.001)
    await asyncio.sleep(0)
    assert counter.reads == 0
    end = feed.watch()
    await until(lambda: counter.reads >= 3)
    end()
    await asyncio.sleep(0)
    seen = counter.reads
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert counter.reads == seen
    assert counter.most == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("host"), State.DISCONNECTED),
        (Denied("zfs"), State.DENIED),
        (Failed("zfs"), State.STALE),
    ],
)
async def test_failure_keeps_the_last_good_value(error: GbtuiError, state: State) -> None:
    counter = Counter()
    feed = Feed("count", counter.read, interval=60)
    good = await feed.once()
    counter.error = error
    bad = await feed.once()
    assert (bad.state, bad.value, bad.taken_at, bad.error) == (state, good.value, good.taken_at, error)
    counter.error = None
    assert (await feed.once()).state is State.OK


async def test_refresh_looks_again_at_once_and_rest_holds_it_back() -> None:
    counter = Counter()
    feed = Feed("count", counter.read, interval=3600)
    end = feed.watch()
    await until(lambda: counter.reads == 1)
    with feed.rest():
        feed.refresh()
        for _ in range(20):
            await asyncio.sleep(0)
        assert counter.reads == 1
    await until(lambda: counter.reads == 2)
    end()
    await feed.close()


async def test_a_failing_feed_asks_less_often_but_never_gives_up() -> None:
    counter = Counter()
    counter.error = Failed("zfs")
    feed = Feed("count", counter.read, interval=1.0)
    pauses = []
    for _ in range(30):
        await feed.once()
        pauses.append(feed._pause())
    assert pauses[0] > 1.0
    assert all(pause <= 60 * 1.2 for pause in pauses)
    assert pauses[-1] > pauses[0]


async def test_listeners_hear_every_reading_until_they_leave() -> None:
    counter = Counter()
    feed = Feed("count", counter.read, interval=60)
    heard: list[int | None] = []
    end = feed.listen(lambda: heard.append(feed.reading.value))
    await feed.once()
    await feed.once()
    end()
    await feed.once()
    assert heard == [1, 2]


@pytest.mark.parametrize(("took", "pause"), [(0.1, 6.0), (4.0, 8.0), (1000.0, 60.0)])
async def test_a_host_that_answers_slowly_is_left_in_peace_for_longer(took: float, pause: float) -> None:
    feed = Feed("count", Counter().read, interval=6.0)
    reading = await feed.once()
    feed._reading = replace(reading, seconds=took)
    assert feed._pause() == pause
