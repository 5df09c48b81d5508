"""The journal: on disk before anything goes on, whole or counted, and a chain that shows tampering."""

from __future__ import annotations

import json
import os
import re
import subprocess  # noqa: TID251 - other writers must be other processes
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbtui.errors import Refused
from gbtui.guard.fingerprint import sha256
from gbtui.guard.journal import Journal, new_id, state_dir
from gbtui.guard.journal_parts import LIMIT, Parts


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state")


def fill(journal: Journal, count: int = 5) -> list[bytes]:
    for number in range(count):
        journal.append("op-1", "prod-1", "step-begin", step=number)
    return journal.path.read_bytes().splitlines()


def test_the_state_directory_is_the_documented_one(tmp_path: Path) -> None:
    assert state_dir({"GBTUI_STATE": "/x"}) == Path("/x")
    assert state_dir({"XDG_STATE_HOME": "/y"}) == Path("/y/gbtui")
    assert state_dir({}) == Path.home() / ".local/state/gbtui"


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_id(datetime(2026, 11, 23, 14, 3, second, tzinfo=UTC)) for second in range(5)]
    assert ids == sorted(ids)
    assert re.fullmatch(r"20261123T140300Z-[0-9a-f]{4}", ids[0])


def test_modes_are_private(journal: Journal) -> None:
    old = os.umask(0)
    try:
        fill(journal)
    finally:
        os.umask(old)
    assert journal.directory.stat().st_mode & 0o777 == 0o700
    assert journal.path.stat().st_mode & 0o777 == 0o600
    head = journal.directory / "journal.head"
    assert head.stat().st_mode & 0o777 == 0o600
    head.chmod(0o644)  # as an earlier release, and a crash in it, have left them
    (journal.directory / "journal.new").write_bytes(b"torn")
    journal.append("op-1", "prod-1", "step-done", step=0)
    assert head.stat().st_mode & 0o777 == 0o600
    assert journal.verify().broken == 0


def test_what_was_appended_is_read_back(journal: Journal) -> None:
    journal.append("op-1", "prod-1", "begin", plan={"a": 1})
    journal.append("op-2", "prod-2", "begin")
    journal.append("op-1", "prod-1", "end", outcome="done")
    assert [record.record for record in journal.story("op-1")] == ["begin", "end"]
    assert journal.story("op-1")[0].data["plan"] == {"a": 1}
    assert [record.id for record in journal.entries("prod-2")] == ["op-2"]
    assert journal.unfinished("prod-1") == ()
    assert journal.unfinished("prod-2") == ("op-2",)


def test_an_untouched_journal_verifies(journal: Journal) -> None:
    assert journal.verify().broken == 0
    fill(journal)
    assert journal.verify().lines == 5
    assert journal.verify().broken == 0


@pytest.mark.parametrize("number", range(5))
def test_an_altered_line_shows(journal: Journal, number: int) -> None:
    lines = fill(journal)
    lines[number] = lines[number].replace(b'"step":%d' % number, b'"step":9')
    journal.path.write_bytes(b"\n".join(lines) + b"\n")
    assert journal.verify().broken in {number + 1, number + 2}


@pytest.mark.parametrize("number", range(5))
def test_a_removed_line_shows(journal: Journal, number: int) -> None:
    lines = fill(journal)
    del lines[number]
    journal.path.write_bytes(b"\n".join(lines) + b"\n")
    assert journal.verify().broken == number + 1


def test_a_removed_tail_shows_even_after_the_next_line(journal: Journal) -> None:
    lines = fill(journal)
    journal.path.write_bytes(b"\n".join(lines[:2]) + b"\n")
    journal.append("op-2", "prod-1", "begin")
    assert journal.verify().broken == 3
    assert "removed" in journal.verify().why


def test_a_removed_journal_shows(journal: Journal) -> None:
    fill(journal)
    journal.path.unlink()
    assert journal.verify().broken == 1
    fill(journal)
    assert journal.verify().broken == 1


