"""The guide's first incident, repaired on the twin from the command line: done, undone, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, OPERATION, Operator, loopback_first, rules_text
from .test_twin import health, ping
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


@full
def test_repairs_the_incident_and_takes_it_back(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    lab.fault("valkey-loopback")
    broken = rules_text(lab)
    marks = operator.json("show", "firewall", "--where", "acme-system")["marks"]
    cut_off = [mark for mark in marks if mark["kind"] == "drop-before-loopback"]
    assert {(mark["where"], mark["chain"]) for mark in cut_off} == {("acme-system", "INPUT")}

    plan = operator.json("plan", OPERATION, CONTAINER)
    assert plan["operation"] == OPERATION
    assert not [v for v in plan["verdicts"] if v["verdict"] == "refuse"]
    assert rules_text(lab) == broken, "a plan changes nothing"

    done = operator.sure("apply", OPERATION, CONTAINER, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ping(lab), health(lab), loopback_first(lab)) == ("PONG", "200", True)
    assert operator.run("journal", "--verify").returncode == 0
    records = operator.json("journal")["records"]
    kinds = [record["record"] for record in records]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert {"armed", "step-begin", "step-done", "verify-done", "kept"} <= set(kinds)

    again = operator.sure("apply", OPERATION, CONTAINER)
    assert again.returncode == 0
    assert "noop" in again.stdout

    undone = operator.sure("undo", records[0]["id"], "--keep")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert rules_text(lab) == broken


def test_refusals_change_nothing_and_say_why(fresh_lab: Lab, operator: Operator) -> None:
    fresh_lab.fault("valkey-loopback")
    before = rules_text(fresh_lab)
    for words, status, said in (
        (["apply", OPERATION, CONTAINER], 3, "--yes"),
        (["--read-only", "apply", OPERATION, CONTAINER, "--yes"], 3, "read-only"),
        (["apply", OPERATION, "container=acme-nowhere", "--yes"], 3, "acme-nowhere"),
        (["apply", OPERATION, "container=a b;id", "--yes"], 2, "container"),
        (["apply", OPERATION, "--yes"], 2, "container"),
        (["apply", "firewall.acept-loopback", "--yes"], 2, OPERATION),
    ):
        done = operator.run(*words)
        assert (done.returncode, said in done.stdout + done.stderr) == (status, True), (words, done)
    assert rules_text(fresh_lab) == before
    assert operator.json("journal")["records"] == []


@full
def test_nobody_says_keep_and_the_host_puts_itself_back(fresh_lab: Lab, operator: Operator) -> None:
    fresh_lab.fault("valkey-loopback")
    broken = rules_text(fresh_lab)
    done = operator.sure("apply", OPERATION, CONTAINER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gbtui keep" in done.stdout
    assert loopback_first(fresh_lab)
    op_id = operator.json("journal")["records"][0]["id"]
    wait = f"until test -e /var/lib/gbtui/{op_id}/outcome; do read -t 1 _ </dev/zero || true; done"
    assert fresh_lab.run("sudo", "timeout", "150", "bash", "-c", wait, seconds=200).returncode == 0
    reports = operator.json("recover")["reports"]
    assert [report for report in reports if op_id in report and "put itself back" in report]
    assert rules_text(fresh_lab) == broken
