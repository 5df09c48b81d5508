from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, NotFound, Unreachable
from gbtui.facts.log import LineSplitter, LogBook, LogReader, decode_line, mask_query
from gbtui.facts.log_decode import LONGEST_LINE, LONGEST_WORD, go_duration, status_of
from gbtui.profiles import load
from tests.unit.facts.fakehost import Answer, FakeHost, fixture

REAL = fixture("caddy-access.jsonl").splitlines()
PROFILE = load()
PATH = PROFILE.access_log


def record(**changes: Any) -> bytes:
    request = {"remote_ip": "203.0.113.7", "method": "GET", "host": "api.example.org", "uri": "/x"}
    request |= changes.pop("request", {})
    base = {"level": "info", "ts": 1795416944.5, "msg": "handled request", "request": request}
    return json.dumps({**base, "duration": 0.25, "size": 312, "status": 200, **changes}).encode()


def test_every_real_line_decodes() -> None:
    entries = [decode_line(line) for line in REAL]
    assert all(entries)
    first, denied = entries[0], entries[4]
    assert first is not None
    assert denied is not None
    assert (first.status, first.method, first.host, first.uri) == (200, "GET", "shop.acme.test", "/")
    assert (first.client, first.size, first.at) == ("127.0.0.1", 7, 1795416944.747406)
    assert first.duration == pytest.approx(0.000087831)
    assert (denied.status, denied.uri) == (403, "/private/x")
    assert [status_of(line) for line in REAL] == [e.status for e in entries if e]


def test_the_client_behind_a_trusted_proxy_wins() -> None:
    entry = decode_line(record(request={"client_ip": "198.51.100.4"}))
    assert entry is not None
    assert entry.client == "198.51.100.4"


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"\0\0\0", b"null", b'{"msg":"NOP"}', b"[" * 60_000, record()[:-9], record() + record(),
     record(status="200"), record(status=-1), record(ts="yesterday"), record(ts=1e300),
     record(duration="soon"),
     record(request={"uri": 3}), b'{"level":"info","msg":"serving initial configuration"}'],
)  # fmt: skip
def test_what_is_no_record_is_none(line: bytes) -> None:
    assert decode_line(line) is None


def test_hostile_text_is_cleaned_and_bounded() -> None:
    nasty = "/\x1b]52;c;eA==\x07\u202e[@click=app.quit]x[/]\n"
    entry = decode_line(record(request={"uri": nasty, "host": "h" * 9000, "method": "G\x9bT"}))
    assert entry is not None
    assert entry.uri == "/\ufffd]52;c;eA==\ufffd\ufffd[@click=app.quit]x[/]\ufffd"
    assert (len(entry.host), entry.method) == (LONGEST_WORD + 1, "G\ufffdT")
    broken = decode_line(record().replace(b"/x", b"/\xff\xfe"))
    assert broken is not None
    assert broken.uri == "/\ufffd\ufffd"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1.2ms", 0.0012), ("350µs", 0.00035), ("2s", 2.0), ("1m2.5s", 62.5), ("1h0m0s", 3600.0),
     ("", None), ("5", None), ("ms", None), ("1.2ms!", None)],
)  # fmt: skip
def test_durations_as_go_writes_them(written: str, seconds: float | None) -> None:
    assert go_duration(written) == (None if seconds is None else pytest.approx(seconds))


def test_other_shapes_of_time() -> None:
    entry = decode_line(record(ts="2026-11-23T07:00:00Z", duration="1.5ms"))
    assert entry is not None
    assert entry.at == 1795417200.0
    assert entry.duration == pytest.approx(0.0015)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_none(line: bytes) -> None:
    decode_line(line)
    status_of(line)


@given(st.text(), st.text(), st.integers(0, 999))
def test_any_text_in_a_record_arrives_clean(uri: str, host: str, status: int) -> None:
    line = record(request={"uri": uri, "host": host}, status=status)
    entry = decode_line(line)
    assert entry is not None
    assert entry.status == status
    assert status_of(line.replace(b": ", b":")) == status
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in entry.uri + entry.host)


@pytest.mark.parametrize(
    ("uri", "masked"),
    [("/a", "/a"), ("/a?t=secret&b=2", "/a?t=…&b=…"), ("/a?secret", "/a?…"), ("/a?x=1=2", "/a?x=…"),
     ("http://u:pw@h/a?k=v", "http://…@h/a?k=…")],
)  # fmt: skip
def test_exports_carry_no_query_values(uri: str, masked: str) -> None:
    assert mask_query(uri) == masked


