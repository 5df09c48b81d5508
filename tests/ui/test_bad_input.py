"""What is missing or refused: the pane it concerns says which and what to do, and the others live on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.config import HostConfig
from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.hosts.local import LocalHost
from gbtui.profiles import load
from gbtui.session import Session
from screens.actions import PANES
from tests.ui.screen_stage import WIDE, cockpit, screen_text, see, session, until

#: What each pane shows when it is well.
WELL = {
    "containers": "10.77.0.30",
    "snapshots": "@daily-",
    "firewall": "-i lo -j ACCEPT",
    "bans": "sshd",
    "log": "GET",
}


@pytest.mark.parametrize(
    ("fault", "pane", "words", "alive"),
    [
        # without LXD nothing inside containers can be read either: the host's own facts go on
        ("lxd-down", "containers", ("LXD",), ("snapshots", "bans")),
        (
            "zfs-missing",
            "snapshots",
            ("zfs", "install zfsutils-linux"),
            ("containers", "firewall", "bans", "log"),
        ),
        ("log-unreadable", "log", ("access.log",), ("containers", "snapshots", "firewall", "bans")),
    ],
)
async def test_one_pane_says_it_and_the_others_live_on(
    tmp_path: Path, fault: str, pane: str, words: tuple[str, ...], alive: tuple[str, ...]
) -> None:
    async with cockpit(session(tmp_path, faults=(fault,)), WIDE, ready=False) as (app, pilot):
        await pilot.press(str(PANES.index(pane) + 1), "z")
        await see(app, pilot, *words)
        await pilot.press("z")
        await see(app, pilot, *(WELL[name] for name in alive))


async def test_a_tenant_there_is_none_of_is_named_with_those_there_are(tmp_path: Path) -> None:
    wrong = Session(DemoHost(), load(), Journal(tmp_path), user="alice@laptop", tenant="nobody")
    async with cockpit(wrong, WIDE, ready=False) as (app, pilot):
        await pilot.press("1", "z")
        await see(app, pilot, "nobody", "acme")


async def test_a_machine_without_lxd_says_where_it_looked(tmp_path: Path) -> None:
    nowhere = HostConfig("here", "local", lxd_socket=str(tmp_path / "unix.socket"))
    here = Session(LocalHost(nowhere), load(), Journal(tmp_path), user="alice@laptop")
    async with cockpit(here, WIDE, ready=False) as (app, pilot):
        await pilot.press("1", "z")
        await see(app, pilot, "unix.socket")


async def test_a_container_that_stops_under_the_eye(tmp_path: Path) -> None:
    host = DemoHost()
    of = session(tmp_path, host)
    async with cockpit(of, WIDE) as (app, pilot):
        app.root.show_place("acme-webmail")
        await until(pilot, lambda: app.root.feeds["firewall"].reading.value is not None)
        host.inject("container-stop")
        of.firewall("acme-webmail").refresh()
        await see(app, pilot, "not running")
        assert WELL["bans"] in screen_text(app)
        host.undo("container-stop")
        of.firewall("acme-webmail").refresh()
        await until(pilot, lambda: app.root.feeds["firewall"].reading.error is None)
