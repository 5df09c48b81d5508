"""A preview pasted into a root shell on the twin does the same as `apply`: every case that the lab knows.

`make lab-full` only: the twin is put back twice for each.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Literal

import pytest

from gbtui.config import HostConfig
from gbtui.hosts.ssh import SshHost
from tests.operations_cases import CASES, Case

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = [
    pytest.mark.timeout(1200),
    full,
]
#: What differs between two runs of the same: times in backups' names, times, sizes of what runs.
_VARIES = re.compile(r"\d{14}|\d{4}-\d\d-\d\dT[\d:.+Z]+|\d+ (?:bytes|B)\b")


@pytest.mark.parametrize("case", [case for case in CASES if case.lab], ids=lambda case: case.name)
def test_pasted_it_does_the_same(lab: Lab, tmp_path: Path, case: Case) -> None:
    applied = after(lab, tmp_path / "applied", case, "apply")
    pasted = after(lab, tmp_path / "pasted", case, "paste")
    assert pasted == applied


def after(lab: Lab, home: Path, case: Case, how: Literal["apply", "paste"]) -> dict[str, str]:
    """What is so on the twin after the case was applied, or pasted: its looks, and a new plan."""
    operator, words = needed(lab, home, case), typed(case)
    plan = operator.json("plan", *words)
    assert plan["steps"], f"not needed: {plan['noop']} {plan['verdicts']}"
    if how == "apply":
        done = operator.sure("apply", *words, "--keep", "--confirm", plan["confirm"])
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        shell = lab.script(plan["paste"], seconds=600)
        assert shell.returncode == 0, shell.stdout + shell.stderr
    return {**seen(lab, case), "then": then(operator, words)}


def typed(case: Case) -> tuple[str, ...]:
    """The operation as it is typed."""
    return (case.operation, *(f"{name}={value}" for name, value in case.parameters.items()))


def needed(lab: Lab, home: Path, case: Case) -> Operator:
    """The twin as it was saved, then in need of the case; and who repairs it."""
    home.mkdir()
    lab.reset()
    for fault in case.faults:
        lab.fault(fault)
    asyncio.run(prepared(lab, case))
    return Operator(lab, home)


def seen(lab: Lab, case: Case) -> dict[str, str]:
    """What the case's own looks find."""
    return {" ".join(look): look_at(lab, look) for look in case.looks}


def look_at(lab: Lab, look: tuple[str, ...]) -> str:
    done = lab.run(*look, user="root")
    return f"{done.returncode}\n{_VARIES.sub('…', done.stdout)}"


def then(operator: Operator, words: tuple[str, ...]) -> str:
    """What a new plan says: usually that there is nothing left to do."""
    plan: Any = operator.json("plan", *words)
    refused = [v["reason"] for v in plan.get("verdicts", ()) if v["verdict"] == "refuse"]
    return _VARIES.sub("…", "; ".join([plan.get("noop", ""), *refused, *(s["title"] for s in plan["steps"])]))


async def prepared(lab: Lab, case: Case) -> None:
    """The case's own preparation, over SSH."""
    where = HostConfig(
        "lab",
        "ssh",
        host=lab.host,
        user=lab.user,
        port=lab.port,
        known_hosts=(str(lab.known_hosts),),
        identity=str(lab.key),
    )
    host = SshHost(where)
    await host.open()
    try:
        await case.prepare(host)
    finally:
        await host.close()