def test_a_line_replaced_by_rubbish_shows(journal: Journal) -> None:
    lines = fill(journal)
    lines[2] = b"rubbish"
    journal.path.write_bytes(b"\n".join(lines) + b"\n")
    assert journal.verify().broken == 4


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 60))
def test_a_torn_last_line_is_counted_closed_and_no_break(
    tmp_path_factory: pytest.TempPathFactory, cut: int, again: int
) -> None:
    """A crash in the middle of a write, and another one in the middle of the write after it."""
    journal = Journal(tmp_path_factory.mktemp("torn"))
    fill(journal, 2)
    for size in (cut, again):
        journal.append("op-9", "prod-1", "begin")
        data = journal.path.read_bytes()
        last = data.rstrip(b"\n").rfind(b"\n") + 1
        kept = min(size, len(data) - last - 2)
        journal.path.write_bytes(data[: last + kept])
        # a killed writer never reached the head either
        (journal.directory / "journal.head").unlink()
    assert journal.verify().broken == 0
    torn = journal.torn()
    assert torn in {1, 2}
    journal.append("op-2", "prod-1", "begin")
    assert journal.verify().broken == 0
    assert journal.torn() == torn
    assert [record.id for record in journal.entries()][-1] == "op-2"
    assert all(line.startswith(b"{") for line in journal.path.read_bytes().splitlines())


def test_large_lines_do_not_break_the_chain(journal: Journal) -> None:
    for _ in range(3):
        journal.append("op-1", "prod-1", "begin", plan="x" * 300_000)
    assert journal.verify().broken == 0


def test_processes_appending_together_keep_the_chain(journal: Journal) -> None:
    script = (
        "import sys; from pathlib import Path; from gbtui.guard.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for n in range(25): journal.append(sys.argv[2], 'h', 'step-begin', step=n)\n"
    )
    argv = [sys.executable, "-c", script, str(journal.directory)]
    running = [subprocess.Popen([*argv, f"op-{n}"]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert journal.verify().lines == 75
    assert journal.verify().broken == 0
    for n in range(3):
        assert [record.data["step"] for record in journal.story(f"op-{n}")] == list(range(25))


def test_a_journal_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    with pytest.raises(Refused, match="journal"):
        Journal(tmp_path / "state").ready()


def test_a_full_disk_refuses(tmp_path: Path) -> None:
    """/dev/full is a real device that has no space left."""
    (tmp_path / "journal.jsonl").symlink_to("/dev/full")
    with pytest.raises(Refused, match="No space left"):
        Journal(tmp_path).append("op-1", "h", "begin")


@pytest.fixture
def small(tmp_path: Path) -> Journal:
    """A journal whose files are full after a few lines."""
    return Journal(tmp_path / "state", limit=1500)


def names(journal: Journal) -> list[str]:
    return sorted(path.name for path in journal.directory.glob("*.jsonl"))


def test_full_files_are_put_aside_and_read_as_one(small: Journal) -> None:
    small.append("op-0", "prod-1", "begin")
    fill(small, 20)
    small.append("op-9", "prod-1", "begin")
    assert len(names(small)) >= 3
    assert names(small)[:2] == ["journal-0001.jsonl", "journal-0002.jsonl"]
    assert [record.data["step"] for record in small.story("op-1")] == list(range(20))
    assert small.unfinished("prod-1") == ("op-0", "op-9")
    assert len(small.entries()) == small.verify().lines == 22
    assert small.verify().broken == 0
    for path in small.directory.glob("*.jsonl"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size < 1500 + 400
    first = json.loads((small.directory / "journal-0002.jsonl").read_bytes().splitlines()[0])
    last = (small.directory / "journal-0001.jsonl").read_bytes().splitlines()[-1]
    assert first["prev"] == sha256(last)


def test_eight_mebibytes_are_full() -> None:
    assert LIMIT == 8 * 1024 * 1024


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_file_shows(small: Journal, number: int) -> None:
    fill(small, 30)
    assert len(names(small)) == 3 + 1
    (small.directory / f"journal-000{number}.jsonl").unlink()
    proof = small.verify()
    assert (proof.broken, proof.part) == (1, f"journal-000{number}.jsonl")
    assert "not there any more" in proof.why
    fill(small, 1)
    assert small.verify().broken


def test_the_last_full_file_removed_shows(small: Journal) -> None:
    fill(small, 30)
    (small.directory / "journal-0003.jsonl").unlink()
    assert small.verify().part == "journal.jsonl"
    small.path.unlink()
    fill(small, 1)
    assert small.verify().broken


def test_a_line_altered_in_a_full_file_shows_with_its_file(small: Journal) -> None:
    fill(small, 20)
    path = small.directory / "journal-0002.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0].replace(b"prod-1", b"prod-2"), *lines[1:]]) + b"\n")
    proof = small.verify()
    assert proof.part == "journal-0002.jsonl"
    assert "not the one written" in proof.why


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=25), st.integers(1, 30))
def test_whatever_the_sizes_the_chain_goes_over_the_seams(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cut: int
) -> None:
    journal = Journal(tmp_path_factory.mktemp("parts"), limit=700)
    for size in sizes:
        journal.append("op-1", "h", "step-done", output="x" * size)
    whole = len(journal.entries())
    assert (whole, journal.verify().broken) == (len(sizes), 0)
    data = journal.path.read_bytes()
    journal.path.write_bytes(data[:-cut] if cut < len(data.splitlines()[-1]) else data)
    (journal.directory / "journal.head").unlink()
    for _ in range(3):  # torn at the end of one file, closed by the first line of the next
        journal.append("op-2", "h", "begin", output="y" * 300)
    assert journal.verify().broken == 0
    assert len(journal.story("op-2")) == 3


def test_processes_put_files_aside_together(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from gbtui.guard.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), limit=1000)\n"
        "for n in range(25): journal.append(sys.argv[2], 'h', 'step-begin', step=n)\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "state")]
    running = [subprocess.Popen([*argv, f"op-{n}"]) for n in range(3)]
    journal = Journal(tmp_path / "state")
    while any(process.poll() is None for process in running):
        assert journal.verify().broken == 0, "also while others write"
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (journal.verify().lines, journal.verify().broken) == (75, 0)
    assert len(names(journal)) > 5


