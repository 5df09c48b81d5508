"""The script that replaces a file: all or nothing, owner and mode kept."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.errors import BadInput, Failed, Malformed, NotFound
from gbtui.hosts.base import Command
from gbtui.hosts.files import read_command, write_command
from gbtui.hosts.local import LocalHost
from tests.unit.hosts.support import names_and_modes, owner, processes, until


async def test_an_existing_file_keeps_owner_and_mode(local: LocalHost, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"old")
    file.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(file, 1234, 2345)
    before = owner(file)
    await local.write(str(file), b"new", mode=0o777)
    assert file.read_bytes() == b"new"
    assert names_and_modes(tmp_path) == {"config": 0o604}
    assert owner(file) == before


async def test_a_new_file_is_private_unless_told(local: LocalHost, tmp_path: Path) -> None:
    await local.write(str(tmp_path / "a"), b"")
    await local.write(str(tmp_path / "b"), b"x", mode=0o644)
    assert names_and_modes(tmp_path) == {"a": 0o600, "b": 0o644}


async def test_a_link_stays_a_link(local: LocalHost, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to("target")
    await local.write(str(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


async def test_half_a_file_is_never_installed(local: LocalHost, tmp_path: Path) -> None:
    file = tmp_path / "rules"
    file.write_bytes(b"old")
    command = write_command(str(file), b"0123456789")
    done = await local.run(replace(command, root=False, stdin=b"01234"))
    assert not done.ok
    assert b"received 5 of 10 bytes" in done.stderr
    assert file.read_bytes() == b"old"
    assert list(names_and_modes(tmp_path)) == ["rules"]


async def test_a_write_that_is_ended_leaves_no_temporary_file(
    local: LocalHost, tmp_path: Path, marker: str
) -> None:
    file = tmp_path / marker
    file.write_bytes(b"old")
    command = replace(write_command(str(file), b"new"), stdin=b"ne", hold_stdin=True, root=False)
    async with local.stream(command):
        await until(lambda: len(names_and_modes(tmp_path)) == 2)
    assert processes(marker) == []
    assert names_and_modes(tmp_path).keys() == {marker}
    assert file.read_bytes() == b"old"


async def test_what_cannot_be_written_has_words(local: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await local.write(str(tmp_path / "no" / "file"), b"x")
    with pytest.raises(Failed, match="not a regular file"):
        await local.write(str(tmp_path), b"x")
    (tmp_path / "link").symlink_to(tmp_path / "no" / "where" / "at" / "all")
    with pytest.raises(Failed, match="dangling"):
        await local.write(str(tmp_path / "link"), b"x")


async def test_reading_is_bounded(local: LocalHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1000)
    assert await local.read(str(tmp_path / "file"), limit=1000) == b"x" * 1000
    with pytest.raises(Malformed, match="999"):
        await local.read(str(tmp_path / "file"), limit=999)


@pytest.mark.parametrize("path", ["relative", "", "/", "/folder/", "/a\0b", "/a\nb"])
def test_paths_are_plain_and_absolute(path: str) -> None:
    with pytest.raises(BadInput):
        read_command(path, limit=1)
    with pytest.raises(BadInput):
        write_command(path, b"")


def test_in_a_container_it_is_the_same_command() -> None:
    command = read_command("/etc/hosts", instance="acme-dns", limit=5)
    assert command == Command(
        ("lxc", "exec", "acme-dns", "--mode=non-interactive", "--", "cat", "--", "/etc/hosts"),
        timeout=command.timeout,
        limit=5,
    )
    assert write_command("/x", b"data", instance="acme-dns").stdin == b"data"
    with pytest.raises(BadInput):
        write_command("/x", b"", mode=0o10000)
