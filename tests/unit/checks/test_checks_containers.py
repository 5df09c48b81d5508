"""Containers a tenant lacks."""

from __future__ import annotations

from dataclasses import replace

from gbtui.checks.containers import COMPLETE
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from tests.unit.checks.inspected import pairs, survey


async def test_a_role_without_a_container_is_named() -> None:
    found = await survey(DemoHost(), (COMPLETE,))
    kept = tuple(one for one in found.containers if one.role != "dns")
    assert pairs(judge((COMPLETE,), replace(found, containers=kept))) == (
        ("containers.complete", "acme-dns"),
    )


async def test_a_host_without_any_role_says_how_instances_are_named() -> None:
    found = replace(await survey(DemoHost(), (COMPLETE,)), containers=())
    assert pairs(judge((COMPLETE,), found)) == (("containers.complete", "containers"),)