def test_a_failed_write_leaves_nothing_of_its_line(tmp_path: Path) -> None:
    """A real limit of the kernel: the file may not grow beyond it, in the middle of a line."""
    journal = Journal(tmp_path)
    fill(journal, 2)
    before = journal.path.read_bytes()
    script = (
        "import resource, sys; from pathlib import Path; from gbtui.guard.journal import Journal\n"
        "from gbtui.errors import Refused\n"
        "journal = Journal(Path(sys.argv[1])); size = journal.path.stat().st_size + 50\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try: journal.append('op-2', 'h', 'begin', plan='x' * 500)\n"
        "except Refused as error: print(error)\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, timeout=60, check=True)
    assert b"nothing is changed without a journal" in done.stdout
    assert b"File too large" in done.stdout
    assert journal.path.read_bytes() == before
    fill(journal, 1)
    assert (journal.verify().broken, journal.torn()) == (0, 0)


def test_a_disk_as_good_as_full_refuses_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parts, "room", lambda _: 100 * 1024)
    with pytest.raises(Refused, match="only 100 KiB are free"):
        Journal(tmp_path).ready()


def test_secrets_are_masked_but_a_plan_is_kept_exactly(journal: Journal) -> None:
    told = {"output": "VAULT_TOKEN=hvs.abc", "deep": [{"message": "password: x1"}], "step": 3}
    journal.append("op-1", "h", "step-done", plan={"argv": ["token=abc"]}, **told)
    data = journal.entries()[0].data
    assert data["output"] == "VAULT_TOKEN=***"
    assert data["deep"] == [{"message": "password: ***"}]
    assert (data["step"], data["plan"]) == (3, {"argv": ["token=abc"]})


def test_lines_carry_utc_times(journal: Journal) -> None:
    line = json.loads(fill(journal, 1)[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["at"])
    assert line["prev"] == "0" * 64
