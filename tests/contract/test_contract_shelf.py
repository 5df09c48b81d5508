"""What gbtui keeps on a host for the next operator: the same on the demo host and on the lab."""

from __future__ import annotations

import asyncio

import pytest

from gbtui.errors import Refused
from gbtui.hosts.shelf import Shelf
from gbtui.incidents import watch
from gbtui.incidents.book import Incidents

from .world import World

ROOT = "/var/lib/gbtui-contract"


async def test_a_shelf_holds_what_is_put_appended_and_claimed(world: World) -> None:
    shelf = Shelf(world.host, "shelf", root=ROOT)
    try:
        assert await shelf.sizes() == {}
        assert await shelf.read("a") == b""
        await shelf.put("a", b"longer than what comes after")
        await shelf.put("a", b"one\n")
        await asyncio.gather(*(shelf.append("a", f"{n}\n".encode()) for n in range(4)))
        data = await shelf.read("a")
        assert (data[:4], sorted(data[4:].split())) == (b"one\n", [b"0", b"1", b"2", b"3"])
        assert await shelf.read_many((("a", 4), ("nosuch", 0))) == (data[4:], b"")
        assert await shelf.sizes() == {"a": len(data)}
        with pytest.raises(Refused):
            await shelf.append("a", b"x" * 10, limit=len(data) + 9)
        assert await shelf.claim("c", b"mine") == await shelf.claim("c", b"yours") == b"mine"
        await shelf.put("c", b"")
        assert await shelf.claim("c", b"yours") == b"yours"
        if world.kind != "demo":
            kept = await world.run("stat", "-c", "%a %U", f"{ROOT}/shelf", f"{ROOT}/shelf/a")
            assert kept.stdout == b"700 root\n600 root\n"
    finally:
        await world.run("rm", "-rf", ROOT)


async def test_two_operators_are_on_one_timeline(world: World) -> None:
    shelf = Shelf(world.host, "incidents", root=ROOT)
    anna, ben = (Incidents(world.host.name, shelf, name, directory=None) for name in ("anna", "ben"))
    try:
        begun = await anna.begin("Valkey times out")
        assert (await ben.begin("bots are slow")).id == begun.id
        await ben.add(watch.note("ben", "os error 110"))
        await anna.add(watch.note("anna", "on it"))
        seen = await anna.look()
        assert seen is not None
        assert sorted(one.title for one in seen.entries) == ["Valkey times out", "on it", "os error 110"]
        assert (await ben.end("loopback was cut off")).end is not None
        assert await anna.look() is None
        assert [one.id for one in await ben.all()] == [begun.id]
    finally:
        await world.run("rm", "-rf", ROOT)
