"""What is kept on a host for the next operator: on this machine for real, and on the simulated one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput, Refused
from gbtui.hosts.base import Host
from gbtui.hosts.local import LocalHost
from gbtui.hosts.shelf import Shelf
from tests.unit.hosts.support import names_and_modes


@pytest.fixture(params=["local", "demo"])
def host(request: pytest.FixtureRequest, local: LocalHost) -> Host:
    return local if request.param == "local" else DemoHost()


@pytest.fixture
def shelf(host: Host, tmp_path: Path) -> Shelf:
    return Shelf(host, "walks", root=str(tmp_path / "gbtui"))


async def test_nothing_is_there_before_something_is_put(shelf: Shelf) -> None:
    assert await shelf.sizes() == {}
    assert await shelf.read("a.json") == b""
    assert await shelf.read_many(()) == ()


async def test_what_is_put_is_read_by_the_next(shelf: Shelf) -> None:
    data = bytes(range(256)) + b"\n"
    await shelf.put("a.json", b"old, and longer than what comes after it" * 20)
    await shelf.put("a.json", data)
    assert await shelf.read("a.json") == data
    assert await shelf.read("a.json", offset=200) == data[200:]
    assert await shelf.read_many((("a.json", 250), ("b", 0))) == (data[250:], b"")
    assert await shelf.sizes() == {"a.json": 257}


async def test_two_who_append_lose_nothing_of_each_other(shelf: Shelf) -> None:
    lines = [f"{number} {'x' * 900}\n".encode() for number in range(12)]
    await asyncio.gather(*(shelf.append("log.jsonl", line) for line in lines))
    assert sorted((await shelf.read("log.jsonl")).splitlines(keepends=True)) == sorted(lines)


async def test_a_file_does_not_grow_beyond_its_limit(shelf: Shelf) -> None:
    await shelf.append("log", b"1234", limit=8)
    with pytest.raises(Refused, match="more than 8 bytes"):
        await shelf.append("log", b"56789", limit=8)
    assert await shelf.read("log") == b"1234"


async def test_of_two_who_claim_one_holds_it(shelf: Shelf) -> None:
    held = await asyncio.gather(*(shelf.claim("current", name) for name in (b"one", b"two")))
    assert held[0] == held[1] in (b"one", b"two")
    await shelf.put("current", b"")
    assert await shelf.claim("current", b"three") == b"three"


async def test_what_is_removed_is_gone_and_the_rest_stays(shelf: Shelf) -> None:
    await shelf.remove(())
    for name in ("a", "b", "c"):
        await shelf.put(name, b"x")
    await shelf.remove(("a", "c", "never-there"))
    assert await shelf.sizes() == {"b": 1}
    with pytest.raises(BadInput):
        await shelf.remove(("b", "../b"))
    assert await shelf.sizes() == {"b": 1}


@pytest.mark.parametrize("name", ["", "..", "a/b", "-rf", ".lock", "a\n", "x" * 200])
async def test_a_name_that_is_none_is_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(BadInput):
        await shelf.put(name, b"")


async def test_only_root_reads_it(local: LocalHost, tmp_path: Path) -> None:
    shelf = Shelf(local, "walks", root=str(tmp_path))
    await shelf.put("a", b"")
    await shelf.append("b", b"x")
    assert (tmp_path / "walks").stat().st_mode & 0o777 == 0o700
    assert names_and_modes(tmp_path / "walks") == {".lock": 0o600, "a": 0o600, "b": 0o600}
