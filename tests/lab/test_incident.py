"""The guide's first incident, by keystrokes in the cockpit, over real SSH."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.config import load_config, resolve_host
from gbtui.guard.journal import Journal
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from gbtui.session import Session
from tests.ui.screen_stage import WIDE, cockpit, see, until

from .gbtui_over_ssh import Operator, loopback_first
from .test_twin import health, ping
from .twin.fixtures import Lab

pytestmark = pytest.mark.timeout(900)
PATIENCE = 240.0
"""Seconds: the twin is emulated, and a restart of both services takes its time there."""


async def test_repaired_by_keystrokes_over_ssh(fresh_lab: Lab, tmp_path: Path) -> None:
    lab = fresh_lab
    lab.fault("valkey-loopback")
    assert (ping(lab), health(lab)) == ("timeout", "503")
    host = SshHost(resolve_host("lab", load_config(Operator(lab, tmp_path).config)))
    journal = Journal(tmp_path / "state")
    session = Session(host, load(), journal, user="test", tenant="acme")
    async with cockpit(session, WIDE, patience=PATIENCE) as (app, pilot):
        await see(app, pilot, "✖", "--dport 6379 -j DROP", patience=PATIENCE)
        await pilot.press("3", "a")
        await see(app, pilot, "Accept loopback", patience=PATIENCE)
        await pilot.press("enter")
        await see(app, pilot, "iptables -w -I INPUT 1 -i lo -j ACCEPT", "services-restart", patience=PATIENCE)
        assert not loopback_first(lab), "nothing runs before it was approved"
        await pilot.press("w", "w", "y")
        await see(app, pilot, "K keep", patience=PATIENCE)
        await pilot.press("K")
        await see(app, pilot, "done and verified", patience=PATIENCE)
        await pilot.press("escape")
        firewall = app.root.feeds["firewall"]
        await until(
            pilot,
            lambda: firewall.reading.value is not None and not firewall.reading.value.marks,
            patience=PATIENCE,
        )
    assert (ping(lab), health(lab), loopback_first(lab)) == ("PONG", "200", True)
    kinds = [record.record for record in journal.entries()]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert {"armed", "step-begin", "step-done", "verify-done", "kept"} <= set(kinds)
    assert journal.verify().broken == 0