@given(st.lists(st.binary(max_size=40)), st.data())
def test_lines_do_not_depend_on_how_they_were_cut(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"\n".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    splitter, got = LineSplitter(), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        got += splitter.feed(whole[start:end])
    got += splitter.feed(b"\n")
    assert got == [line for line in whole.replace(b"\0", b"").split(b"\n") if line]
    assert splitter.dropped == 0


@pytest.mark.parametrize("piece", [1000, LONGEST_LINE, 10**7])
def test_a_line_without_end_is_dropped_once_and_forgotten(piece: int) -> None:
    data = b"a\n" + b"x" * 300_000 + b"\nb\n"
    splitter, got = LineSplitter(), []
    for start in range(0, len(data), piece):
        got += splitter.feed(data[start : start + piece])
    assert (got, splitter.dropped) == ([b"a", b"b"], 1)


def test_the_book_counts_what_it_cannot_keep() -> None:
    now = 1000.0
    book = LogBook(PATH, capacity=3, clock=lambda: now)
    book.take([record(status=200), b"torn", record(status=404)])
    book.log()
    book.take([record(status=500)] * 4)
    book.sample([record(status=503).replace(b": ", b":"), b"torn"])
    log = book.log()
    assert len(log.entries) == 3
    assert log.tally.by_status == ((200, 1), (404, 1), (500, 4), (503, 1))
    assert (log.tally.lines, log.tally.malformed, log.tally.dropped, log.tally.sampled) == (9, 2, 1, 1)
    assert log.tally.history[-1] == (1, 0, 1, 5)


def test_rates_and_history_fade() -> None:
    now = 1000.0
    book = LogBook(PATH, clock=lambda: now)
    book.take([record()] * 50)
    now = 1001.0
    assert book.tally().rate == 5.0
    now = 1011.0
    assert (book.tally().rate, len(book.tally().history)) == (0.0, 60)
    now = 1059.0
    assert book.tally().history[0] == (50, 0, 0, 0)
    now = 1060.0
    assert not any(map(any, book.tally().history))


def test_the_past_counts_when_it_was_written() -> None:
    book = LogBook(PATH, clock=lambda: 1000.0)
    book.take([record(ts=float(at)) for at in (1, 950, 998, 5000)], backlog=True)
    tally = book.tally()
    assert (tally.lines, sum(map(sum, tally.history))) == (4, 2)
    assert tally.history[-3] == (1, 0, 0, 0)


def proxy(answer: Answer = b"", **tests: int) -> dict[tuple[str, ...], Answer]:
    flags = {"-e": 0, "-f": 0, "-r": 0} | {f"-{name}": status for name, status in tests.items()}
    found: dict[tuple[str, ...], Answer] = {
        ("acme-proxy", "test", flag, PATH): (status, b"", b"") for flag, status in flags.items()
    }
    return {**found, ("acme-proxy", "tail", "-n", "500", PATH): answer}


async def test_reading_once() -> None:
    data = b"\n".join(REAL[:5]) + b"\n\0\0\0" + REAL[5] + b"\n" + REAL[6][:40]
    log = await LogReader(FakeHost(proxy(data)), PROFILE, "acme-proxy").read()
    assert (len(log.entries), log.tally.malformed, log.path) == (6, 1, PATH)


@pytest.mark.parametrize(("tests", "error"), [({"e": 1}, NotFound), ({"r": 1}, Denied)])
async def test_an_unreadable_log_says_why(tests: dict[str, int], error: type[Exception]) -> None:
    reader = LogReader(FakeHost(proxy((1, b"", b"tail: nope"), **tests)), PROFILE, "acme-proxy")
    with pytest.raises(error, match="acme-proxy"):
        await reader.read()
    with pytest.raises(error, match="acme-proxy"):
        await reader.follow(lambda: None)


async def test_following_ends_with_words_and_goes_on_without_counting_twice() -> None:
    chunks = [b"\n".join(REAL[:4]) + b"\n" + REAL[4][:30]]

    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    host = FakeHost(proxy(), source=source)
    reader, calls = LogReader(host, PROFILE, "acme-proxy"), []
    with pytest.raises(Unreachable, match="stream ended"):
        await reader.follow(lambda: calls.append(reader.log()))
    assert calls
    assert host.streamed[0].argv[3:] == ("--mode=non-interactive", "--", "tail", "-F", "-n", "500", PATH)
    chunks[:] = [b"\n".join(REAL[:6]) + b"\n"]
    with pytest.raises(Unreachable):
        await reader.follow(lambda: None)
    assert [entry.uri for entry in reader.log().entries] == [
        entry.uri for line in REAL[:6] if (entry := decode_line(line))
    ]
    assert reader.log().tally.lines == 6


async def test_a_flood_is_counted_whole_and_told_seldom() -> None:
    lines = 60_000

    async def source() -> AsyncIterator[bytes]:
        yield b"\n".join([record(status=404).replace(b": ", b":")] * lines) + b"\n"

    reader, calls = LogReader(FakeHost(proxy(), source=source), PROFILE, "acme-proxy"), []
    with pytest.raises(Unreachable):
        await reader.follow(lambda: calls.append(1))
    tally = reader.log().tally
    assert (tally.lines, tally.by_status) == (lines, ((404, lines),))
    assert tally.sampled > 0
    assert len(calls) < 20


async def until(reader: LogReader, entries: int) -> None:
    async with asyncio.timeout(30):
        while len(reader.log().entries) < entries:
            await asyncio.sleep(0.02)


@pytest.mark.skipif(os.geteuid() != 0, reason="the host's own log is read as root")
async def test_the_real_tail_survives_rotation_and_truncation(tmp_path: Path) -> None:
    from gbtui.config import HostConfig
    from gbtui.hosts.local import LocalHost

    path = tmp_path / "access.log"
    path.write_bytes(REAL[0] + b"\n")
    host = LocalHost(HostConfig("here", "local"))
    reader = LogReader(host, replace(PROFILE, access_log=str(path)), "")
    task = asyncio.create_task(reader.follow(lambda: None))
    try:
        await until(reader, 1)
        with path.open("ab") as log:
            log.write(REAL[1] + b"\n")
        await until(reader, 2)
        path.rename(tmp_path / "access-1.log")
        path.write_bytes(REAL[2] * 3 + b"\n" + REAL[2] + b"\n")
        await until(reader, 3)
        with path.open("r+b") as log:  # shorter than before, so that tail sees it at any time
            log.truncate(0)
            log.seek(200)  # a writer that does not open O_APPEND leaves a hole of NULs
            log.write(REAL[3] + b"\n")
        await until(reader, 4)
        assert reader.log().tally.malformed == 1  # three records in one torn line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await host.close()
