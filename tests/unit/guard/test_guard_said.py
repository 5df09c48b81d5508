"""What a command said is kept bounded: with its end, with no secret, and with what was left out counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.guard.said import END, LOOKED_AT, said
from gbtui.hosts.base import Command, Completed


def completed(stdout: bytes, stderr: bytes = b"") -> Completed:
    return Completed(Command(("true",)), 1, stdout, stderr, 0.1, False)


def test_what_is_short_is_whole_with_stderr_last() -> None:
    assert said(completed(b"one\n\n", b" two\n")) == "one\ntwo"
    assert said(completed(b"", b"")) == ""


@pytest.mark.parametrize("lines", [300, 30_000])
def test_of_what_is_long_the_error_at_its_end_is_kept(lines: int) -> None:
    noise = b"".join(b"line %d of the noise\n" % number for number in range(lines))
    first, *middle, last = said(completed(noise, b"Error: no such module")).split("\n")
    assert (first, last) == ("line 0 of the noise", "Error: no such module")
    (left_out,) = [line for line in middle if line.startswith("…")]
    assert re.fullmatch(r"… about \d+ bytes left out …", left_out)
    assert all(re.fullmatch(r"line \d+ of the noise", line) for line in middle if line != left_out)


def test_a_cut_takes_no_character_in_half() -> None:
    assert "\ufffd" not in said(completed("ä€😀".encode() * 5000))


@pytest.mark.parametrize("before", range(0, 2 * END, 37))
def test_no_secret_shows_because_the_cut_went_through_it(before: int) -> None:
    secret = "hunter2" * 9
    out = said(completed(b"x " * before + f"password={secret} ".encode() + b"y " * 3000))
    assert "hunter2" not in out


@given(st.binary(max_size=6 * END), st.binary(max_size=6 * END))
def test_it_is_bounded(stdout: bytes, stderr: bytes) -> None:
    assert len(said(completed(stdout, stderr))) <= 2 * END + 60


def test_it_is_bounded_whatever_the_size() -> None:
    assert len(said(completed(b"\xff" * (3 * LOOKED_AT)))) <= 2 * END + 60
