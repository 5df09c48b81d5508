"""Whose editor is opened, and what becomes of what it left."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import BadInput, Denied, Failed, MissingTool
from gbtui.hosts.editor import Draft, editor
from gbtui.hosts.process import attend_in_terminal


def programs(folder: Path, *names: str) -> str:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("variables", "argv"),
    [
        ({"VISUAL": "vim -n", "EDITOR": "nano"}, ("vim", "-n")),
        ({"VISUAL": " ", "EDITOR": "nano -w 'a b'"}, ("nano", "-w", "a b")),
        ({"EDITOR": "vim -c 'set ft=conf; $(id)'"}, ("vim", "-c", "set ft=conf; $(id)")),
        ({}, ("sensible-editor",)),
    ],
)
def test_visual_then_editor_then_what_is_there(
    tmp_path: Path, variables: dict[str, str], argv: tuple[str, ...]
) -> None:
    path = programs(tmp_path / "bin", "vim", "nano", "vi", "sensible-editor")
    assert editor({**variables, "PATH": path}) == argv


def test_the_next_one_where_one_is_missing(tmp_path: Path) -> None:
    assert editor({"PATH": programs(tmp_path / "a", "vi", "nano")}) == ("nano",)
    assert editor({"PATH": programs(tmp_path / "b", "vi")}) == ("vi",)
    with pytest.raises(MissingTool, match="set EDITOR"):
        editor({"PATH": str(tmp_path)})
    with pytest.raises(MissingTool, match="emacs is not installed"):
        editor({"EDITOR": "emacs -nw", "PATH": programs(tmp_path / "c", "vi")})
    with pytest.raises(BadInput, match="EDITOR"):
        editor({"EDITOR": "vim 'x"})


@given(st.binary(min_size=1).filter(lambda data: bool(data.strip())))
def test_an_unchanged_text_is_told_byte_by_byte(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    state = tmp_path_factory.mktemp("state")
    draft = Draft.begin(state, "config", data)
    assert draft.path.read_bytes() == data
    assert draft.read(0, 1 << 20) is None
    assert not any((state / "edited").iterdir())


async def test_the_file_is_the_operators_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        draft = Draft.begin(tmp_path / "state", "config", b"a\r\n\xff\0")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (draft.path, *draft.path.parents[:3])]
    assert modes == [0o600, 0o700, 0o700, 0o700]
    status = await attend_in_terminal(
        ("sh", "-c", 'printf more >>"$1"; chmod 644 "$1"', "sh", str(draft.path))
    )
    assert draft.read(status, 1 << 20) == b"a\r\n\xff\0more"
    assert stat.S_IMODE(draft.path.stat().st_mode) == 0o600
    draft.drop()
    assert not draft.path.parent.exists()


def test_work_is_kept_when_the_editor_fails(tmp_path: Path) -> None:
    draft = Draft.begin(tmp_path, "config", b"old")
    draft.path.write_bytes(b"new")
    with pytest.raises(Failed, match=f"status 1.*kept in {draft.path}"):
        draft.read(1, 100)
    with pytest.raises(Failed, match="more than 2 bytes"):
        draft.read(0, 2)
    assert draft.path.read_bytes() == b"new"


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(Denied, match="GBTUI_STATE"):
        Draft.begin(tmp_path / "state", "config", b"x")
