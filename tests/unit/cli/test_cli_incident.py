"""`gbtui incident`: begun, noted on, read, exported and ended, every command a start of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gbtui.cli import main
from gbtui.demo.host import DemoHost


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoHost:
    """One simulated host for all commands of a test; nobody's configuration and state but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    made = DemoHost(faults=("valkey-loopback",))
    monkeypatch.setattr("gbtui.cli.opening._adapter", lambda chosen, drill: made)
    return made


class Typed:
    """A command line, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        ended = main(["--demo", "incident", *words])
        said = self._capsys.readouterr()
        assert ended == status, said.err
        return said.out if status == 0 else said.err


@pytest.fixture
def gbtui(capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(capsys)


def test_where_there_is_none_it_says_how_to_begin_one(gbtui: Typed) -> None:
    assert "gbtui incident begin TITLE begins one" in gbtui()
    assert json.loads(gbtui("--json")) == {"schema": 1, "incidents": []}
    assert "there is none" in gbtui("show", status=1)
    assert "none runs" in gbtui("note", "x", status=1)


def test_from_begin_to_export(gbtui: Typed, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    begun = json.loads(gbtui("begin", "Valkey", "times", "out", "--json"))["incident"]
    assert (begun["title"], begun["ended"], begun["entries"]) == ("Valkey times out", None, 1)
    gbtui("note", "os error 110 in the log, token=abc123 from 203.0.113.7")
    gbtui("milestone", "diagnosed")
    applied = ("apply", "firewall.accept-loopback", "container=acme-system", "--yes", "--keep")
    assert main(["--demo", *applied, "--acknowledge", "services-restart"]) == 0
    capsys.readouterr()
    gbtui("end", "a rule was put in by hand")
    shown = gbtui("show", begun["id"])
    assert "operation done: Accept loopback" in shown
    assert "acme-system $ iptables -w -I INPUT 1 -i lo -j ACCEPT" in shown
    file = tmp_path / "post-mortem.md"
    gbtui("export", begun["id"], "--output", str(file), "--hide-addresses")
    text = file.read_text("utf-8")
    assert text.startswith("# Valkey times out\n")
    assert "abc123" not in text
    assert "203.0.113.7" not in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert "name another file" in gbtui("export", "--output", str(file), status=2)
    rows = [json.loads(line) for line in gbtui("export", "--format", "jsonl").splitlines()]
    assert rows[0]["incident"]["summary"] == "a rule was put in by hand"
    assert [row["kind"] for row in rows[1:3]] == ["begin", "note"]
    assert begun["id"] in gbtui()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("milestone", "fixed"), "expected one of: diagnosed, repaired, verified"),
        (("note",), "no words given"),
        (("begin",), "no title given"),
        (("show", "../x"), "there is none"),
        (("frobnicate",), "invalid choice"),
    ],
)
def test_what_cannot_be_is_refused_in_words(gbtui: Typed, words: tuple[str, ...], said: str) -> None:
    gbtui("begin", "x") if words[0] != "begin" else None
    assert said in gbtui(*words, status=1 if words[0] == "show" else 2)
