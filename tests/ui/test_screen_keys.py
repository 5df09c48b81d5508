"""The table of keys: what it says is what is bound, helped with and found in the palette."""

from __future__ import annotations

from pathlib import Path

from textual.command import DiscoveryHit
from textual.widgets import Static

from gbtui.operations.catalog import OPERATIONS
from screens.actions import ACTIONS, Scope, actions_in, footer
from screens.app import CockpitApp
from screens.help import HelpScreen, KeyLine
from screens.palette import Everything
from screens.plan import PlanScreen
from tests.ui.screen_stage import NARROW, cockpit, see, session, toasts, until


def test_no_key_belongs_to_tmux_or_readline() -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",") if key.startswith(("ctrl+", "alt+"))]
    assert keys == ["ctrl+c"]  # it only says how to quit


def test_ids_are_unique_and_every_action_has_its_words() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all(action.label and action.sentence.endswith(".") for action in ACTIONS)


def test_a_key_means_one_thing_in_each_place() -> None:
    for scopes in ((Scope.PANE, Scope.COCKPIT, Scope.EVERYWHERE), (Scope.PLAN, Scope.EVERYWHERE)):
        keys = [key for action in actions_in(*scopes) for key in action.keys.split(",")]
        assert len(set(keys)) == len(keys)


def test_the_footer_shows_at_most_six() -> None:
    assert 4 <= len(footer(Scope.PANE, Scope.COCKPIT, Scope.EVERYWHERE)) <= 6


async def test_every_key_of_the_table_is_bound_where_it_applies(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await pilot.press("3")
        bound = {bound.binding.id: bound.binding for bound in app.screen.active_bindings.values()}
        for action in actions_in(Scope.PANE, Scope.COCKPIT, Scope.EVERYWHERE):
            if action.id == "app.how-to-quit":  # Textual copies selected text first
                continue
            assert action.id in bound, action.id
            assert bound[action.id].description.casefold() == action.label.casefold()


async def test_no_binding_of_the_cockpit_is_missing_from_the_table(tmp_path: Path) -> None:
    known = {action.id for action in ACTIONS}
    async with cockpit(session(tmp_path)) as (app, _):
        keys = {
            key
            for key, bound in app.screen.active_bindings.items()
            if bound.binding.id not in known and bound.binding.show
        }
        assert keys == set()


async def test_help_lists_every_key_contextual_first(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path), NARROW) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query(KeyLine))
        sentences = [str(line.query(".sentence").first(Static).content) for line in app.screen.query(KeyLine)]
        assert sorted(sentences) == sorted(action.sentence for action in ACTIONS)
        assert sentences[0] == actions_in(Scope.PANE)[0].sentence
        await pilot.press("q")
        await see(app, pilot, "1 containers")


async def test_the_palette_has_every_action_and_every_operation(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, _):
        hits = [hit async for hit in Everything(app.screen).discover()]
        words = [hit.text for hit in hits if isinstance(hit, DiscoveryHit)]
        for action in actions_in(Scope.PANE, Scope.COCKPIT, Scope.EVERYWHERE):
            if action.palette:
                assert f"{action.label}  ({action.shown({})})" in words
        assert all(operation.title in words for operation in OPERATIONS)


async def test_an_operation_from_the_palette_asks_and_opens_its_plan(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, faults=["valkey-loopback"])) as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"loopback")
        await see(app, pilot, "Accept loopback")
        await pilot.press("enter")
        await see(app, pilot, "Accept loopback: where?", "acme-system")
        await pilot.press(*["down"] * 6, "enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await see(app, pilot, "Accept loopback in acme-system", "Cancel")


async def test_a_key_from_the_palette_does_what_the_key_does(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"go to bans")
        await see(app, pilot, "Go to bans")
        await pilot.press("enter")
        await until(pilot, lambda: app.root.current == "bans")


async def test_keys_are_remapped_by_id(tmp_path: Path) -> None:
    app = CockpitApp(session(tmp_path), keymap={"cockpit.zoom": "f6", "pane.filter": "f7"})
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await see(app, pilot, "acme-proxy", "F7 filter".lower(), "f6 zoom")
        await pilot.press("z")
        assert not app.root.zoomed
        await pilot.press("f6")
        await until(pilot, lambda: app.root.zoomed)


async def test_host_text_is_never_markup_in_a_message(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        app.notify("[/] [@click=app.leave]x[/] \x1b[31m", title="[/]")
        await until(pilot, lambda: "[@click=app.leave]x[/]" in toasts(app))
        assert "\x1b" not in toasts(app)
        await see(app, pilot, "[/] [@click=app.leave]x[/]")
        app.copy("a\x1b]52;c;eA==\x07\nb", "it")
        assert app.clipboard == "a\ufffd]52;c;eA==\ufffd\nb"
