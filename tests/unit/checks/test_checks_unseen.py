"""LXD does not say which instances there are: that is found, and what hangs on it is unknown."""

from __future__ import annotations

import pytest

from gbtui.checks.catalog import CHECKS
from gbtui.checks.drift_look import look
from gbtui.checks.judge import judge, needs_of
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput, Unreachable
from gbtui.facts.survey import HOST
from gbtui.facts.surveyor import Surveyor
from gbtui.profiles import load
from tests.unit.checks.inspected import pairs, survey


async def test_the_host_is_judged_all_the_same_and_no_container_is_taken_for_well() -> None:
    seen = await survey(DemoHost(faults=["lxd-down"]))
    judged = judge(CHECKS, seen)
    assert pairs(judged) == (("host.lxd-answers", "lxd"),)
    unknown = {one.check.id for one in judged.unknown}
    assert {check.id for check in CHECKS if check.scope != HOST} <= unknown
    answered = {id_ for id_, _ in judged.answered}
    assert {"host.ssh-keys-only", "host.ufw-active", "snapshots.pool-health"} <= answered
    assert "containers.complete" in unknown


async def test_whoever_looks_for_instances_gets_the_error() -> None:
    seen = await survey(DemoHost(faults=["lxd-down"]))
    for wants in (list, len, bool):
        with pytest.raises(Unreachable, match="connection refused"):
            wants(seen.containers)
    assert look(seen).things.keys() == {("rules", "host")}


async def test_a_tenant_that_is_not_there_is_the_operators_mistake() -> None:
    host = DemoHost()
    with pytest.raises(BadInput, match="wrong tenant"):
        await Surveyor(host, load(), "nobody").look(needs_of(CHECKS))
