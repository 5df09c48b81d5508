"""`gbtui drift`: looks, notes, prints; and the moments `--since` understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.cli import main
from gbtui.cli.drift import moment
from gbtui.errors import BadInput

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's configuration and state but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)


def test_the_first_look_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "drift"]) == 0
    assert "this was the first look" in capsys.readouterr().out
    assert main(["--demo", "drift", "--json", "--since", "7d"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"schema": 1, "host": "demo", "last_look": None, "changes": []}


def test_a_demo_leaves_nothing_behind(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    main(["--demo", "drift"])
    assert not (tmp_path / "state" / "drift").exists()


def test_what_since_understands() -> None:
    assert moment("6h", NOW) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert moment("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert moment("2026-11-20T10:00:00Z") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    for words in ("yesterday", "6", "-1d", "٣d"):
        with pytest.raises(BadInput, match="not a time"):
            moment(words)
