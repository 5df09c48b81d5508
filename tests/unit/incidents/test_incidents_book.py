"""Incidents on the host: two operators on one timeline, a host that does not answer, read-only."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput, NotFound, Refused, TimedOut, Unreachable
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.shelf import ROOT, Shelf
from gbtui.incidents import watch
from gbtui.incidents.book import Incidents
from gbtui.incidents.lines import encoded
from gbtui.incidents.types import Incident


def book(
    host: DemoHost, by: str = "anna", *, directory: Path | None = None, read_only: str = ""
) -> Incidents:
    return Incidents(host.name, Shelf(host, "incidents"), by, directory=directory, read_only=read_only)


def titles(one: Incident | None) -> list[str]:
    return [entry.title for entry in one.entries] if one else []


async def test_where_none_runs_there_is_none() -> None:
    incidents = book(DemoHost())
    assert await incidents.look() is None
    assert await incidents.all() == ()
    with pytest.raises(NotFound, match="there is none"):
        await incidents.find("")
    with pytest.raises(NotFound, match="none runs"):
        await incidents.add(watch.note("anna", "x"))
    with pytest.raises(NotFound, match="none runs"):
        await incidents.end("x")
    with pytest.raises(BadInput):
        await incidents.begin("  ")


async def test_two_operators_are_on_one_timeline() -> None:
    host = DemoHost()
    anna, ben = book(host), book(host, "ben")
    begun = await anna.begin("Valkey times out")
    joined = await ben.begin("bots are slow")
    assert joined.id == begun.id
    assert titles(joined) == ["Valkey times out"]
    await ben.add(watch.note("ben", "the log has os error 110"))
    await anna.add(watch.note("anna", "on it"))
    seen = await anna.look()
    assert titles(seen) == titles(await ben.look())
    assert sorted(titles(seen)) == ["Valkey times out", "on it", "the log has os error 110"]
    closed = await ben.end("loopback was cut off")
    assert closed.end is not None
    assert closed.end.by == "ben"
    assert await anna.look() is None
    assert [one.id for one in await anna.all()] == [begun.id]
    assert (await anna.begin("another")).id != begun.id


async def test_what_the_host_did_not_get_is_sent_later_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    host = DemoHost()
    incidents = book(host)
    await incidents.begin("x")
    run, lost = host.run, True

    async def flaky(command: Command) -> Completed:
        done = await run(command)  # it arrives, and the answer is lost on its way
        if lost:
            raise Unreachable("host demo", why="the link is cut")
        return done

    monkeypatch.setattr(host, "run", flaky)
    await incidents.add(watch.note("anna", "first"))
    assert (incidents.waiting, str(incidents.error)) == (1, "host demo: the link is cut")
    assert titles(incidents.current)[-1] == "first"
    lost = False
    await incidents.add(watch.note("anna", "second"))
    assert (incidents.waiting, incidents.error) == (0, None)
    assert titles(await book(host, "ben").look()) == ["x", "first", "second"]


async def test_read_only_writes_nothing_on_the_host() -> None:
    host = DemoHost()
    before = dict(host.state.places["host"].files)
    incidents = book(host, read_only="started with --read-only")
    await incidents.begin("x")
    await incidents.add(watch.note("anna", "seen"))
    assert titles(incidents.current) == ["x", "seen"]
    assert await incidents.look() is incidents.current
    assert titles(await incidents.end("y")) == ["x", "seen", "y"]
    assert host.state.places["host"].files == before


async def test_read_only_cannot_end_what_others_run() -> None:
    host = DemoHost()
    await book(host).begin("x")
    guest = book(host, "ben", read_only="no permission")
    await guest.look()
    await guest.add(watch.note("ben", "only here"))
    assert titles(await guest.look()) == ["x", "only here"]
    with pytest.raises(Refused, match="read-only"):
        await guest.end("over")
    assert await book(host).look() is not None


async def test_an_end_that_was_cut_off_does_not_block_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    host = DemoHost()
    incidents = book(host)
    first = await incidents.begin("x")
    shelf = Shelf(host, "incidents")
    await shelf.append(f"{first.id}.jsonl", encoded((watch.entry("end", "anna", "done"),)))
    assert await incidents.look() is None
    assert (await book(host, "ben").begin("y")).id != first.id


@pytest.mark.parametrize("lost", ["put", "read_many"])
async def test_an_end_is_one_though_the_host_falls_silent_after_it(
    monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    host = DemoHost()
    shelf = Shelf(host, "incidents")
    incidents = Incidents(host.name, shelf, "anna", directory=None)
    begun = await incidents.begin("x")

    async def late(*_: object) -> None:
        raise TimedOut("the host", why="no answer within 5 s")

    with monkeypatch.context() as patched:
        patched.setattr(shelf, lost, late)
        closed = await incidents.end("done")
    assert (closed.id, titles(closed)) == (begun.id, ["x", "done"])
    assert incidents.current is None
    assert isinstance(incidents.error, TimedOut)
    assert await incidents.look() is None
    assert [titles(one) for one in await incidents.all()] == [["x", "done"]]
    assert (await incidents.begin("y")).id != begun.id


async def test_a_copy_stays_here_for_when_the_host_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = DemoHost()
    incidents = book(host, directory=tmp_path / "copies")
    begun = await incidents.begin("x")
    await incidents.add(watch.note("anna", "noted"))
    await incidents.look()

    async def gone(command: Command) -> Completed:
        raise Unreachable("host demo", why="no route")

    monkeypatch.setattr(host, "run", gone)
    monkeypatch.setattr(host, "run_many", lambda commands, **_: gone(commands[0]))
    later = book(host, directory=tmp_path / "copies")
    found = await later.find(begun.id)
    assert titles(found) == ["x", "noted"]
    assert isinstance(later.error, Unreachable)
    assert (tmp_path / "copies" / f"{begun.id}.jsonl").stat().st_mode & 0o777 == 0o600


async def test_lines_that_are_none_are_counted_and_cost_only_themselves() -> None:
    host = DemoHost()
    incidents = book(host)
    begun = await incidents.begin("x")
    path = f"{ROOT}/incidents/{begun.id}.jsonl"
    host.state.places["host"].files[path].data += b'\xff\xfe\n{"kind":"bomb"}\n[]\n{"kind":"note","torn'
    seen = await book(host, "ben").look()
    assert seen is not None
    assert (titles(seen), seen.malformed) == (["x"], 3)
