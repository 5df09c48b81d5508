"""gbtui killed (SIGKILL) before and after each step: the next start names exactly what was done,
and finishes or undoes it. `make lab-full` runs every transition with both ways out."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, OPERATION, Operator, loopback_first, rules_text
from .test_twin import health, ping
from .twin.fixtures import FULL, Lab

pytestmark = pytest.mark.timeout(900)

STEPS = range(6)
#: `step-begin:N`: journaled, not run. `step-ran:N`: run, not journaled. `step-done:N`: both.
KINDS = ("step-begin", "step-ran", "step-done")
WAYS = ("finish", "undo")
#: The gate's share: after the file, when the rule and the file have to go.
SHORT = [("step-done", 1, "undo")]


def cases() -> list[tuple[str, int, str]]:
    return [(kind, step, way) for step in STEPS for kind in KINDS for way in WAYS] if FULL else SHORT


def expected(kind: str, step: int) -> list[set[str]]:
    """What may be said of each step: exactly done or not done, but for the one that was cut off
    where nothing can tell (a restart leaves no trace a probe could see)."""
    said: list[set[str]] = []
    for number in STEPS:
        if number < step or (number == step and kind == "step-done"):
            said.append({"done"})
        elif number > step:
            said.append({"not-done"})
        else:
            said.append({"done" if kind == "step-ran" else "not-done", "unknown"})
    return said


@pytest.mark.parametrize(("kind", "step", "way"), cases())
def test_killed_and_recovered(fresh_lab: Lab, tmp_path: Path, kind: str, step: int, way: str) -> None:
    lab, operator = fresh_lab, Operator(fresh_lab, tmp_path)
    lab.fault("valkey-loopback")
    broken = rules_text(lab)
    killed = operator.sure("apply", OPERATION, CONTAINER, "--keep", crash_at=f"{kind}:{step}")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr

    found = operator.json("recover")["unfinished"]
    assert len(found) == 1
    states = [one["state"] for one in found[0]["steps"]]
    assert len(states) == len(STEPS)
    assert all(state in may for state, may in zip(states, expected(kind, step), strict=True)), states

    ended = operator.sure("recover", found[0]["id"], f"--{way}", "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if way == "finish":
        assert (ping(lab), health(lab), loopback_first(lab)) == ("PONG", "200", True)
    else:
        assert rules_text(lab) == broken
    assert operator.json("recover")["unfinished"] == []
    assert operator.run("journal", "--verify").returncode == 0
