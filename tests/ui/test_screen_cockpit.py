"""The cockpit by keystrokes, wide and narrow: what is seen, what is polled, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Unreachable
from gbtui.facts.feed import Feed
from screens.actions import PANES
from screens.details import DetailsScreen
from screens.help import HelpScreen
from tests.ui.screen_stage import NARROW, WIDE, cockpit, screen_text, see, session, toasts, until


async def test_wide_shows_five_panes_and_ten_containers(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path), WIDE) as (app, pilot):
        seen = await see(app, pilot, "1 containers 10", "2 snapshots", "3 firewall", "4 bans", "5 access log")
        names = [
            "proxy",
            "system",
            "alm",
            "alm-ci",
            "email",
            "dns",
            "drive",
            "tables",
            "table-editor",
            "webmail",
        ]
        assert all(f"acme-{name} " in seen for name in names)


async def test_narrow_shows_one_pane_and_a_badge_for_each(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, faults=["valkey-loopback"]), NARROW) as (app, pilot):
        seen = await see(app, pilot, "1 containers 10", "1 cont", "2 snap", "3 fw ✖", "4 bans", "5 log")
        assert "3 firewall" not in seen
        await pilot.press("3")
        seen = await see(app, pilot, "3 firewall acme-system", "--dport 6379")
        assert "1 containers" not in seen


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_first_incident_is_seen_at_once(tmp_path: Path, size: tuple[int, int]) -> None:
    """A DROP before loopback's ACCEPT (guide 32): the strip counts it and says where."""
    async with cockpit(session(tmp_path, faults=["valkey-loopback"]), size) as (app, pilot):
        await until(pilot, lambda: "✖" in screen_text(app).splitlines()[0])
        assert "acme-system" in screen_text(app).splitlines()[0]


async def test_a_healthy_host_has_no_error_on_the_strip(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await until(pilot, lambda: app.root.feeds["bans"].reading.taken_at)
        assert "✖" not in screen_text(app).splitlines()[0]


async def test_hidden_panes_are_not_polled(tmp_path: Path) -> None:
    """Zoomed away, covered by a screen, or one at a time: nobody looks, nobody asks (DESIGN, live data)."""
    async with cockpit(session(tmp_path), WIDE) as (app, pilot):

        def polled() -> set[str]:
            found = {name: feed.source for name, feed in app.root.feeds.items()}
            return {n for n, s in found.items() if s is not None and s._task is not None}  # type: ignore[attr-defined]

        await until(pilot, lambda: polled() == set(PANES))
        await pilot.press("2", "z")
        await until(pilot, lambda: polled() == {"snapshots"})
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await until(pilot, lambda: polled() == set())
        await pilot.press("escape", "z")
        await until(pilot, lambda: polled() == set(PANES))
        await pilot.press("a")  # a dialog leaves the panes in sight
        await until(pilot, lambda: app.screen.is_modal)
        assert polled() == set(PANES)
        await pilot.press("escape")
        await pilot.resize_terminal(*NARROW)
        await until(pilot, lambda: polled() == {"snapshots"})


async def test_the_first_paint_does_not_wait_for_the_host(tmp_path: Path) -> None:
    """A host that cannot be reached: the words and the hint are there, and it is tried again."""

    class Away(DemoHost):
        tries = 0

        async def open(self) -> None:
            self.tries += 1
            if self.tries < 2:
                raise Unreachable("reach demo", why="connection refused", hint="is sshd up?")

    host = Away()
    async with cockpit(session(tmp_path, host), ready=False) as (app, pilot):
        await see(app, pilot, "1 containers", "connection refused", "is sshd up?")
        assert not app.opened
        await see(app, pilot, "acme-proxy")
        assert host.tries == 2


async def test_zoom_and_back(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await pilot.press("4", "z")
        await until(pilot, lambda: "1 containers" not in screen_text(app))
        await pilot.press("q")
        await see(app, pilot, "1 containers")
        await pilot.press("q")
        assert app.is_running
        assert "Q leaves" in toasts(app)


async def test_tab_goes_round_the_panes(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        seen = []
        for _ in PANES:
            seen.append(app.root.current)
            await pilot.press("tab")
        assert tuple(seen) == PANES
        assert app.root.current == PANES[0]
        await pilot.press("shift+tab")
        assert app.root.current == PANES[-1]


async def test_another_place_of_the_firewall(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        assert app.root.place == "acme-system"
        await pilot.press("3", "c")
        await see(app, pilot, "Whose rules?", "acme-proxy")
        await pilot.press("enter")
        await see(app, pilot, "3 firewall host")


async def test_details_of_a_container(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-alm ")
        await pilot.press("1", "enter")
        await see(app, pilot, "acme-alm", "Network", "Devices", "10.77.0.40", "processes")
        assert isinstance(app.screen, DetailsScreen)
        await pilot.press("y")
        assert app.clipboard.startswith("acme-alm\n")
        await pilot.press("q")
        await see(app, pilot, "5 access log")


async def test_a_filter_is_typed_literally_and_escape_leaves_it(tmp_path: Path) -> None:
    """Letters that are keys elsewhere (q, Q, z, :) are only letters in a filter."""
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-proxy")
        await pilot.press("slash", *"proxqQz")
        assert app.root.panes["containers"].filter_text == "proxqQz"
        await pilot.press("escape")
        await see(app, pilot, "1 containers 10")
        assert app.is_running


async def test_no_shell_on_the_demo_host_nor_in_read_only(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-proxy")
        await pilot.press("1", "exclamation_mark")
        await until(pilot, lambda: "simulated" in toasts(app))
    async with cockpit(session(tmp_path, read_only="started with --read-only")) as (app, pilot):
        await see(app, pilot, "acme-proxy")
        await pilot.press("1", "exclamation_mark")
        await until(pilot, lambda: "started with --read-only" in toasts(app))
        assert not (tmp_path / "journal.jsonl").exists()


async def test_ctrl_c_says_how_to_quit_and_capital_q_quits(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Q leaves gbtui" in toasts(app))
        await pilot.press("ctrl+q")
        assert app.is_running
        await pilot.press("Q")
        await until(pilot, lambda: app.return_code == 0)


async def test_what_a_hidden_pane_would_say_is_known_after_the_start(tmp_path: Path) -> None:
    """One look at each hidden pane, so that the badges of the narrow cockpit are true."""
    async with cockpit(session(tmp_path), NARROW) as (app, pilot):
        feeds = [f.source for f in app.root.feeds.values() if isinstance(f.source, Feed)]
        await until(pilot, lambda: all(feed.reading.taken_at for feed in feeds))


async def test_the_default_place_is_shown_once_containers_can_be_read(tmp_path: Path) -> None:
    """LXD does not answer at the start: the host's rules are there meanwhile."""
    host = DemoHost(faults=["lxd-down"])
    async with cockpit(session(tmp_path, host), ready=False) as (app, pilot):
        await see(app, pilot, "3 firewall host")
        assert "quiet" not in screen_text(app).splitlines()[0]
        host.undo("lxd-down")
        await pilot.press("1", "R")
        await see(app, pilot, "3 firewall acme-system")
