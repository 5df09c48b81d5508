"""What a row offers, what it already knows, and what is asked before a plan is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from gbtui.errors import BadInput
from gbtui.operations.base import Context, Operation, Parameter
from gbtui.operations.catalog import find
from screens import parameters
from screens.actions_menu import OPERATION, choices_for
from screens.choose import Choose
from screens.form import Form
from screens.operate import Operator
from screens.parameters import ask_parameters
from screens.selection import known
from tests.ui.screen_stage import cockpit, session, until
from widgets.names import TITLES

SIZE = Parameter("size", "a NUMBER", lambda value: "" if value.isdigit() else "no number")
NAME = Parameter("name", "WORD", lambda value: "" if value.isalpha() else "no word", "daily")


async def _none(context: Context, given: object) -> None:
    raise BadInput("not to be planned here")


def asking(*wanted: Parameter) -> Operation:
    """An operation that only has parameters."""
    loopback = find("firewall.accept-loopback")
    return Operation(
        id="containers.measure",
        title="Measure",
        summary="how large it is",
        subject="containers",
        parameters=wanted,
        guards=(),
        danger=loopback.danger,
        items=(),
        make=loopback.make,
    )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """What would be planned."""
    found: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(Operator, "start", lambda _self, name, given: found.append((name, dict(given))))
    return found


async def test_a_form_asks_only_for_what_is_not_known(
    tmp_path: Path, started: list[tuple[str, dict[str, str]]]
) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        container = find("firewall.accept-loopback").parameters[0]
        ask_parameters(app, asking(container, SIZE, NAME), {"container": "acme-dns", "other": "x"})
        await until(pilot, lambda: isinstance(app.screen, Form) and app.screen.query(Input))
        assert [field.name for field in app.screen.query(Input)] == ["size", "name"]
        await pilot.press("enter")
        keys = app.screen.query_one(".keys", Static)
        assert "size: expected a NUMBER" in str(keys.content)
        await pilot.press("x", "enter")
        assert "no number" in str(keys.content)
        await pilot.press("backspace", "4", "enter", "enter")
        assert started == [("containers.measure", {"container": "acme-dns", "size": "4"})]


async def test_what_was_typed_wrong_above_is_gone_back_to(
    tmp_path: Path, started: list[tuple[str, dict[str, str]]]
) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        ask_parameters(app, asking(SIZE, NAME))
        await until(pilot, lambda: isinstance(app.screen, Form) and app.screen.query(Input))
        await pilot.press("down", *"weekly", "enter")
        assert started == []
        focused = app.focused
        assert isinstance(focused, Input)
        assert focused.name == "size"
        await pilot.press("7", "enter", "enter")
        assert started == [("containers.measure", {"size": "7", "name": "weekly"})]


async def test_a_container_is_chosen_from_those_there_are(
    tmp_path: Path, started: list[tuple[str, dict[str, str]]]
) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        parameters.ask_parameters(app, find("firewall.accept-loopback"))
        await until(pilot, lambda: isinstance(app.screen, Choose) and app.screen.query(OptionList))
        options = app.screen.query_one(OptionList)
        assert options.option_count == 10
        await pilot.press("enter")
        assert started == [("firewall.accept-loopback", {"container": options.get_option_at_index(0).id})]


async def test_escape_leaves_the_form_and_plans_nothing(
    tmp_path: Path, started: list[tuple[str, dict[str, str]]]
) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        ask_parameters(app, asking(SIZE))
        await until(pilot, lambda: isinstance(app.screen, Form) and app.screen.query(Input))
        await pilot.press("4", "escape")
        assert app.screen is app.root
        assert started == []


async def test_every_pane_knows_its_rows(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        wanted = {
            "containers": {"container"},
            "snapshots": {"snapshots", "dataset"},
            "firewall": {"container", "table", "chain"},
            "bans": {"container", "jail"},
            "log": {"address", "domain"},
        }
        assert set(wanted) == set(TITLES)
        for pane, names in wanted.items():
            app.root.go(pane)
            table = app.root.panes[pane].table
            await until(pilot, lambda table=table: len(table.rows) > 0)  # type: ignore[misc]
            found = known(pane, (table.rows[0],), "acme-system")
            assert names <= found.keys(), pane
            assert all(found.values()), pane


async def test_marked_snapshots_are_named_together(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        app.root.go("snapshots")
        table = app.root.panes["snapshots"].table
        await until(pilot, lambda: len(table.rows) > 2)
        await pilot.press("space", "down", "space")
        names = known("snapshots", table.marked, "host")["snapshots"].split(",")
        assert len(names) == 2
        assert all("@" in name for name in names)


async def test_the_hosts_own_rules_are_no_containers(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, _pilot):
        choices = {c.id: c for c in choices_for(app, "firewall", None, known("firewall", (), "host"))}
        assert "host's own rules" in choices[f"{OPERATION}firewall.accept-loopback"].refusal
        choices = {c.id: c for c in choices_for(app, "firewall", None, known("firewall", (), "acme-dns"))}
        assert choices[f"{OPERATION}firewall.accept-loopback"].refusal == ""


async def test_read_only_is_said_in_the_menu(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, read_only="asked for")) as (app, _pilot):
        given = known("firewall", (), "acme-dns")
        operations = [c for c in choices_for(app, "firewall", None, given) if c.id.startswith(OPERATION)]
        assert operations
        assert all(choice.refusal == "read-only: asked for" for choice in operations)
