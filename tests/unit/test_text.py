"""No byte a host can say becomes a character a terminal would act on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.text import REPLACEMENT, UNSAFE, clean, decode_json, line, text

ATTACKS = [
    b"\x1b]52;c;AAAA\x07",
    b"\x1b[31m",
    b"\x9b31m",
    "\u202egnp.exe".encode(),
    "\x85\u2028\u200b\ufeff".encode(),
    b"\x00\x7f\x08\r",
    b"\xff\xfe\xc3",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_lose_their_teeth_and_leave_a_trace(attack: bytes) -> None:
    assert not UNSAFE.search(clean(text(b"a" + attack + b"z")))
    assert REPLACEMENT in text(attack)


@given(st.binary())
def test_text_keeps_lines_and_nothing_unsafe(data: bytes) -> None:
    shown = text(data)
    assert not UNSAFE.search(shown.replace("\n", "").replace("\t", ""))
    assert shown.count("\n") == data.decode("utf-8", "replace").count("\n")


@given(st.binary())
def test_line_is_one_bounded_line(data: bytes) -> None:
    shown = line(data, limit=50)
    assert "\n" not in shown
    assert len(shown) <= 51


def test_text_marks_what_it_cut() -> None:
    assert text(b"abcdef", limit=3) == "abc…"
    assert text(b"abc", limit=3) == "abc"


def test_json_is_cleaned_all_the_way_down_keys_included() -> None:
    document = {"\x1bkey": ["\u202evalue", {"deep": "\x9b"}], "n": 1, "lines": "a\nb"}
    cleaned = decode_json(json.dumps(document).encode(), what="test")
    assert cleaned == {"\ufffdkey": ["\ufffdvalue", {"deep": "\ufffd"}], "n": 1, "lines": "a\nb"}


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b"nope"])
def test_what_is_not_json_is_malformed_in_words(data: bytes) -> None:
    with pytest.raises(Malformed, match="lxd said"):
        decode_json(data, what="lxd said")
