"""A lock lasts as long as its holder gives signs of life, and not a moment for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Refused, Unreachable
from gbtui.guard import lock, scripts
from gbtui.guard.lock import Holder, hold, holder
from gbtui.hosts.base import Command, Host, Stream
from gbtui.hosts.local import LocalHost
from tests.unit.guard.rig import Answers, Rig, plan

LINE = Holder("alice@laptop", "firewall.x", "id-1", "2026-11-23T14:03:22Z").line()
SILENCE = 0.4


def hosts(rig: Rig) -> list[tuple[Host, str]]:
    """The real script on this machine, and the demo's."""
    return [(rig.host, str(rig.root / "run")), (DemoHost(), "/run/gbtui")]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("which", [0, 1], ids=["script", "demo"])
async def test_a_holder_who_falls_silent_loses_the_lock_though_nothing_was_closed(
    rig: Rig, which: int
) -> None:
    host, run_dir = hosts(rig)[which]
    command = scripts.script("gbtui-lock", scripts.LOCK, run_dir, LINE, f"{SILENCE:g}", hold=True)
    async with host.stream(command) as stream:
        said = b""
        async with asyncio.timeout(20):
            async for chunk in stream:  # nobody writes, nobody closes: it has to end by itself
                said += chunk
        assert said == b"held\n"
        assert await holder(host, run_dir=run_dir) is None
        async with hold(host, user="bob@there", operation="y", op_id="id-2", run_dir=run_dir):
            found = await holder(host, run_dir=run_dir)
            assert found is not None
            assert found.user == "bob@there"


@pytest.mark.parametrize("which", [0, 1], ids=["script", "demo"])
async def test_signs_of_life_keep_it_beyond_the_silence(rig: Rig, which: int) -> None:
    host, run_dir = hosts(rig)[which]
    spied = Spied(host)
    holding = hold(spied, user="alice", operation="x", op_id="id-1", run_dir=run_dir, beat=0.1, silence=2.0)
    async with holding as held:

        async def answered() -> bool:
            return spied.chunks > 22  # longer than the silence

        await until(answered)
        assert not held.lost
        with pytest.raises(Refused, match="alice runs x"):
            async with hold(host, user="bob", operation="y", op_id="id-2", run_dir=run_dir):
                pass

    async def free() -> bool:
        return await holder(host, run_dir=run_dir) is None

    await until(free)


async def test_who_is_not_answered_gives_it_up_before_the_host_does(rig: Rig) -> None:
    """The link swallows both directions: nothing ends, and what is sent may arrive much later."""
    spied = Spied(rig.host, deaf=True)
    run_dir = str(rig.root / "run")
    async with hold(
        spied, user="alice", operation="x", op_id="id-1", run_dir=run_dir, beat=0.01, silence=SILENCE
    ) as held:
        assert not held.lost

        async def lost() -> bool:
            return held.lost

        await until(lost)
        assert await holder(rig.host, run_dir=run_dir) is not None


async def test_an_operation_whose_signs_of_life_are_not_answered_is_left(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock.Held, "lost", property(lambda _self: True))
    outcome = await rig.engine().apply(plan(rig.root), Answers())
    assert outcome.result == "failed"
    assert "the lock on the host is lost" in outcome.message
    assert "step-begin" not in rig.phases()


async def test_a_link_that_takes_no_sign_of_life_is_a_lost_lock(rig: Rig) -> None:
    spied = Spied(rig.host, broken=True)
    run_dir = str(rig.root / "run")
    async with hold(spied, user="alice", operation="x", op_id="id-1", run_dir=run_dir, beat=0.01) as held:

        async def lost() -> bool:
            return held.lost

        await until(lost)


async def test_letting_go_as_a_sign_of_life_arrives_waits_for_nobody() -> None:
    """The demo's lock hears the sign and the end in one turn of the loop."""
    host = DemoHost()
    for turns in range(4):
        async with asyncio.timeout(20), hold(host, user="a", operation="x", op_id="1", run_dir="/run/gbtui"):
            for _ in range(turns):
                await asyncio.sleep(0)
        assert await holder(host, run_dir="/run/gbtui") is None


class Spied(LocalHost):
    """`host` whose streams are counted, or do not bring anything after the first chunk, or break."""

    def __init__(self, host: Host, *, deaf: bool = False, broken: bool = False) -> None:
        self._of, self._deaf, self._broken = host, deaf, broken
        self.name, self.chunks = host.name, 0

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[Stream]:  # type: ignore[override]  # any stream
        async with self._of.stream(command) as stream:
            yield SpiedStream(self, stream)


class SpiedStream:
    def __init__(self, of: Spied, stream: Stream) -> None:
        self._of, self._stream = of, stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            if self._of.chunks and self._of._deaf:
                await asyncio.Event().wait()
            self._of.chunks += chunk.count(b"\n")
            yield chunk

    async def write(self, data: bytes) -> None:
        if self._of._broken:
            raise Unreachable("writing", why="the link is down")
        await self._stream.write(data)
