"""Walks on the host: another operator goes on at the same step; what the host has may be anybody's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.demo.state import File
from gbtui.errors import Changed, Denied, GbtuiError, Refused, TimedOut, Unreachable
from gbtui.guard.journal import Journal
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load
from gbtui.runbooks import course, kept
from gbtui.runbooks.catalog import find
from gbtui.runbooks.fill import filled
from gbtui.runbooks.kept import KeptWalks
from gbtui.runbooks.takeover import misfit, whose
from gbtui.runbooks.walk import Record, Walk, begin
from gbtui.runbooks.walk_file import from_json
from gbtui.runbooks.walk_shared import LARGEST, decoded, encoded, name_of
from gbtui.runbooks.walker import perform
from gbtui.session import Session
from tests.unit.operations.hurried import hurried
from tests.unit.runbooks.walking import Yes, silent

BOOK = find("valkey-timeout")
SYSTEM = {"container": "acme-system"}
SHELF = "/var/lib/gbtui/walks"


def operator(host: DemoHost, name: str, tmp_path: Path, *, read_only: str = "") -> Session:
    """Somebody with a machine of their own."""
    return Session(host, load(), Journal(tmp_path / name), user=name, read_only=read_only)


async def stepped(session: Session, walk: Walk) -> Walk:
    """The step the walk is at, done and saved as the front ends do."""
    step, user = filled(BOOK.step(walk.at), walk.values), session.engine.user
    if step.kind == "ask":
        after = course.answered(walk, BOOK, step, "yes", user)
    else:
        begun = walk.begun(step, user)
        await session.walks.save(begun)
        result = await perform(session, step, walk, Yes(), silent)
        after = course.performed(begun, BOOK, step, result, user)
    await session.walks.save(after)
    return after


def there(host: DemoHost) -> Mapping[str, bytes]:
    files = host.state.host.files
    return {path.removeprefix(f"{SHELF}/"): one.data for path, one in files.items() if path.startswith(SHELF)}


def put(host: DemoHost, name: str, data: bytes) -> None:
    host.state.host.files[f"{SHELF}/{name}"] = File(data, 0o600)


def skipped(walk: Walk, by: str = "alice", note: str = "known") -> Walk:
    return course.skipped(walk, BOOK, BOOK.step(walk.at), note, by)


async def test_another_operator_goes_on_at_the_same_step_with_what_was_seen(tmp_path: Path) -> None:
    host = hurried("valkey-loopback")
    alice, bob = operator(host, "alice", tmp_path), operator(host, "bob", tmp_path)
    left = await stepped(alice, begin(BOOK, "demo", SYSTEM))
    (found,) = await bob.walks.unfinished(BOOK.id)
    assert (found, found.at, misfit(BOOK, found)) == (left, "accept", "")
    assert "--dport 6379 -j DROP" in "\n".join(found.records[-1].output)
    while not found.ended:
        found = await stepped(bob, found)
    assert [(one.step, one.by) for one in found.records if one.state == "done"] == [
        *(("cut-off", "alice"), ("accept", "bob"), ("does-valkey-answer", "bob"), ("served", "bob"))
    ]
    assert whose(found) == f"the walk of {left.started} begun by alice, last at it bob"
    assert await alice.walks.unfinished() == ()


async def test_a_step_that_was_cut_off_is_told_to_the_next(tmp_path: Path) -> None:
    host = hurried()
    begun = begin(BOOK, "demo", SYSTEM).begun(BOOK.steps[0], "alice")
    await operator(host, "alice", tmp_path).walks.save(begun)
    (found,) = await operator(host, "bob", tmp_path).walks.unfinished()
    latest = found.latest("cut-off")
    assert latest is not None
    assert (latest.state, latest.by) == ("begun", "alice")


def refusing(error: GbtuiError) -> Callable[[Command], Any]:
    async def run(command: Command) -> Completed:
        raise error

    return run


async def forever(command: Command) -> Completed:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    "error", [Unreachable("demo", why="the link is down"), Denied("demo", why="sudo wants a password")]
)
async def test_a_host_that_does_not_take_it_stops_no_walk(tmp_path: Path, error: GbtuiError) -> None:
    host = hurried()
    alice = operator(host, "alice", tmp_path)
    walk = begin(BOOK, "demo", SYSTEM)
    seen: list[Walk] = []
    alice.walks.told.append(seen.append)
    host.run = refusing(error)  # type: ignore[method-assign, assignment]  # a host that answers nothing
    await alice.walks.save(walk)
    assert alice.walks.kept_words == f"kept only here: {error}"
    assert await alice.walks.unfinished() == (walk,)
    assert alice.walks.read_words == f"not known what others left: {error}"
    del host.run  # it answers again
    await alice.walks.save(skipped(walk))
    assert (alice.walks.error, list(there(host))) == (None, [name_of(walk)])
    (found,) = await alice.walks.unfinished()
    assert (alice.walks.missed, seen) == (None, [walk, found])


async def test_nobody_waits_for_a_host_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.05)
    host = hurried()
    host.run = forever  # type: ignore[method-assign]  # it never ends
    alice, walk = operator(host, "alice", tmp_path), begin(BOOK, "demo", SYSTEM)
    await alice.walks.save(walk)
    assert isinstance(alice.walks.error, TimedOut)
    assert await alice.walks.unfinished() == (walk,)
    assert isinstance(alice.walks.missed, TimedOut)


async def test_read_only_writes_nothing_there_and_reads_what_is(tmp_path: Path) -> None:
    host = hurried()
    walk = begin(BOOK, "demo", SYSTEM)
    await operator(host, "alice", tmp_path).walks.save(walk)
    before = dict(there(host))
    bob = operator(host, "bob", tmp_path, read_only="started with --read-only")
    assert await bob.walks.unfinished() == (walk,)
    await bob.walks.save(skipped(walk))
    assert bob.walks.kept_words == "kept only here: read-only: started with --read-only"
    assert there(host) == before


async def test_secrets_stay_on_this_machine(tmp_path: Path) -> None:
    host = hurried()
    alice = operator(host, "alice", tmp_path)
    walk = begin(BOOK, "demo", SYSTEM)
    seen = (
        "one",
        "DB_PASSWORD=tops3cret",
        "-----BEGIN PRIVATE KEY-----",
        "MIIE",
        "-----END PRIVATE KEY-----",
    )
    walk = walk.recorded(Record("cut-off", "done", walk.started, "alice", "token: abc123", seen), "accept")
    await alice.walks.save(walk)
    (kept_there,) = there(host).values()
    assert not [word for word in (b"tops3cret", b"MIIE", b"abc123") if word in kept_there]
    (found,) = await operator(host, "bob", tmp_path).walks.unfinished()
    assert found.records[0].output == ("one", "DB_PASSWORD=***", "***")
    assert await alice.walks.unfinished() == (walk,)


async def test_where_there_is_no_room_the_outputs_are_shortened_and_no_step(tmp_path: Path) -> None:
    host = hurried()
    walk = begin(BOOK, "demo", SYSTEM)
    for _ in range(20):
        seen = tuple("x" * 200 for _ in range(200))
        walk = walk.recorded(Record("cut-off", "failed", walk.started, "alice", output=seen), "cut-off")
    await operator(host, "alice", tmp_path).walks.save(walk)
    (found,) = await operator(host, "bob", tmp_path).walks.unfinished()
    assert len(there(host)[name_of(walk)]) <= LARGEST
    assert [len(one.output) for one in found.records] == [50] * 20


def test_a_walk_that_has_no_room_at_all_is_refused() -> None:
    walk = begin(BOOK, "demo", SYSTEM)
    for _ in range(3):
        walk = skipped(replace(walk, at="cut-off"), note="x" * 100_000)
    with pytest.raises(Refused, match="at most"):
        encoded(walk)


# What the host has may be anybody's

GOOD = begin(BOOK, "demo", SYSTEM)
RECORD = asdict(Record("cut-off", "done", GOOD.started, "mallory"))
OTHER = f"{GOOD.id[:-4]}ffff"


def file(**changes: object) -> bytes:
    return json.dumps({**asdict(replace(GOOD, id=OTHER)), **changes}).encode()


HOSTILE = {
    "no JSON": b"{",
    "nothing": b"",
    "no table": b"[1]",
    "deep": b"[" * 100_000,
    "no text": b"\xff\xfe\x00",
    "too large": b" " * LARGEST + file(),
    "another's id": file(id=GOOD.id),
    "a path for an id": file(id="../../../../tmp/x"),
    "values are numbers": file(values={"container": 1}),
    "a value of two lines": file(values={"container": "acme-system\nx"}),
    "no step": file(at=None),
    "no time": file(started="yesterday"),
    "a time of no zone": file(records=[{**RECORD, "at": "2026-01-01T00:00:00"}]),
    "no such state": file(records=[{**RECORD, "state": "well"}]),
    "output is text": file(records=[{**RECORD, "output": "abc"}]),
    "output that feigns lines": file(records=[{**RECORD, "output": ["a\nb"]}]),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_file_that_is_no_walk_costs_itself_and_is_counted(tmp_path: Path, data: bytes) -> None:
    host = hurried()
    bob = operator(host, "bob", tmp_path)
    mine = begin(BOOK, "demo", SYSTEM)
    bob.walks._walks.save(mine)
    put(host, name_of(GOOD), encoded(GOOD))
    put(host, f"{OTHER}.json", data)
    assert {walk.id for walk in await bob.walks.unfinished()} == {mine.id, GOOD.id}
    assert bob.walks.unread == 1


@pytest.mark.parametrize("by", ["alice\u202e", "alice\x1b[2J", "alice\x9b"])
def test_what_hides_or_moves_a_cursor_is_replaced(by: str) -> None:
    found = decoded(f"{OTHER}.json", file(records=[{**RECORD, "by": by}]))
    assert found is not None
    assert found.records[0].by.startswith("alice\ufffd")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from((*asdict(GOOD), "more"))


@given(st.dictionaries(FIELDS, JSON, max_size=4), st.dictionaries(st.sampled_from(tuple(RECORD)), JSON))
def test_whatever_it_holds_it_is_a_walk_or_none(changes: dict[str, Any], of_record: dict[str, Any]) -> None:
    data = file(**{"records": [{**RECORD, **of_record}], **changes})
    found = decoded(f"{OTHER}.json", data)
    assert found is None or from_json(asdict(found)) == found


@given(st.binary(max_size=200))
def test_bytes_are_a_walk_or_none(data: bytes) -> None:
    assert decoded(f"{OTHER}.json", data) is None


@pytest.mark.parametrize(
    ("walk", "says"),
    [
        (replace(GOOD, at="nosuch"), "no step nosuch"),
        (replace(GOOD, values={}), "needs container="),
        (replace(GOOD, values={"container": "-rf"}), "not of its form"),
        (replace(GOOD, values={**SYSTEM, "found": "; rm -rf /"}), "found is nothing that can stand"),
        (replace(GOOD, values={**SYSTEM, "found": "6.3.0-demo"}), ""),
        (replace(GOOD, records=(Record("gone", "done", GOOD.started),)), ""),
    ],
)
def test_a_walk_that_does_not_fit_its_runbook_is_not_gone_on_with(walk: Walk, says: str) -> None:
    assert says in misfit(BOOK, walk)
    assert bool(says) is bool(misfit(BOOK, walk))


# Two versions of one walk


async def both(tmp_path: Path) -> tuple[DemoHost, KeptWalks, KeptWalks, Walk]:
    """A walk that alice has begun, and bob has found."""
    host = hurried()
    alice, bob = operator(host, "alice", tmp_path).walks, operator(host, "bob", tmp_path).walks
    walk = skipped(begin(BOOK, "demo", SYSTEM))
    await alice.save(walk)
    assert await bob.unfinished() == (walk,)
    return host, alice, bob, walk


async def test_of_two_versions_the_one_with_more_records_counts(tmp_path: Path) -> None:
    host, alice, bob, walk = await both(tmp_path)
    onward = skipped(walk, "bob")
    await bob.save(onward)
    assert await alice.unfinished() == (onward,)
    put(host, name_of(walk), encoded(walk))
    assert await bob.unfinished() == (onward,)
    ended = onward.recorded(Record("does-valkey-answer", "done", walk.started, "bob"), "stop")
    put(host, name_of(walk), encoded(ended))
    assert (await alice.unfinished(), await bob.unfinished()) == ((), ())


async def test_nobody_does_what_another_has_done_meanwhile(tmp_path: Path) -> None:
    host, alice, bob, walk = await both(tmp_path)
    onward = skipped(walk, "bob")
    await bob.save(onward)
    with pytest.raises(Changed, match=r"bob has gone on with it meanwhile \(accept: skipped\)"):
        await alice.save(walk.begun(BOOK.step("accept"), "alice"))
    assert decoded(name_of(walk), there(host)[name_of(walk)]) == onward
    assert await alice.unfinished() == (onward,)
    last = skipped(onward)
    await alice.save(last)
    assert await bob.unfinished() == (last,)


async def test_who_is_further_without_the_host_is_not_stopped_by_it(tmp_path: Path) -> None:
    host, alice, bob, walk = await both(tmp_path)
    await bob.save(skipped(walk, "bob"))
    further = skipped(skipped(walk))
    with pytest.raises(Changed):
        await alice.save(further)
    assert await alice.unfinished() == (further,)
    await alice.save(further)
    assert decoded(name_of(walk), there(host)[name_of(walk)]) == further


async def test_what_the_host_did_not_get_before_a_cut_it_gets_at_the_next_look(tmp_path: Path) -> None:
    host, alice, bob, walk = await both(tmp_path)
    ended = walk.recorded(Record("accept", "done", walk.started, "alice"), "stop")
    alice._walks.save(ended)
    assert await bob.unfinished() == (walk,)
    assert await alice.unfinished() == ()
    assert decoded(name_of(walk), there(host)[name_of(walk)]) == ended
    assert await bob.unfinished() == ()


async def test_only_the_newest_that_ended_stay_and_all_that_were_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "ENDED", 2)
    host = hurried()
    walks = operator(host, "alice", tmp_path).walks
    ids = [f"20260101T00000{number}Z-abcd" for number in range(5)]
    await walks.save(replace(GOOD, id=ids[0]))
    for id_ in ids[1:]:
        await walks.save(replace(GOOD, id=id_, at="stop"))
    assert list(there(host)) == [f"{id_}.json" for id_ in (ids[0], *ids[3:])]


async def test_of_a_shelf_that_is_full_the_newest_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "READ", 1)
    host = hurried()
    put(host, "20200101T000000Z-abcd.json", encoded(replace(GOOD, id="20200101T000000Z-abcd")))
    put(host, name_of(GOOD), encoded(GOOD))
    walks = operator(host, "alice", tmp_path).walks
    assert await walks.unfinished() == (GOOD,)
    assert walks.read_words == "files of walks on the host that could not be read: 1"


async def test_what_cannot_be_written_here_is_said(tmp_path: Path) -> None:
    alice = operator(hurried(), "alice", tmp_path)
    (tmp_path / "alice").write_text("no folder")
    with pytest.raises(GbtuiError, match="keep the walk on this machine"):
        await alice.walks.save(GOOD)
