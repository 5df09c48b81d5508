"""Batches: any bytes go in and come out; a batch that is not whole is refused."""

from __future__ import annotations

import asyncio
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbtui.config import HostConfig
from gbtui.errors import BadInput, Malformed
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.batch import ARGUMENT_LIMIT, Batch, compose, split
from gbtui.hosts.local import LocalHost

MARK = "0123456789abcdef0123456789abcdef"
sections = st.lists(st.tuples(st.binary(), st.binary(), st.integers(0, 255)), max_size=6)


def printed(parts: list[tuple[bytes, bytes, int]], mark: str = MARK) -> tuple[bytes, bytes]:
    """What the script of a batch prints for commands that say `parts`."""
    out = b"".join(o + f"{mark}:{n}:{s}\n".encode() for n, (o, _, s) in enumerate(parts))
    err = b"".join(e + f"{mark}:{n}:{s}\n".encode() for n, (_, e, s) in enumerate(parts))
    return out, err


def whole(batch: Batch, out: bytes, err: bytes) -> Completed:
    return Completed(batch.on_host(), 0, out, err, 0.1)


@given(sections)
def test_split_gives_back_the_exact_bytes(parts: list[tuple[bytes, bytes, int]]) -> None:
    batch = compose([Command(("x",))] * len(parts), boundary=MARK)
    results = split(batch, whole(batch, *printed(parts)))
    assert [(r.stdout, r.stderr, r.status) for r in results] == parts


@given(sections.filter(bool), st.data())
def test_output_that_was_cut_is_malformed(parts: list[tuple[bytes, bytes, int]], data: st.DataObject) -> None:
    batch = compose([Command(("x",))] * len(parts), boundary=MARK)
    out, err = printed(parts)
    cut = data.draw(st.integers(0, len(out) - 1))
    with pytest.raises(Malformed):
        split(batch, whole(batch, out[:cut], err))


@given(sections.filter(lambda parts: len(parts) > 1))
def test_a_boundary_too_many_is_malformed(parts: list[tuple[bytes, bytes, int]]) -> None:
    batch = compose([Command(("x",))] * (len(parts) - 1), boundary=MARK)
    with pytest.raises(Malformed):
        split(batch, whole(batch, *printed(parts)))


@pytest.mark.parametrize("forged", [MARK, f"{MARK}:0:0\n", f"{MARK}:1:0\n", f"{MARK}:9:9"])
def test_a_forged_boundary_is_malformed(forged: str) -> None:
    batch = compose([Command(("x",))] * 2, boundary=MARK)
    out, err = printed([(forged.encode(), b"", 0), (b"", b"", 0)])
    with pytest.raises(Malformed):
        split(batch, whole(batch, out, err))


def test_statuses_must_agree() -> None:
    batch = compose([Command(("x",))], boundary=MARK)
    out, _ = printed([(b"", b"", 0)])
    _, err = printed([(b"", b"", 1)])
    with pytest.raises(Malformed, match="two statuses"):
        split(batch, whole(batch, out, err))


def test_the_boundary_is_random_and_not_in_the_script() -> None:
    first, second = compose([Command(("x",))]), compose([Command(("x",))])
    assert first.boundary != second.boundary
    assert len(first.boundary) == 32
    assert first.boundary not in first.script


async def test_a_script_cut_off_on_its_way_runs_nothing(local: LocalHost) -> None:
    batch = compose([Command(("echo", "ran"))] * 3)

    async def run(script: str) -> Completed:
        return await local.run(Command(("sh", "-s"), stdin=script.encode()))

    for length in range(2, len(batch.script) - 2):
        if length % 17 == 0:
            done = await run(batch.script[:length])
            assert b"ran" not in done.stdout


words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@settings(max_examples=40)
@given(st.lists(st.lists(words, max_size=4), max_size=4))
def test_arguments_survive_the_shell(arguments: list[list[str]]) -> None:
    commands = [Command(("printf", "%s|", *words)) for words in arguments]

    async def run() -> tuple[Completed, ...]:
        host = LocalHost(HostConfig("local", "local"))
        return await host.run_many(commands)

    for result, words in zip(asyncio.run(run()), arguments, strict=True):
        assert result.stdout.decode() == "".join(f"{word}|" for word in words) or not words


def test_sudo_stands_before_timeout_and_only_for_root() -> None:
    script = compose([Command(("id",), root=True), Command(("id",))], sudo=True).script
    lines = [shlex.split(line) for line in script.splitlines() if "timeout" in line]
    assert lines[0][:5] == ["sudo", "-n", "--", "timeout", "-k"]
    assert lines[1][:2] == ["timeout", "-k"]


LETS = 'shift 2; echo "$1" >>"$0.ran"; exec "$@"'
NO_SHELL = (
    'shift 2; echo "$1" >>"$0.ran"; [ "$1" != sh ] || { echo "sudo: not allowed" >&2; exit 1; }; exec "$@"'
)
REFUSES = 'echo "sudo: a password is required" >&2; exit 1'
ROOTS = [Command(("printf", "%s", f"it's\n{word} $b"), root=True) for word in "abcd"]
OURS = Command(("sh", "-c", "printf mine; printf words >&2; exit 3"))


@pytest.mark.parametrize(
    ("sudo", "started", "statuses"),
    [
        (LETS, ["sh", "sh"], [0, 0, 0, 0, 3]),
        (NO_SHELL, ["sh", *["timeout"] * 4], [0, 0, 0, 0, 3]),
        (REFUSES, [], [1, 1, 1, 1, 3]),
    ],
)
async def test_one_sudo_does_for_a_row_of_roots_commands_where_it_allows_a_shell(
    sudo: str, started: list[str], statuses: list[int], tmp_path: Path, local: LocalHost
) -> None:
    program = tmp_path / "sudo"
    await asyncio.to_thread(program.write_text, f"#!/bin/sh\n{sudo}\n")
    await asyncio.to_thread(program.chmod, 0o755)
    batch = compose([*ROOTS, OURS], sudo=True)
    command = replace(batch.on_host(), argv=("env", f"PATH={tmp_path}:{os.environ['PATH']}", "sh", "-s"))
    done = split(batch, await local.run(command))
    assert [one.status for one in done] == statuses
    assert (done[-1].stdout, done[-1].stderr) == (b"mine", b"words")
    for one, word in zip(done, "abcd", strict=False):
        assert one.stdout == (f"it's\n{word} $b".encode() if one.ok else b"")
        assert (b"a password is required" in one.stderr) == (sudo is REFUSES), "each says why"
    ran = tmp_path / "sudo.ran"
    assert (ran.read_text().split() if ran.exists() else []) == started


def test_few_commands_of_roots_have_a_sudo_each() -> None:
    assert "sh -s" not in compose([*ROOTS[:2], OURS, *ROOTS[:2]], sudo=True).script
    assert "sudo" not in compose(ROOTS).script


def test_what_a_batch_cannot_do_is_refused() -> None:
    with pytest.raises(BadInput, match="stdin"):
        compose([Command(("cat",), stdin=b"x")])
    with pytest.raises(BadInput, match="bytes"):
        compose([Command(("echo", "x" * ARGUMENT_LIMIT))]).in_shell()
