"""Waivers on file: read strictly, appended without touching what is there, expired on their day."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.checks.base import Failing, Finding
from gbtui.checks.containers import RUNNING
from gbtui.checks.waivers import Waiver
from gbtui.checks.waivers_file import (
    WaiverBook,
    append_waiver,
    load_waivers,
    parse_waivers,
    waivers_path,
    written,
)
from gbtui.errors import BadInput
from gbtui.text import clean

FULL = """\
# accepted for now

[[waiver]]
check = "containers.running"   # the mail host moved
subject = "acme-webmail"
reason = "moved, ticket 214"
by = "alice"
until = 2027-01-31
host = "prod-*"

[[waiver]]
check = "firewall.loopback-first"
subject = "*"
reason = "known"
by = "bob"
until = "2026-12-01"
"""
PATH = Path("waivers.toml")
WAIVER = Waiver(
    "containers.running", "acme-webmail", "moved, ticket 214", "alice", date(2027, 1, 31), "prod-*"
)


def test_a_full_file_is_read() -> None:
    first, second = parse_waivers(FULL, PATH)
    assert first == WAIVER
    assert (second.until, second.host) == (date(2026, 12, 1), "*")
    assert parse_waivers("", PATH) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('by = "bob"', 'who = "bob"', 15, "who: unknown key"),
        ('by = "bob"', "", 11, "by: missing"),
        ('reason = "known"', 'reason = "  "', 14, "reason: wrong type or empty"),
        ('reason = "known"', 'reason = "a\\nb"', 14, "reason: not one line"),
        ('until = "2026-12-01"', 'until = "tomorrow"', 16, "until: not a day"),
        ("until = 2027-01-31", "until = 2027-01-31T00:00:00Z", 8, "until: not a day"),
        ("until = 2027-01-31", "", 3, "until: missing"),
        ('"firewall.loopback-first"', '"*"', 12, "check: not an id"),
        ('host = "prod-*"', "host = 3", 9, "host: wrong type"),
        ("# accepted for now", "[defaults]", 1, "defaults: unknown key"),
        ("# accepted for now", "waiver = 3\n[x]", 1, "TOML"),
        ('[[waiver]]\ncheck = "fire', '[[waiver]]\n[[waiver]]\ncheck = "fire', 11, "check: missing"),
    ],
)
def test_what_is_not_understood_is_refused_with_file_and_line(
    old: str, new: str, line: int, says: str
) -> None:
    assert old in FULL
    with pytest.raises(BadInput) as refused:
        parse_waivers(FULL.replace(old, new, 1), PATH)
    words = str(refused.value)
    assert says in words
    assert "waivers.toml" in words
    assert says == "TOML" or f"line {line}:" in words


def test_appending_leaves_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "waivers.toml"
    append_waiver(file, WAIVER)
    assert load_waivers(file) == (WAIVER,)
    file.write_text(FULL.rstrip("\n"))
    append_waiver(file, WAIVER)
    text = file.read_text()
    assert text.startswith(FULL)
    assert len(load_waivers(file)) == 3
    assert text.endswith(written(WAIVER))


def test_nothing_is_appended_to_a_file_that_is_not_understood(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    for broken in ("[[waiver]]\n", "waiver = []\n", "not toml", "\udcff"):
        file.write_bytes(broken.encode("utf-8", "surrogateescape"))
        with pytest.raises(BadInput):
            append_waiver(file, WAIVER)
        assert file.read_bytes() == broken.encode("utf-8", "surrogateescape")


@given(*[st.text(min_size=1, max_size=60)] * 4, st.dates())
def test_what_is_written_is_read_again(subject: str, reason: str, by: str, host: str, until: date) -> None:
    waiver = Waiver("containers.running", subject, reason, by, until, host)
    read = parse_waivers_or_none(written(waiver))
    lines = [clean(value) for value in (subject, reason, by, host)]
    if all(line.strip() for line in lines):
        assert read == Waiver("containers.running", lines[0], lines[1], lines[2], until, lines[3])


def parse_waivers_or_none(text: str) -> Waiver | None:
    try:
        return parse_waivers(text, PATH)[0]
    except BadInput:
        return None


@given(st.text(max_size=300))
def test_any_text_is_waivers_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(BadInput):
        parse_waivers(text, PATH)


def test_the_book_reads_again_what_changed_and_keeps_the_last_good(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    book = WaiverBook(file, "prod-1")
    assert book.current() == ()
    file.write_text(FULL)
    assert len(book.current()) == 2
    assert len(WaiverBook(file, "stage").current()) == 1
    file.write_text(FULL + "[oops]\n")
    assert len(book.current()) == 2
    assert "oops" in str(book.error)
    with pytest.raises(BadInput, match="oops"):
        book.read()
    file.write_text(FULL)
    os.utime(file, ns=(1, 1))
    assert len(book.current()) == 2
    assert book.error is None
    book.add(WAIVER)
    assert len(book.current()) == 3
    file.unlink()
    assert book.current() == ()


def test_the_last_day_counts(tmp_path: Path) -> None:
    now = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
    found = Finding(RUNNING, Failing("acme-webmail", "stopped"), now)
    assert WAIVER.covers(found, now)
    assert not WAIVER.covers(found, datetime(2027, 2, 1, tzinfo=UTC))


def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GBTUI_CONFIG", "/x/y/config.toml")
    monkeypatch.delenv("GBTUI_WAIVERS", raising=False)
    assert waivers_path() == Path("/x/y/waivers.toml")
    assert waivers_path({"GBTUI_WAIVERS": "/z/w.toml"}) == Path("/z/w.toml")
