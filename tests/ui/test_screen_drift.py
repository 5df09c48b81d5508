"""The timeline by keystrokes: what changed, its lines, who did it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.checks.drift import Change
from gbtui.demo.lxd_power import tell
from screens.app import CockpitApp
from screens.drift import DriftScreen, told
from tests.ui.screen_stage import NARROW, WIDE, AppPilot, cockpit, demo, screen_text, see, session, until


async def opened(app: CockpitApp, pilot: AppPilot) -> DriftScreen:
    await until(pilot, lambda: app.session.drift.looked_at)
    await pilot.press("D")
    await until(pilot, lambda: isinstance(app.screen, DriftScreen))
    assert isinstance(app.screen, DriftScreen)
    return app.screen


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_change_is_shown_with_its_lines(tmp_path: Path, size: tuple[int, int]) -> None:
    host = demo()
    of = session(tmp_path, host)
    async with cockpit(of, size) as (app, pilot):
        screen = await opened(app, pilot)
        await see(app, pilot, "nothing changed since gbtui first looked", "looked at 20")
        host.inject("valkey-loopback")
        await of.look_for_changes()
        await pilot.press("R")
        await see(app, pilot, "2 changes", "acme-system", "saved rules", "+0 −1", "not known")
        await pilot.press("end")
        await until(pilot, lambda: screen.table.cursor == 1)
        await see(app, pilot, "− ", "-i lo -j ACCEPT", "by whom is not known")
        await pilot.press("y")
        assert "-i lo -j ACCEPT" in app.clipboard
        await pilot.press("q")
        await see(app, pilot, "1 cont")


async def test_its_own_changes_can_be_hidden(tmp_path: Path) -> None:
    of = session(tmp_path)
    async with cockpit(of) as (app, pilot):
        await opened(app, pilot)
        base = of.drift.looked_at
        assert base is not None
        other = Change(base, base, "devices", "acme-dns", "devices", ("[/] a",), (), by="bob")
        mine = replace(other, where="acme-alm", by="gbtui", operation="op-7")
        of.drift._memory += [other, mine]
        app.screen.refill()  # type: ignore[attr-defined] # it is the drift screen
        await see(app, pilot, "2 changes", "acme-alm", "op-7", "bob")
        await pilot.press("o")
        await see(app, pilot, "1 of 2 changes, from outside", "by bob, as LXD says", "+ [/] a")
        assert "acme-alm" not in screen_text(app)
        assert "by gbtui: op-7" in told(mine).plain


async def test_lxd_says_who_did_it(tmp_path: Path) -> None:
    host = demo()
    of = session(tmp_path, host)
    async with cockpit(of, NARROW) as (app, pilot):
        await opened(app, pilot)
        port = {"type": "proxy", "listen": "tcp:0.0.0.0:3000", "connect": "tcp:127.0.0.1:3000"}
        host.state.instances["acme-alm"].devices["web"] = port
        tell(host.state, "instance-updated", "/1.0/instances/acme-alm")
        await until(pilot, lambda: of.events)
        await of.look_for_changes()
        await pilot.press("R")
        await see(
            app, pilot, "1 change ·", "acme-alm", "devices", "by ops, as LXD says", "+ web: tcp:0.0.0.0:3000"
        )


async def test_an_operation_is_named_by_its_id(tmp_path: Path) -> None:
    of = session(tmp_path, faults=["container-stop"])
    async with cockpit(of, NARROW) as (app, pilot):
        await opened(app, pilot)
        of.journal.append(
            "op-9", "demo", "begin", title="t", plan={"operation": "proxy.apply", "parameters": []}
        )
        of.host.state.places["acme-proxy"].files["/opt/gbo/conf/config"].data += b"# x\n"  # type: ignore[attr-defined] # the demo host
        await of.look_for_changes()
        await pilot.press("R")
        await see(app, pilot, "Caddyfile", "by gbtui: op-9", "+ # x")
