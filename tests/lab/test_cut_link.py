"""The SSH link is cut after the first step: the host puts itself back, and the next start says so."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from gbtui.config import load_config, resolve_host
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval, Event
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from gbtui.session import Session

from .cable import Cable
from .gbtui_over_ssh import CONTAINER, OPERATION, Operator, rules_text
from .twin.fixtures import Lab

pytestmark = pytest.mark.timeout(600)


class Yes:
    """Approves whatever is planned, and keeps nothing."""

    async def approve(self, plan: Plan) -> Approval:
        return Approval(True, "test", acknowledged=tuple(v.guard for v in plan.warnings))

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        return "leave"


async def test_the_host_reverts_by_itself(fresh_lab: Lab, tmp_path: Path) -> None:
    lab = fresh_lab
    lab.fault("valkey-loopback")
    broken = rules_text(lab)
    async with Cable(lab.port) as cable:
        operator = Operator(lab, tmp_path, port=cable.port)
        config = resolve_host("lab", load_config(operator.config))
        session = Session(SshHost(config), load(), Journal(tmp_path / "state"), user="test")
        await session.open()
        try:
            plan = await session.plan(OPERATION, dict([CONTAINER.split("=", 1)]))

            def cut_after_first(event: Event) -> None:
                if event.phase == "step-done" and event.step == 0:
                    cable.cut()

            outcome = await session.apply(plan, Yes(), cut_after_first)
            assert outcome.result in {"failed", "failed-undone"}, outcome.message
            assert rules_text(lab) != broken, "the first step had been done when the link was cut"
            assert not session.host.link.connected
        finally:
            await session.close()
        wait = f"until test -e /var/lib/gbtui/{outcome.id}/outcome; do read -t 1 _ </dev/zero || true; done"
        assert lab.run("sudo", "timeout", "150", "bash", "-c", wait, seconds=200).returncode == 0
        assert rules_text(lab) == broken
        cable.mend()
        # in a thread: the cable is served by this test's own loop
        reports = (await asyncio.to_thread(operator.json, "recover"))["reports"]
    assert [report for report in reports if outcome.id in report and "put itself back" in report], reports
