"""The command line on the demo host: documented shapes, exit statuses, words on stderr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gbtui.cli import main
from gbtui.cli.parser import parse
from gbtui.errors import BadInput

OPERATION, CONTAINER = "firewall.accept-loopback", "container=acme-system"
READ = ("--acknowledge", "services-restart")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's configuration and journal but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LXD_DIR", str(tmp_path / "no-lxd"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    status, out, err = run(capsys, "--demo", *words, "--json")
    assert status == 0, err
    found = json.loads(out)
    assert found["schema"] == 1
    return found


@pytest.mark.parametrize(
    ("subject", "key", "fields"),
    [
        (
            "containers",
            "containers",
            {"name", "tenant", "role", "state", "privileged", "ipv4", "devices", "snapshots"},
        ),
        ("snapshots", "snapshots", {"dataset", "name", "owner", "used", "referenced", "created", "holds"}),
        ("firewall", "chains", {"where", "table", "chain", "policy", "rules"}),
        ("log", "entries", {"status", "method", "host", "uri"}),
        ("bans", "jails", {"where", "jail", "banned"}),
    ],
)
def test_show_has_the_documented_shape(
    capsys: pytest.CaptureFixture[str], subject: str, key: str, fields: set[str]
) -> None:
    found = document(capsys, "show", subject)
    assert found["host"] == "demo"
    assert found["taken_at"].endswith("Z")
    assert found[key]
    assert fields <= set(found[key][0])


@pytest.mark.parametrize("subject", ["containers", "snapshots", "firewall", "log", "bans"])
def test_show_in_words_names_what_it_shows(capsys: pytest.CaptureFixture[str], subject: str) -> None:
    status, out, _ = run(capsys, "show", subject, "--demo")
    assert status == 0
    assert len(out.splitlines()) > 3


def test_global_options_go_before_or_after_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    before = run(capsys, "--demo", "--json", "show", "containers")
    after = run(capsys, "show", "containers", "--demo", "--json")
    assert json.loads(before[1])["containers"][0]["name"] == json.loads(after[1])["containers"][0]["name"]


def test_ops_says_of_each_what_it_wants_and_what_guards_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = run(capsys, "ops", "accept-loop")
    assert status == 0
    assert said.startswith("firewall.accept-loopback")
    assert "container=NAME of a container" in said
    assert "guards: instance-runs, loopback-not-first" in said
    assert "services-restart" in said
    assert max(map(len, said.splitlines())) <= 110
    only = json.loads(run(capsys, "ops", "accept-loop", "--json")[1])["operations"]
    assert [operation["id"] for operation in only] == ["firewall.accept-loopback"]
    status, said, wrong = run(capsys, "ops", "accept-lopback")
    assert (status, said) == (2, "")
    assert "did you mean firewall.accept-loopback?" in wrong


def test_operations_are_listed_with_their_guards(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "ops", "--json")[1])
    ids = {operation["id"]: operation for operation in found["operations"]}
    assert ids[OPERATION]["guards"]
    assert all(guard["items"] for guard in ids[OPERATION]["guards"])


def test_a_plan_is_whole_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--drill", "valkey-loopback", "plan", OPERATION, CONTAINER, "--json")
    plan = json.loads(out)
    assert (status, plan["operation"], plan["schema"]) == (0, OPERATION, 1)
    assert plan["fingerprint"]
    assert {"where", "does", "undo"} <= set(plan["steps"][0])
    assert (plan["target"], "cut off again" in plan["undo_warning"]) == ("acme-system", True)
    rule, saved, pong = plan["steps"][:3]
    assert rule["undo_commands"][0].endswith("-- iptables -w -D INPUT -i lo -j ACCEPT")
    assert (rule["done"]["where"], "Valkey" in rule["undo_dark"][0]) == ("acme-system", True)
    assert "-A INPUT -i lo -j ACCEPT" in rule["done"]["expects"]
    assert saved["undo_commands"] == saved["undo"]
    assert (pong["done"], pong["undo_commands"]) == (None, [])
    assert {"guard", "verdict", "reason", "items"} <= set(plan["verdicts"][0])
    assert json.loads(run(capsys, "journal", "--json")[1])["records"] == []


def test_a_step_without_an_undo_says_the_word(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("plan", "services.restart", CONTAINER)
    out = run(capsys, "--demo", *words)[1]
    assert "undo: irreversible: a restart cannot be taken back" in out
    assert "undo: nothing to undo" in out, "of a wait"
    steps = json.loads(run(capsys, "--demo", *words, "--json")[1])["steps"]
    assert {step["irreversible"] for step in steps} == {True, False}


def test_apply_repairs_and_the_journal_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(
        capsys,
        "--drill",
        "valkey-loopback",
        "apply",
        OPERATION,
        CONTAINER,
        "--yes",
        *READ,
        "--keep",
        "--json",
    )
    assert status == 0, err
    outcome = json.loads(out)["outcome"]
    assert (outcome["result"], outcome["armed_until"]) == ("done", None)
    story = run(capsys, "journal", outcome["id"])[1]
    assert "step-done" in story
    assert run(capsys, "journal", "--verify")[0] == 0


def test_a_warning_is_acknowledged_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    """--yes alone approves the plan, and not what a guard warns of."""
    words = ("--drill", "valkey-loopback", "apply", OPERATION, CONTAINER, "--keep")
    for more in (("--yes",), ("--yes", "--acknowledge", "another,and-another")):
        status, _, err = run(capsys, *words, *more)
        assert status == 3
        assert "a warning was not acknowledged: services-restart: " in err
        assert "--acknowledge services-restart says that it was read" in err
    status, out, _ = run(capsys, *words, "--json")
    outcome = json.loads(out)["outcome"]
    assert (status, outcome["result"], outcome["unacknowledged"]) == (3, "declined", ["services-restart"])
    assert json.loads(run(capsys, "journal", "--json")[1])["records"] == []
    for name in ("services-restart", "other, services-restart"):
        assert run(capsys, *words, "--yes", "--acknowledge", "x", "--acknowledge", name)[0] == 0


def test_a_refusal_that_has_an_id_is_an_error_too(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--drill", "valkey-loopback", "apply", OPERATION, CONTAINER, "--yes", *READ, "--keep", "--json"]
    op_id = json.loads(run(capsys, *words)[1])["outcome"]["id"]
    status, out, err = run(capsys, "--demo", "keep", op_id)
    assert (status, "nothing is armed" in out) == (3, False)
    assert "nothing is armed" in err


def test_apply_on_a_healthy_host_says_there_is_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--demo", "apply", OPERATION, CONTAINER, "--yes")
    assert status == 0
    assert "already right" in out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["frobnicate"], 2, "frobnicate"),
        (["show", "nonsense"], 2, "nonsense"),
        (["--demo", "show", "log", "--lines", "0"], 2, "1 to 50000"),
        (["--demo", "show", "firewall", "--where", "acme-nowhere"], 2, "acme-system"),
        (["--demo", "--tenant", "nobody", "show", "containers"], 2, "acme"),
        (["--drill", "nonsense", "show", "bans"], 2, "valkey-loopback"),
        (["--demo", "--host", "ssh://a@b", "show", "bans"], 2, "--host"),
        (["--demo", "plan", "firewall.acept-loopback"], 2, OPERATION),
        (["--demo", "plan", OPERATION, "container"], 2, "key=value"),
        (["--demo", "plan", OPERATION, CONTAINER, CONTAINER], 2, "twice"),
        (["--demo", "plan", OPERATION], 2, "container"),
        (["--drill", "valkey-loopback", "apply", OPERATION, CONTAINER], 3, "--yes"),
        (
            ["--drill", "valkey-loopback", "--read-only", "apply", OPERATION, CONTAINER, "--yes"],
            3,
            "read-only",
        ),
        (["show", "containers"], 5, "--demo"),
        (["--demo", "--read-only", "undo", "no-such-id", "--yes"], 1, "no-such-id"),
        (["journal", "no-such-id"], 1, "no-such-id"),
        (["--demo", "undo", "no-such-id", "--yes"], 1, "no-such-id"),
    ],
)
def test_bad_input_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    found, out, err = run(capsys, *words)
    assert found == status, out + err
    assert said in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_errors_are_json_too_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "--demo", "--tenant", "nobody", "show", "containers", "--json")
    error = json.loads(out)["error"]
    assert status == 2
    assert set(error) == {"kind", "message", "hint"}
    assert error["kind"] == "bad-input"
    assert err.startswith("gbtui: ")


@pytest.mark.parametrize(
    ("drill", "status", "first"), [(None, 0, "●"), ("valkey-loopback", 1, "✖ acme-system")]
)
def test_without_a_terminal_the_first_page_is_printed_worst_first(
    capsys: pytest.CaptureFixture[str], drill: str | None, status: int, first: str
) -> None:
    found, out, err = run(capsys, *(["--drill", drill] if drill else ["--demo"]))
    assert found == status, err
    lines = out.splitlines()
    assert "nothing here is real" in lines[0]
    assert lines[1].startswith(first)
    assert "gbtui" in lines[-1]


def test_keys_of_the_configuration_are_checked_by_name(tmp_path: Path) -> None:
    from gbtui.cli.cockpit import keymap
    from gbtui.config import parse_config
    from gbtui.errors import BadInput

    path = tmp_path / "config.toml"
    assert keymap(parse_config('[keys]\n"pane.filter" = "f3,slash"\n', path)) == {"pane.filter": "f3,slash"}
    with pytest.raises(BadInput, match=r"pane\.filter"):
        keymap(parse_config('[keys]\n"pane.filtr" = "f3"\n', path))
    with pytest.raises(BadInput, match="line 2"):
        parse_config('[keys]\n"pane.filter" = 3\n', path)


@pytest.mark.parametrize(
    ("typed", "name", "found"),
    [
        (["apply", "x.y", "--yes", "a=1", "--json", "b=2"], "parameters", ["a=1", "b=2"]),
        (["--json", "plan", "x.y", "a=1", "--read-only", "b=-2"], "parameters", ["a=1", "b=-2"]),
        (["incident", "note", "--json", "two", "words"], "words", ["two", "words"]),
        (["check", "firewall", "--severity", "error", "58"], "ids", ["firewall", "58"]),
    ],
)
def test_options_may_stand_among_many_arguments(typed: list[str], name: str, found: list[str]) -> None:
    assert getattr(parse(typed), name) == found


@pytest.mark.parametrize("typed", [["plan", "x.y", "--nosuch"], ["ops", "a", "b"], ["keep", "id", "more"]])
def test_what_is_no_argument_is_refused(typed: list[str]) -> None:
    with pytest.raises(BadInput, match="unrecognized"):
        parse(typed)
