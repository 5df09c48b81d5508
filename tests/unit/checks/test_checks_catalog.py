"""The catalogue as a whole: a healthy host, hosts that cannot be read, and what every check must have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gbtui.checks.base import Check
from gbtui.checks.catalog import CHECKS, ITEMS, chosen, of_item
from gbtui.checks.judge import judge
from gbtui.demo.faults import FAULTS
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput, TimedOut
from gbtui.operations.catalog import OPERATIONS
from tests.check_cases import CASES, ELSEWHERE, Case
from tests.unit.checks.inspected import judged, pairs, survey, without

TWINS = Path(__file__).parents[2] / "lab" / "faults"
IDS = [check.id for check in CHECKS]
SUBSYSTEMS = (
    *("containers", "snapshots", "firewall", "proxy", "bans", "dns", "services", "cache", "vault"),
    *("mail", "ci", "release", "host", "log"),
)


async def test_a_healthy_host_has_no_finding_and_everything_is_known() -> None:
    found = await judged()
    assert pairs(found) == ()
    assert [(one.check.id, one.place, one.why) for one in found.unknown] == []


async def test_what_could_not_be_read_is_unknown_with_its_reason_and_never_ok() -> None:
    blind = without(await survey(DemoHost()), TimedOut("looking", why="no answer within 2 s"))
    found = judge(CHECKS, blind)
    unknown = {one.check.id for one in found.unknown}
    assert unknown == {check.id for check in CHECKS if check.needs}
    assert all("no answer within 2 s" in one.why for one in found.unknown)
    silent = {check.id for check, _, _ in found.failing} & unknown
    assert not silent, "a check that found something although it could not read its facts"


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_of_the_guide_is_reached(item: int) -> None:
    assert of_item(item), f"item {item} of the guide has no check"


def test_ids_are_unique_and_named_after_their_subsystem() -> None:
    assert len(set(IDS)) == len(IDS)
    for check in CHECKS:
        assert re.fullmatch(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*", check.id)
        assert check.id.partition(".")[0] in SUBSYSTEMS, check.id


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_says_what_it_stands_for(check: Check) -> None:
    assert check.items
    assert set(check.items) <= set(ITEMS)
    assert check.sentence
    assert check.remedy
    named = re.match(r"[a-z]+\.[a-z-]+\b", check.remedy)
    if named:
        assert named[0] in {operation.id for operation in OPERATIONS}, "it names an operation there is"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_fails_somewhere_in_the_tests(check: Check) -> None:
    found = {id_ for case in CASES for id_, _ in case.finds}
    assert (check.id in found) != (check.id in ELSEWHERE), "a case in tests/check_cases.py, or ELSEWHERE"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_fault_has_the_same_name_on_the_demo_host_and_on_the_twin(case: Case) -> None:
    assert case.fault in FAULTS
    assert (TWINS / f"{case.fault}.sh").is_file() or not case.lab


def test_words_choose_checks() -> None:
    assert chosen([]) == CHECKS
    assert [check.id for check in chosen(["firewall.loopback-first"])] == ["firewall.loopback-first"]
    assert {check.id.partition(".")[0] for check in chosen(["containers"])} == {"containers"}
    assert set(chosen(["32"])) == set(of_item(32))
    with pytest.raises(BadInput, match="an id of `gbtui check --list`"):
        chosen(["nosuch"])
