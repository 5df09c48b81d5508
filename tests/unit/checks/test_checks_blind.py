"""Each fact that a check needs, missing alone: the check is unknown, and finds nothing it cannot know."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gbtui.checks.base import Check
from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.errors import TimedOut
from gbtui.facts.survey import Survey
from tests.unit.checks.inspected import pairs, survey

LATE = TimedOut("looking", why="no answer within 2 s")
DOES_WITHOUT = {
    ("containers.ports-present", "firewall rules"): "only where ports are forwarded by rules of the host",
    ("containers.ports-listened", "firewall rules"): "only where ports are forwarded by rules of the host",
    ("containers.ports-answered", "firewall rules"): "only where ports are forwarded by rules of the host",
    ("firewall.saved", "listening ports"): "only where IPv6 rules are saved and nothing restores them",
    ("proxy.file-adapts", "backups of the Caddyfile"): "only for the remedy of what fails",
    ("proxy.vhosts-whole", "backups of the Caddyfile"): "only for the remedy of what fails",
}
"""Facts that a check can be judged without on a healthy host, and when it needs them."""
EACH = [(check, number) for check in CHECKS for number in range(len(check.needs))]


@pytest.fixture(scope="module")
def found() -> Survey:
    """A survey of a healthy host."""
    return asyncio.run(survey(DemoHost()))


def test_every_exception_is_one_of_a_check_there_is() -> None:
    assert DOES_WITHOUT.keys() <= {(check.id, check.needs[number].ask.name) for check, number in EACH}


@pytest.mark.parametrize(("check", "number"), EACH, ids=lambda one: getattr(one, "id", str(one)))
def test_a_check_without_one_of_its_facts_is_unknown(found: Survey, check: Check, number: int) -> None:
    ask = check.needs[number].ask
    blind = {key: LATE if key[0] is ask else answer for key, answer in found.answers.items()}
    judged = judge([check], replace(found, answers=blind))
    assert pairs(judged) == ()
    if (check.id, ask.name) in DOES_WITHOUT:
        assert judged.unknown == ()
    else:
        assert judged.unknown, f"it is judged without {ask.name}"
        assert all("no answer within 2 s" in one.why for one in judged.unknown)
