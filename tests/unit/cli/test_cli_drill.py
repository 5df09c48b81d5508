"""`gbtui drill`: what can be practised, as words and as JSON; and where it cannot be opened."""

from __future__ import annotations

import json

import pytest

from gbtui.cli import main
from gbtui.runbooks.drills import drills


def test_every_drill_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill"]) == 0
    said = capsys.readouterr().out
    assert all(one.id in said and one.title in said for one in drills())
    assert main(["drill", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    wanted = {"id": "vault-sealed", "runbook": "vault-sealed", "items": [95]}
    (one,) = (row for row in found["drills"] if row["id"] == "vault-sealed")
    assert {key: one[key] for key in wanted} == wanted
    assert set(one) == {"id", "title", "runbook", "items"}


def test_one_drill_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "valkey-loopback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runbook"] == "valkey-timeout"


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [("nosuch", 2, "one of: "), ("valkey-loopback", 3, "this is no terminal")],
)
def test_what_cannot_be_practised_is_said(
    capsys: pytest.CaptureFixture[str], name: str, status: int, said: str
) -> None:
    assert main(["drill", name]) == status
    assert said in capsys.readouterr().err
