"""The guide's first incident, by keystrokes in the cockpit, over real SSH; recorded, and exported.

With GBTUI_EXAMPLE=PATH the export is written there: the example in the documentation is made that way.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gbtui.config import load_config, resolve_host
from gbtui.guard.journal import Journal
from gbtui.hosts.ssh import SshHost
from gbtui.incidents.export import exported
from gbtui.incidents.timeline import spans
from gbtui.incidents.types import Incident
from gbtui.profiles import load
from gbtui.session import Session
from screens.app import CockpitApp
from tests.leaks import leaks
from tests.ui.screen_stage import WIDE, AppPilot, cockpit, see, until

from .gbtui_over_ssh import Operator, loopback_first
from .test_twin import health, ping
from .twin.fixtures import Lab

pytestmark = pytest.mark.timeout(900)
TITLE = "Valkey times out"
SUMMARY = "a rule put in by hand stood before that of loopback"
_KEYS = {" ": "space"}
PATIENCE = 240.0
"""Seconds: the twin is emulated, and a restart of both services takes its time there."""


async def test_repaired_by_keystrokes_over_ssh(
    fresh_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = fresh_lab
    monkeypatch.setenv("GBTUI_WAIVERS", str(Path(__file__).parent / "waivers.toml"))
    lab.fault("valkey-loopback")
    assert (ping(lab), health(lab)) == ("timeout", "503")
    host = SshHost(resolve_host("lab", load_config(Operator(lab, tmp_path).config)))
    journal = Journal(tmp_path / "state")
    session = Session(host, load(), journal, user="test", tenant="acme")
    async with cockpit(session, WIDE, patience=PATIENCE) as (app, pilot):
        await see(app, pilot, "✖", "--dport 6379 -j DROP", patience=PATIENCE)
        await until(pilot, lambda: session.checks().reading.value, patience=PATIENCE)
        await pilot.press("i")
        await see(app, pilot, "What do users see?", patience=PATIENCE)
        await pilot.press(*(_KEYS.get(one, one) for one in TITLE), "enter")
        await see(app, pilot, TITLE, "finding rang", patience=PATIENCE)
        await pilot.press("q", "3", "a")
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
        session.look_again()
        await until(pilot, lambda: _cleared(session), patience=PATIENCE)
        told = await _ended_by_keystrokes(app, pilot, session)
    _exported(told, lab)
    assert (ping(lab), health(lab), loopback_first(lab)) == ("PONG", "200", True)
    kinds = [record.record for record in journal.entries()]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert {"armed", "step-begin", "step-done", "verify-done", "kept"} <= set(kinds)
    assert journal.verify().broken == 0


async def _ended_by_keystrokes(app: CockpitApp, pilot: AppPilot, session: Session) -> Incident:
    """Said to be verified (a busy twin may ring for other reasons), and ended with a summary."""
    running = session.incidents.current
    assert running is not None
    await pilot.press("i")
    await see(app, pilot, TITLE, "repaired after", patience=PATIENCE)
    await pilot.press("m")
    await see(app, pilot, "It is …", "users are served", patience=PATIENCE)
    await pilot.press("j", "j", "enter")
    await see(app, pilot, "verified after", patience=PATIENCE)
    await pilot.press("e")
    await see(app, pilot, "What was it?", patience=PATIENCE)
    await pilot.press(*(_KEYS.get(one, one) for one in SUMMARY), "enter")
    await until(pilot, lambda: session.incidents.current is None, patience=PATIENCE)
    return await session.incidents.find(running.id)


def _cleared(session: Session) -> bool:
    """Whether the finding of the incident has rung on its timeline and cleared."""
    running = session.incidents.current
    told = [] if running is None else [(one.word, one.subject) for one in running.entries]
    subject = "firewall.loopback-first acme-system"
    return ("rang", subject) in told and ("cleared", subject) in told


def _exported(told: Incident, lab: Lab) -> None:
    """The whole story is on the host and in the export, and nothing in it that must not leave."""
    kept = lab.script(f"cat /var/lib/gbtui/incidents/{told.id}.jsonl").stdout
    assert len(kept.splitlines()) >= len(told.entries)
    text = exported(told, "md", hide_addresses=True)
    for word in (TITLE, "operation begins", "operation done", "iptables -w -I INPUT 1 -i lo -j ACCEPT"):
        assert word in text
    assert all(seconds is not None for _, _, seconds in spans(told).parts())
    assert leaks(text) == []
    if os.environ.get("GBTUI_EXAMPLE"):
        Path(os.environ["GBTUI_EXAMPLE"]).write_text(text, "utf-8")
