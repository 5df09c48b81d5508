"""The catalogue: every operation found by id, bad input refused in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.danger import danger_of
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Wait
from gbtui.operations.base import Context, Parameter
from gbtui.operations.catalog import OPERATIONS, describe, find
from gbtui.operations.parameters import CONTAINER
from gbtui.profiles import load


def test_ids_and_shape_are_the_documented_ones() -> None:
    document = json.loads(json.dumps(describe()))
    assert document["schema"] == 1
    for operation in document["operations"]:
        assert {"id", "parameters", "danger", "guards"} <= set(operation)
        assert all({"id", "items"} <= set(guard) for guard in operation["guards"])
        assert operation["id"].count(".") == 1
    assert "firewall.accept-loopback" in [operation.id for operation in OPERATIONS]


@pytest.mark.parametrize("typed", ["firewall.accept-loopbak", "accept-loopback", "firewall.accept"])
def test_a_near_miss_names_the_operation(typed: str) -> None:
    with pytest.raises(BadInput, match=r"did you mean .*firewall\.accept-loopback"):
        find(typed)


def test_an_unknown_operation_says_where_they_are_listed() -> None:
    with pytest.raises(BadInput, match="gbtui ops"):
        find("zzz")


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({}, "needs container="),
        ({"container": "a", "x": "y"}, "no parameter 'x'"),
        ({"container": "-x"}, "expected NAME"),
        ({"container": "a;reboot"}, "expected NAME"),
        ({"container": ""}, "expected NAME"),
        ({"container": "a\n"}, "expected NAME"),
        ({"container": "x" * 64}, "expected NAME"),
    ],
)
def test_bad_parameters_are_refused_with_the_form(given_: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        find("firewall.accept-loopback").checked(given_)


@given(st.text(max_size=70))
def test_a_container_that_is_accepted_is_a_plain_word(value: str) -> None:
    if not CONTAINER.check(value):
        assert value.isascii()
        assert value.replace("-", "").isalnum()
        assert not value.startswith("-")


async def test_what_is_left_out_by_default_is_passed_on_and_not_recorded() -> None:
    seen: list[dict[str, str]] = []

    async def make(_: Context, given: Mapping[str, str]) -> Plan:
        seen.append(dict(given))
        return Plan("a.b", (), "T", "w", Danger.SAFE, (), (), (), (), "f")

    keep = Parameter("keep", "DAYS", lambda value: "" if value.isdecimal() else "not a number", "7")
    operation = replace(find("firewall.accept-loopback"), parameters=(CONTAINER, keep), make=make)
    context = Context(DemoHost(), load())
    await operation.plan(context, {"container": "a"})
    await operation.plan(context, {"container": "a", "keep": "3"})
    assert [given["keep"] for given in seen] == ["7", "3"]
    with pytest.raises(BadInput, match="expected DAYS"):
        operation.checked({"container": "a", "keep": "x"})
    with pytest.raises(BadInput, match=r"container=NAME .*\[keep=DAYS\]"):
        operation.checked({"keep": "3"})


def test_danger_comes_from_what_steps_do() -> None:
    run = Exec("host", ("true",))
    wait = Step("w", Wait(Probe("p", run, "status", "0"), 1.0))
    assert danger_of([wait]) is Danger.SAFE
    assert danger_of([wait, Step("c", run, undo=(run,))]) is Danger.REVERSIBLE
    assert danger_of([Step("c", run, no_undo="no")]) is Danger.DISRUPTIVE
    assert danger_of([wait], ("x",)) is Danger.DISRUPTIVE
