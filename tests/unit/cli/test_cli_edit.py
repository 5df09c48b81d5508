"""`gbtui edit proxy` on the demo host, with a real program as the editor."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gbtui.cli import main

SITE = "http://new.acme.example {\\n\\trespond new\\n}\\n"
Edit = Callable[..., tuple[int, str, str]]
APPEND = f"printf '{SITE}' >>\"$1\""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's configuration and journal but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    return tmp_path / "state"


@pytest.fixture
def edit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Edit:
    """Runs the command with an editor whose script is given first."""

    def ran(body: str, *words: str) -> tuple[int, str, str]:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(path))
        status = main(["--demo", "edit", "proxy", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return ran


def kept(state: Path) -> list[Path]:
    return [p for p in (state / "edited").rglob("*") if p.is_file() and p.suffix != ".before"]


def test_an_edit_is_applied_and_its_file_goes(edit: Edit, state: Path) -> None:
    status, out, err = edit(APPEND, "--yes")
    assert (status, err) == (0, ""), err
    assert "+1 −0 ~0 vhosts: + new.acme.example" in out
    assert "done and verified" in out
    assert not kept(state)


def test_what_is_unchanged_says_so(edit: Edit, state: Path) -> None:
    status, out, _ = edit("touch -- $1", "--yes")
    assert (status, "nothing was changed" in out) == (0, True)
    assert not kept(state)
    status, out, _ = edit("true", "--json")
    assert json.loads(out)["outcome"]["result"] == "noop"


def test_what_is_refused_is_kept_and_can_be_gone_on_with(edit: Edit, state: Path) -> None:
    cut = 'sed -i "/^cdn.acme.example {/,/^}/d" "$1"; chmod 644 "$1"'
    status, _, err = edit(cut, "--yes")
    (path,) = kept(state)
    assert status == 3
    assert "domain=cdn.acme.example" in err
    assert f"gbtui apply proxy.apply-config file={path}" in err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    more = ["apply", "proxy.apply-config", f"file={path}", "domain=cdn.acme.example", "--yes"]
    assert main(["--demo", *more]) == 0
    assert edit(cut, "domain=cdn.acme.example", "--yes")[0] == 0
    assert kept(state) == [path]


def test_a_kept_text_is_held_to_what_it_was_made_from(
    edit: Edit, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Gone on with later: where somebody else has changed the file meanwhile, it is refused."""
    assert edit(APPEND)[0] == 3
    (path,) = kept(state)
    before = path.with_name("config.before")
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(before.read_bytes())
    words = ["--demo", "plan", "proxy.apply-config", f"file={path}"]
    assert main(words) == 0
    before.write_bytes(before.read_bytes().replace(b"cdn.acme", b"cdn2.acme"))
    assert main(words) == 3
    assert "somebody else has changed the file" in capsys.readouterr().out
    copy = state / "copy"
    copy.write_bytes(path.read_bytes())
    assert main([*words[:-1], f"file={copy}"]) == 0


def test_without_an_approval_the_text_is_kept(edit: Edit, state: Path) -> None:
    status, out, _ = edit(APPEND, "--json")
    (path,) = kept(state)
    assert (status, f"kept in {path}" in out) == (3, True)


@pytest.mark.parametrize(
    "case",
    [
        ("exit 3", (), 1, "it ended with status 3"),
        ("kill -KILL $$", (), 1, "it ended with status 137"),
        (': >"$1"', (), 1, "it left an empty file"),
        ('rm "$1"', (), 1, "it left no file"),
        (f"touch {{opened}}; {APPEND}", ("--read-only",), 3, "read-only"),
        ("touch {opened}", ("domain=-x",), 2, "expected NAME,NAME"),
        ("touch {opened}", ("file=/etc/passwd",), 2, "no parameter 'file'"),
        ("touch {opened}", ("container=acme-nothing",), 3, "acme-nothing"),
        ("touch {opened}", ("container=acme-system",), 1, "it is not there"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    edit: Edit,
    tmp_path: Path,
    state: Path,
    case: tuple[str, tuple[str, ...], int, str],
) -> None:
    body, words, status, said = case
    body = body.replace("{opened}", str(tmp_path / "opened"))
    found, out, err = edit(body, *words)
    assert (found, said in err) == (status, True), out + err
    assert not (tmp_path / "opened").exists(), "refused before the editor opens"
    assert len(err.strip().splitlines()) == 1
    assert not kept(state)


def test_only_what_can_be_edited_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "edit", "firewall"]) == 2
    assert "proxy" in capsys.readouterr().err
