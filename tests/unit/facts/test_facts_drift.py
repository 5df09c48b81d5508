"""The files that say how a place is meant to be: the script in a real shell, and its reader."""

from __future__ import annotations

import contextlib
import subprocess  # noqa: TID251 - a shell is what is under test
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.drift import ENABLED, FILES, MOST, SCRIPT, command, lines_of, parse
from gbtui.hosts.base import Command, Completed


def completed(out: bytes, *, status: int = 0, truncated: bool = False) -> Completed:
    return Completed(Command(("sh",)), status, out, b"", 0.0, truncated)


def run(*patterns: str) -> Completed:
    done = subprocess.run(["sh", "-c", SCRIPT, "gbtui-drift", *patterns], capture_output=True, check=False)
    return completed(done.stdout, status=done.returncode)


def test_a_real_shell_reads_files_by_pattern_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "b.conf").write_bytes(b"two\n== 3 x\nlines")
    (tmp_path / "a b.conf").write_bytes(b"\xff\x00\n")
    (tmp_path / "empty.conf").touch()
    (tmp_path / "link.conf").symlink_to(tmp_path / "b.conf")
    (tmp_path / "folder.conf").mkdir()
    (tmp_path / "long.conf").write_bytes(b"x" * (MOST + 7))
    first, *held = parse(run(f"{tmp_path}/*.conf", "/no/such/*"))
    assert first.path == ENABLED
    assert [(Path(one.path).name, one.size, len(one.data)) for one in held] == [
        ("a b.conf", 3, 3),
        ("b.conf", 16, 16),
        ("empty.conf", 0, 0),
        ("long.conf", MOST + 7, MOST),
    ]
    assert lines_of(held[1]).split("\n") == ["two", "== 3 x", "lines"]


def test_no_more_files_than_can_be_looked_at(tmp_path: Path) -> None:
    for number in range(FILES + 5):
        (tmp_path / f"{number}.conf").touch()
    assert len(parse(run(f"{tmp_path}/*.conf"))) == FILES + 1


def test_the_command_brings_the_places_own_files() -> None:
    assert command(("/opt/gbo/conf/config",)).argv[-1] == "/opt/gbo/conf/config"
    assert command(()).timeout == 2.0


@given(st.lists(st.tuples(st.text("abc/", min_size=1, max_size=8), st.binary(max_size=60)), max_size=5))
def test_what_was_printed_is_read(files: list[tuple[str, bytes]]) -> None:
    out = b"".join(b"== %d %s\n%s\n" % (len(data), path.encode(), data) for path, data in files)
    assert [(one.path, one.data) for one in parse(completed(out))] == files


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_words(out: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse(completed(out))


@pytest.mark.parametrize("done", [completed(b"", status=1), completed(b"", truncated=True)])
def test_what_failed_or_was_cut_is_not_half_believed(done: Completed) -> None:
    with pytest.raises(GbtuiError):
        parse(done)
