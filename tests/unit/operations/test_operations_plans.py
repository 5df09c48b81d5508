"""Facts and parameters → the exact plan, for every operation; hostile text in every parameter refused.

The plans are files, so that a change to an operation shows as a difference of what would be run.
"""

from __future__ import annotations

import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.preview import pasted, public
from gbtui.operations.base import Context, Operation, Parameter
from gbtui.operations.catalog import OPERATIONS, find
from gbtui.profiles import load
from tests import operations_cases
from tests.operations_cases import PROXY_CONFIG

HERE = Path(__file__).parent
PLANS = HERE / "plans"
CASES: dict[str, dict[str, Any]] = tomllib.loads((HERE / "plan_cases.toml").read_text())
AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
WRITE = os.environ.get("GBTUI_PLANS") == "write"

#: Parameters that are words for people, not names: anything printable on one line is good.
WORDS = {"reason"}
HOSTILE = (
    "$(reboot)",
    "`reboot`",
    "a;reboot",
    "a && reboot",
    "a|tee x",
    "a\nb",
    "a\0b",
    "-rf",
    "--help",
    "../../etc/passwd",
    "a b",
    "'",
    '"',
    "*",
    "ä\u202eö",
    "\u0430cme-system",  # a Cyrillic a
    "acme\u2010system",  # a hyphen that is not ours
    "\uff14\uff14\uff13",  # full-width digits
    "tcp:\uff14\uff14\uff13",
    "198.51.100.\u0662",  # an Arabic digit, which int() takes
    "7\u0660d",
    "\u00b2",
    "acme.t\u0435st",
    "\u00e9",
    "\x1b]52;c;AAAA\x07",
    "",
    "x" * 300,
)


@pytest.mark.parametrize("name", CASES)
async def test_the_plan_is_the_one_on_file(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    host = DemoHost(clock=ManualClock(AT.timestamp()), faults=case.get("faults", ()))
    context = Context(host, load(), now=lambda: AT)
    given = dict(case["parameters"])
    if "appended" in case:
        given["file"] = str(tmp_path / "config")
        old = await host.read(PROXY_CONFIG, instance="acme-proxy")
        (tmp_path / "config").write_bytes(old + case["appended"].encode())
    if "prepare" in case:
        await getattr(operations_cases, case["prepare"])(host)
    for path, text in case.get("written", {}).items():
        await host.write(path, text.encode(), instance="acme-proxy")
    said = json.dumps(public(await find(case["operation"]).plan(context, given)))
    made = json.loads(said.replace(f"{tmp_path}/", ""))
    path = PLANS / f"{name}.json"
    if WRITE:
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(path.read_text())


def test_every_plan_on_file_has_its_case() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == set(CASES)


def test_every_operation_has_an_exact_plan_on_file() -> None:
    """A refusal or a no-op says nothing of what would be run."""
    found = [json.loads(path.read_text()) for path in PLANS.glob("*.json")]
    planned = {one["operation"] for one in found if one["steps"]}
    assert planned == {operation.id for operation in OPERATIONS}


def _every_parameter() -> list[Any]:
    return [
        pytest.param(operation, parameter, id=f"{operation.id}-{parameter.name}")
        for operation in OPERATIONS
        for parameter in operation.parameters
    ]


@pytest.mark.parametrize("reason", ["$(reboot)", "`reboot`", "a; reboot", "a && reboot", "'; reboot; '"])
async def test_words_for_people_are_run_by_nobody(reason: str) -> None:
    host = DemoHost(clock=ManualClock(AT.timestamp()))
    plan = await find("proxy.restart").plan(Context(host, load(), now=lambda: AT), {"reason": reason})
    assert reason in plan.why
    run = [*plan.steps, *plan.verify, *plan.relies_on]
    assert "reboot" not in repr(run)
    assert "reboot" not in pasted(plan)


@pytest.mark.parametrize(("operation", "parameter"), _every_parameter())
def test_hostile_text_is_refused_with_the_expected_form(operation: Operation, parameter: Parameter) -> None:
    for value in HOSTILE:
        if parameter.name in WORDS and value.isprintable() and value.strip() and len(value) < 200:
            continue
        with pytest.raises(BadInput, match="expected"):
            parameter.accepted(value)
