"""Promises about the library's own source that a linter cannot hold: one door for bytes, one for
processes, late imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "gbtui").rglob("*.py"))
#: msgspec decodes JSON bytes of the log; its strings are cleaned on the next line. The journal and
#: the configuration are the operator's own files. The demo host plays the host: its text goes out
#: as bytes, and what it decodes is what gbtui itself sent.
DECODERS = {"gbtui/text.py"}
STARTERS = {"gbtui/hosts/process.py"}


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, node.func.attr


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_bytes_become_text_through_one_door(path: Path) -> None:
    if name(path) in DECODERS or name(path).startswith("gbtui/demo/"):
        return
    found = [(number, called) for number, called in calls(path) if called == "decode"]
    allowed = [(n, c) for n, c in found if "one-door:" in path.read_text("utf-8").splitlines()[n - 1]]
    assert found == allowed, "bytes from a host become text in gbtui/text.py only"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_processes_start_in_one_place(path: Path) -> None:
    if name(path) in STARTERS:
        return
    starters = {
        "create_subprocess_exec",
        "create_subprocess_shell",
        "Popen",
        "posix_spawn",
        "fork",
        "execvp",
        "execv",
    }
    assert [(n, c) for n, c in calls(path) if c in starters] == []


@pytest.mark.parametrize("arguments", [["--version"], ["ops", "--json"], ["--help"]])
def test_small_answers_load_no_big_library(arguments: list[str], tmp_path: Path) -> None:
    import subprocess  # noqa: TID251 - a fresh interpreter is the only honest witness of what was imported

    script = (
        "import sys, gbtui.cli\n"
        "try:\n    gbtui.cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "big = {'textual', 'pylxd', 'asyncssh', 'requests', 'cryptography'}\n"
        "sys.exit(sorted(big & set(sys.modules)).__repr__() if big & set(sys.modules) else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
