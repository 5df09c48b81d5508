"""Nothing is hard-wired: a host where no name, place or port is the guide's, checked with its own profile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.demo.host import DemoHost
from gbtui.facts.surveyor import Surveyor
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from tests.check_cases import CASES, Case
from tests.elsewhere import Elsewhere, forward_by_rules
from tests.unit.checks.inspected import pairs
from tests.unit.operations.hurried import hurried


async def test_a_healthy_host_of_another_layout_has_no_finding_and_nothing_unknown() -> None:
    host = Elsewhere(DemoHost())
    found = judge(CHECKS, await Surveyor(host, host.profile).look(needs_of(CHECKS)))
    assert (pairs(found), found.unknown) == ((), ())


async def test_with_the_guides_profile_that_host_is_another_one() -> None:
    host = Elsewhere(DemoHost())
    host.profile = replace(host.profile, access_log="/opt/gbo/logs/access.log")
    with pytest.raises(AssertionError, match=r"the guide's own '/opt/gbo/logs/access\.log'"):
        await Surveyor(host, host.profile).look(needs_of(CHECKS))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
async def test_a_fault_is_found_there_and_its_remedy_can_be_planned(case: Case) -> None:
    host = Elsewhere(hurried(case.fault))
    found = judge(CHECKS, await Surveyor(host, host.profile).look(needs_of(CHECKS)))
    assert pairs(found) == tuple(sorted((check, host.there(subject)) for check, subject in case.finds))
    if case.remedy is None:
        return
    remedied = (case.remedy[0], host.there(case.remedy[1]))
    failing = next(one for check, _, one in found.failing if (check.id, one.subject) == remedied)
    assert failing.remedy is not None
    given = {**dict(failing.remedy.parameters), **{k: host.there(v) for k, v in case.given.items()}}
    plan = await find(failing.remedy.operation).plan(Context(host, host.profile), given)
    assert (plan.noop, [one.reason for one in plan.verdicts if one.verdict == "refuse"]) == ("", [])
    assert plan.steps


LATER = "upstream-2026-05"
OF_WHAT_IS_CALLED_OTHERWISE_THERE = (
    "container-stop",
    "valkey-loopback",
    "rules-unsaved",
    "ui-outside-url",
    "ui-by-hand",
    "vault-sealed",
    "vault-keys-open",
    "log-unreadable",
    "suggestions-lost",
    "binary-replaced",
)


async def test_the_later_layout_without_tenants_and_with_rules_for_ports_is_healthy_by_its_own_profile() -> (
    None
):
    demo = DemoHost()
    await forward_by_rules(demo)
    host = Elsewhere(demo, LATER)
    found = judge(CHECKS, await Surveyor(host, host.profile).look(needs_of(CHECKS)))
    assert (pairs(found), found.unknown) == ((), ())


@pytest.mark.parametrize("fault", OF_WHAT_IS_CALLED_OTHERWISE_THERE)
async def test_a_fault_is_found_in_the_later_layout(fault: str) -> None:
    case = next(case for case in CASES if case.fault == fault)
    demo = hurried()
    await forward_by_rules(demo)
    demo.inject(fault)
    host = Elsewhere(demo, LATER)
    found = judge(CHECKS, await Surveyor(host, host.profile).look(needs_of(CHECKS)))
    assert pairs(found) == tuple(sorted((check, host.there(subject)) for check, subject in case.finds))
