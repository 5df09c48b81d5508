"""`gbtui check`, `waive` and `waivers`: exit statuses, the textfile, and what is accepted for a while."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gbtui.cli import main
from tests.exposition import parse

STOPPED = ("--drill", "container-stop", "check", "containers.running")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's configuration and state but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LXD_DIR", str(tmp_path / "no-lxd"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    monkeypatch.setenv("GBTUI_WAIVERS", str(tmp_path / "waivers.toml"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def waive(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    given = ("--reason", "moved away", "--by", "alice", "--until", "2999-12-31")
    return run(capsys, "--demo", "waive", "containers.running", "acme-webmail", *given, *more)


def test_findings_and_none(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, *STOPPED)
    assert status == 1
    assert "✖ acme-webmail: Roundcube" in out
    assert "gbtui plan containers.start container=acme-webmail" in out
    status, out, _ = run(capsys, "--demo", "check", "containers.running")
    assert (status, out.splitlines()[0]) == (0, "● everything is as the guide says")


def test_a_waived_finding_is_none_and_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert waive(capsys)[0] == 0
    status, out, _ = run(capsys, *STOPPED, "--json")
    found = json.loads(out)
    assert (status, found["findings"]) == (0, [])
    assert found["waived"][0]["waiver"] == "moved away (alice, until 2999-12-31)"
    status, out, _ = run(capsys, "waivers", "--json")
    assert [(one["subject"], one["state"], one["host"]) for one in json.loads(out)["waivers"]] == [
        ("acme-webmail", "holds", "demo")
    ]


def test_an_expired_one_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    waive(capsys)
    file = tmp_path / "waivers.toml"
    file.write_text(file.read_text().replace("2999-12-31", "2026-01-31"))
    status, out, _ = run(capsys, *STOPPED)
    assert status == 1
    assert "the waiver expired: moved away (alice, until 2026-01-31)" in out
    assert "expired" in run(capsys, "waivers")[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--until", "2020-01-01"), "it is over"),
        (("--until", "soon"), "not a day"),
        (("--reason", " "), "wrong type or empty"),
    ],
)
def test_a_waiver_without_sense_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, str], says: str
) -> None:
    status, _, err = waive(capsys, *words)
    assert status == 2
    assert says in err
    assert not (tmp_path / "waivers.toml").exists()


def test_no_such_check_and_no_place_to_keep_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = run(capsys, "--demo", "waive", "no.such", "x", "--reason", "r", "--until", "2999-01-01")
    assert unknown[0] == 2
    assert "no check is named so" in unknown[2]
    monkeypatch.delenv("GBTUI_WAIVERS")
    assert "GBTUI_WAIVERS" in waive(capsys)[2]


def test_a_bad_file_of_waivers_is_refused_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "waivers.toml").write_text('[[waiver]]\ncheck = "a.b"\nwho = "x"\n')
    status, _, err = run(capsys, *STOPPED)
    assert status == 2
    assert "line 3: who: unknown key" in err


def test_the_textfile_is_printed_or_replaced_as_a_whole(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = run(capsys, *STOPPED, "--prometheus")
    assert status == 1
    assert len(parse(out)["gbtui_finding"].series) == 1
    file = tmp_path / "gbtui.prom"
    file.write_text("old")
    status, out, _ = run(capsys, *STOPPED, "--prometheus", "--output", str(file))
    assert (status, out) == (1, "")
    assert parse(file.read_text())["gbtui_check_success"].series
    assert [name for name in os.listdir(tmp_path) if "prom" in name] == ["gbtui.prom"]  # noqa: PTH208 - hidden ones, too


def test_a_host_that_is_not_reached_does_not_leave_the_last_good_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "gbtui.prom"
    words = ("--host", "ssh://ops@127.0.0.1:1", "check", "--prometheus", "--output", str(file))
    assert run(capsys, *words)[0] == 2
    assert list(parse(file.read_text())["gbtui_check_success"].series.values()) == [0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--prometheus", "--json"), "two formats"),
        (("--output", "/tmp/x"), "only --prometheus"),
        (("--prometheus", "--output", "/no/such/folder/x.prom"), "/no/such/folder"),
    ],
)
def test_what_does_not_go_together_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    status, _, err = run(capsys, *STOPPED, *words)
    assert status == 2
    assert says in err
