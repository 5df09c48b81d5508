"""Operations of every dangerous subsystem killed (SIGKILL) before and after each step, on the twin:
the journal tells the truth each time, and recovery ends in *done* or *as before*.

`make lab-full` only; the demo host's share of all operations is `make crash-matrix`. That of
`firewall.accept-loopback` is in `test_crashes.py`.
"""

from __future__ import annotations

import signal
from itertools import product
from pathlib import Path

import pytest

from tests.operations_cases import CASES, Case

from .gbtui_over_ssh import Operator
from .test_paste import needed, seen, typed
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(7200), full]

KILLED = ("firewall.drop-port", "proxy.remove-domain", "snapshots.destroy", "containers.set-privileged")
#: (where it dies, the way out): before a step, and after it with both ways.
POINTS = (("step-begin", "undo"), ("step-ran", "finish"), ("step-ran", "undo"))


def cases() -> list[Case]:
    first = {case.operation: case for case in reversed(CASES) if case.lab}
    return [first[name] for name in KILLED]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.operation)
def test_killed_at_every_step(lab: Lab, tmp_path: Path, case: Case) -> None:
    operator = needed(lab, tmp_path / "whole", case)
    before = seen(lab, case)
    plan = operator.json("plan", *typed(case))
    words = (*typed(case), "--keep", "--confirm", plan["confirm"])
    done = operator.sure("apply", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    after = seen(lab, case)
    wrong = []
    for number, (step, (kind, way)) in enumerate(product(range(len(plan["steps"])), POINTS)):
        operator = needed(lab, tmp_path / str(number), case)
        killed = operator.sure("apply", *words, crash_at=f"{kind}:{step}")
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        undone = ended(operator, kind, step, way, len(plan["steps"]))
        wanted = after if way == "finish" else before
        if (way == "finish" or undone or not case.stays) and seen(lab, case) != wanted:
            wrong.append(f"{kind}:{step} {way}")
    assert wrong == []


def ended(operator: Operator, kind: str, step: int, way: str, steps: int) -> bool:
    """Recover, holding the journal to the truth; whether nothing that has no undo was done."""
    (found,) = operator.json("recover")["unfinished"]
    states = [one["state"] for one in found["steps"]]
    assert len(states) == steps
    assert all(state == "done" for state in states[:step]), states
    assert all(state == "not-done" for state in states[step + 1 :]), states
    assert states[step] in ({"done", "unknown"} if kind == "step-ran" else {"not-done", "unknown"}), states
    confirm = found["confirm" if way == "finish" else "confirm_undo"]
    typed = ("--confirm", confirm) if confirm else ()
    done = operator.sure("recover", found["id"], f"--{way}", "--keep", *typed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert operator.json("recover")["unfinished"] == []
    assert operator.run("journal", "--verify").returncode == 0
    return kind == "step-begin" and step == 0
