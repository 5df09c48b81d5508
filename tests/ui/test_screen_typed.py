"""Whole bursts of keys in one read: each does everything it does before the next is looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event as Gate

import pytest
from textual.events import Key, Paste
from textual.keys import _character_to_key

from gbtui.session import Session
from screens.app import CockpitApp
from screens.choose import Choose
from screens.details import DetailsScreen
from screens.help import HelpScreen
from screens.plan import PlanScreen
from tests.terminal import Terminal
from tests.ui.screen_stage import AppPilot, cockpit, demo, see, session, until


def burst(app: CockpitApp, typed: str) -> None:
    """What the driver does with one read: a key event for each character, one after another."""
    for sign in typed:
        name = {"\r": "enter", "\x1b": "escape", "\t": "tab"}.get(sign) or _character_to_key(sign)
        app.post_message(Key(name, sign if sign.isprintable() else None))


async def quiet(app: CockpitApp, pilot: AppPilot) -> None:
    """Wait until everything typed had its turn."""
    await pilot.pause()
    await until(pilot, lambda: not app.typed._busy and not app.typed._waiting)


async def test_a_filter_gets_its_text_and_enter_its_row(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-drive")
        burst(app, "1/drive\r\r")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert app.root.panes["containers"].filter_text == "drive"
        await see(app, pilot, "acme-drive", "Recent events")


async def test_keys_of_the_cockpit_are_letters_in_a_filter(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-drive")
        burst(app, "2/aQz!:?J")
        await until(pilot, lambda: app.root.panes["snapshots"].filter_text == "aQz!:?J")
        await quiet(app, pilot)
        assert app.screen is app.root


async def test_a_paste_goes_where_the_keys_before_it_lead(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-drive")
        burst(app, "1/")
        app.post_message(Paste("drive"))
        burst(app, "\r")
        await until(pilot, lambda: app.root.panes["containers"].filter_text == "drive")
        await quiet(app, pilot)
        assert app.screen is app.root


async def test_enter_behind_a_menu_key_acts_on_the_menu(tmp_path: Path) -> None:
    """`a` then Enter: the menu's first line, and neither the details nor anything below the menu."""
    async with cockpit(session(tmp_path, faults=["valkey-loopback"])) as (app, pilot):
        await see(app, pilot, "acme-system")
        burst(app, "1/acme-system\ra\r")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        assert not any(isinstance(screen, DetailsScreen) for screen in app.screen_stack)


async def test_a_key_that_leaves_a_screen_comes_before_the_next(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await see(app, pilot, "acme-drive")
        burst(app, "?q4za")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert app.root.current == "bans"
        assert app.root.zoomed
        assert not any(isinstance(screen, HelpScreen) for screen in app.screen_stack)


async def test_a_yes_typed_before_the_plan_was_seen_is_dropped(tmp_path: Path) -> None:
    host = demo("valkey-loopback")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        app.operator.start("firewall.accept-loopback", {"container": "acme-system"})
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        await until(pilot, lambda: screen.stage == "asking" and screen.seen_at)
        early = [Key(key, key) for key in "wwwy"]
        for key in early:
            key.time = (screen.seen_at or 0) - 0.001
            app.post_message(key)
        await quiet(app, pilot)
        assert screen.stage == "asking"
        await pilot.press("w")
        await until(pilot, lambda: screen._acknowledged)


async def test_what_is_typed_at_the_first_frame_is_for_the_cockpit(tmp_path: Path) -> None:
    gate = Gate()

    def built() -> tuple[Session, Mapping[str, str]]:
        gate.wait(30)
        return session(tmp_path), {}

    app = CockpitApp(built)
    async with app.run_test(size=(160, 50)) as pilot:
        burst(app, "3z?")
        gate.set()
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert (app.root.current, app.root.zoomed) == ("firewall", True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    env = {"GBTUI_STATE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "gbtui", "--demo"], env=env) as terminal:
        yield terminal


def gone(words: str) -> Callable[[str], bool]:
    return lambda screen: words not in screen


def test_bursts_through_a_real_terminal(terminal: Terminal) -> None:
    """Typed at once and before anything was painted: nothing is lost, nothing acts elsewhere."""
    terminal.send("1/drive\r")
    terminal.until(lambda screen: "1 containers 1/10" in screen)
    terminal.send("\r")
    terminal.until(lambda screen: "Recent events" in screen and "acme-drive" in screen)
    terminal.send("q\x1b[200~jj\x1b[201~/zzQ")
    terminal.until(lambda screen: "/zzQ" in screen or "drivezzQ" in screen)
    terminal.send("\x1b")
    terminal.until(lambda screen: "1 containers 10" in screen)
    terminal.send("1/drive\r\r")
    terminal.until(lambda screen: "Recent events" in screen and "acme-drive" in screen)
    terminal.send("q?")
    terminal.until(lambda screen: "Show every key." in screen)
    terminal.send("qQ")
    while terminal.process.poll() is None:
        terminal.pump(0.1)
    assert terminal.process.returncode == 0
