"""What every pane does: state and age in words, filter, sort, pause, keys; nothing of a host is markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.geometry import Region

from gbtui.errors import Denied, Unreachable
from gbtui.facts.bans import Ban, Bans, Jail
from gbtui.facts.containers import Containers
from gbtui.facts.firewall import Chain, Firewall, Mark, Rule
from gbtui.facts.reading import Reading, State
from gbtui.facts.snapshots import Snapshots
from tests.ui.widget_samples import (
    BANS,
    CONTAINERS,
    FIREWALL,
    NOW,
    SNAPSHOTS,
    TIMED_OUT,
    container,
    entry,
    failed,
    log,
    ok,
    snapshot,
)
from tests.ui.widget_stage import NARROW, WIDE, on_stage
from widgets.bans_pane import BansPane
from widgets.containers_pane import ContainersPane
from widgets.firewall_pane import FirewallPane
from widgets.log_pane import LogPane
from widgets.pane import Pane
from widgets.pane_messages import ActionsWanted, Changed, Chosen, CopyWanted
from widgets.snapshots_pane import SnapshotsPane

ALL: tuple[tuple[type[Pane[Any]], Any], ...] = (
    (ContainersPane, CONTAINERS),
    (SnapshotsPane, SNAPSHOTS),
    (FirewallPane, FIREWALL),
    (BansPane, BANS),
    (LogPane, log(entry(1), entry(2))),
)


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(("kind", "value"), ALL)
async def test_every_pane_says_name_age_and_state(
    kind: type[Pane[Any]], value: Any, size: tuple[int, int]
) -> None:
    pane = kind()
    async with on_stage(pane, size=size) as (app, pilot):
        assert "? loading" in app.lines()[0]
        assert "loading…" in app.text()
        assert pane.badge.word == "loading"
        pane.show(ok(value, age=9))
        pane.tick(NOW)
        await pilot.pause()
        title = app.lines()[0]
        assert f"{pane.number} {pane.title}" in title
        assert "9s " in title
        pane.tick(NOW + timedelta(minutes=3))
        await pilot.pause()
        assert "3m " in app.lines()[0]
        assert all(len(line) <= size[0] for line in app.lines())


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (State.STALE, TIMED_OUT, "◌ stale"),
        (
            State.DISCONNECTED,
            Unreachable("ssh prod-1", why="connection lost", hint="it is tried again"),
            "✖ disconnected",
        ),
        (State.DENIED, Denied("zfs list", why="sudo: a password is required", hint="grant it"), "✖ denied"),
    ],
)
@pytest.mark.parametrize(("kind", "value"), ALL)
async def test_a_failure_keeps_the_last_rows_and_says_its_words_and_what_to_do(
    kind: type[Pane[Any]], value: Any, state: State, error: Any, words: str
) -> None:
    pane = kind()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(value))
        await pilot.pause()
        rows = len(pane.table.rows)
        pane.show(failed(state, error, value))
        pane.tick(NOW)
        await pilot.pause()
        assert f"45s {words}" in app.lines()[0]
        assert app.line_with(f"✖ {error.what}: {error.why}")
        assert app.line_with(f"→ {error.hint}")
        assert len(pane.table.rows) == rows > 0
        pane.show(ok(value))
        await pilot.pause()
        assert f"→ {error.hint}" not in app.text()


async def test_with_nothing_read_yet_the_notice_is_the_body() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(failed(State.LOADING, TIMED_OUT))
        await pilot.pause()
        assert "✖ not read" in app.lines()[0]
        assert app.line_with("✖ zfs list: no answer within 15 s")
        assert "loading…" not in app.text()
        assert pane.badge.role == "error"


async def test_an_empty_value_says_so() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(Containers(())))
        await pilot.pause()
        assert app.line_with("no containers here")
        assert "1 containers 0" in app.lines()[0]


async def test_typing_filters_enter_keeps_and_escape_clears() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("slash", *"sys")
        await pilot.pause()
        assert [row.name for row in pane.table.rows] == ["acme-system"]
        assert "1/4" in app.lines()[0]
        await pilot.press("enter")
        await pilot.pause()
        assert pane.table.has_focus
        assert "/sys" in app.lines()[0]
        await pilot.press("escape")
        await pilot.pause()
        assert pane.filter_text == ""
        assert len(pane.table.rows) == 4
        await pilot.press("slash", *"!acme-p", "escape")
        await pilot.pause()
        assert pane.filter_text == ""
        assert pane.table.has_focus


async def test_escape_without_a_filter_is_for_whoever_is_above() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        went: list[bool] = []
        app.bind("escape", "leave")
        app.action_leave = lambda: went.append(True)  # type: ignore[attr-defined] # for this test
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("slash", "x", "escape")
        await pilot.pause()
        assert went == []
        await pilot.press("escape")
        await pilot.pause()
        assert went == [True]


async def test_paused_rows_hold_still_and_the_latest_comes_when_it_goes_on() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("p")
        pane.show(ok(Containers(CONTAINERS.containers[:1])))
        await pilot.pause()
        assert "paused" in app.lines()[0]
        assert len(pane.table.rows) == 4
        await pilot.press("p")
        await pilot.pause()
        assert len(pane.table.rows) == 1
        assert "paused" not in app.lines()[0]


async def test_keys_ask_upward() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("j", "enter", "a", "y", "s")
        await pilot.pause()
        assert app.said(Chosen)[0].row is pane.selected
        assert app.said(ActionsWanted)[0].pane is pane
        assert app.said(CopyWanted)[0].text.startswith("acme-system")
        assert pane.table.sort_column == "name"


async def test_a_badge_is_announced_when_it_changes_and_only_then() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (app, pilot):
        for _ in range(3):
            pane.show(ok(FIREWALL))
        await pilot.pause()
        assert len(app.said(Changed)) == 1
        assert (pane.badge.role, pane.badge.glyph, pane.badge.word) == ("error", "✖", "loopback cut off")


async def test_a_tick_draws_the_title_and_no_row() -> None:
    pane = SnapshotsPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(SNAPSHOTS))
        pane.tick(NOW)
        await pilot.pause()
        drawn: list[int] = []
        render_line = pane.table.render_line

        def counting(y: int) -> Any:
            drawn.append(y)
            return render_line(y)

        pane.table.render_line = counting  # type: ignore[method-assign] # to see what is drawn
        pane.tick(NOW + timedelta(seconds=5))
        await pilot.pause()
        assert "7s " in app.lines()[0]
        assert drawn == []


async def test_the_whole_frame_shows_where_the_focus_is() -> None:
    first, second = ContainersPane(), BansPane()
    async with on_stage(first, second) as (app, pilot):

        def corner(pane: Pane[Any]) -> object:
            return app.screen.get_style_at(pane.region.x, pane.region.y).color

        def side(pane: Pane[Any]) -> object:
            return app.screen.get_style_at(pane.region.x, pane.region.y + 2).color

        for focused, other in ((first, second), (second, first)):
            focused.focus()
            await pilot.pause()
            assert corner(focused) == side(focused)
            assert corner(other) == side(other)
            assert corner(focused) != corner(other)
        await pilot.press("slash", "x")
        await pilot.pause()
        assert corner(second) == side(second) != corner(first)


async def test_an_age_sends_no_more_of_the_title_than_it_must() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.tick(NOW)
        await pilot.pause()
        regions: list[Region] = []
        refresh = pane._bar.refresh

        def noting(*some: Region, **more: Any) -> Any:
            regions.extend(some or (pane._bar.region,))
            return refresh(*some, **more)

        pane._bar.refresh = noting  # type: ignore[method-assign] # to see what is drawn
        pane.tick(NOW + timedelta(seconds=1))
        pane.tick(NOW + timedelta(seconds=1))
        assert len(regions) == 1
        assert regions[0].width == 1
        await pilot.pause()
        assert "3s ▲ 1 stopped" in app.lines()[0]


@pytest.mark.parametrize(("kind", "value"), ALL)
async def test_what_is_shown_before_the_pane_is_on_screen_is_there_when_it_is(
    kind: type[Pane[Any]], value: Any
) -> None:
    pane = kind()
    pane.show(failed(State.STALE, TIMED_OUT, value))
    async with on_stage(pane) as (app, pilot):
        pane.tick(NOW)
        await pilot.pause()
        assert "45s ◌ stale" in app.lines()[0]
        assert app.line_with("→ look at `zpool status`")
        assert len(pane.table.rows) > 0


async def test_the_cursor_stays_on_its_container_through_updates() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("j")
        newer = Containers((container("acme-alm", "alm"), *CONTAINERS.containers))
        pane.show(ok(newer))
        await pilot.pause()
        assert pane.selected.name == "acme-system"  # type: ignore[union-attr]
        assert "›acme-system" in app.text()


HOSTILE = ("[/]", "[@click=app.quit]x[/]", "x[/nope]", "\x1b]52;c;QQ==\x07\u202e[red]")


def _hostile_values(text: str) -> tuple[tuple[Callable[[], Pane[Any]], Reading[Any]], ...]:
    error = Unreachable(text, why=text, hint=text)
    rules = (Rule(f'-A INPUT -m comment --comment "{text}" -j ACCEPT', 1, 1),)
    chain = Chain(text, "iptables", "ip", "filter", text, text, 1, 1, rules)
    mark = Mark("drop-before-loopback", text, "filter", text, -1, text)
    rows: tuple[tuple[Callable[[], Pane[Any]], Any], ...] = (
        (ContainersPane, Containers((container(text, state=text, ipv4=(text,), description=text),), 3)),
        (SnapshotsPane, replace(SNAPSHOTS, snapshots=(snapshot(text, dataset=text),), note=text)),
        (FirewallPane, Firewall(text, (chain,), (mark,), None, text, note=text)),
        (BansPane, Bans((Jail(text, text, (Ban(text, 3.0),)),), ((text, text),))),
        (LogPane, log(entry(1, method=text, host=text, uri=text, client=text))),
    )
    return tuple((kind, failed(State.STALE, error, value)) for kind, value in rows)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", range(5))
async def test_hostile_text_is_literal_everywhere_and_nothing_to_click(text: str, place: int) -> None:
    kind, reading = _hostile_values(text)[place]
    pane = kind()
    async with on_stage(pane, size=WIDE) as (app, pilot):
        pane.show(reading)
        pane.tick(NOW)
        pane.table.filter(text)
        pane.table.filter("")
        await pilot.pause()
        shown = app.text()
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
        assert shown.count("[") >= 2, "markup was read instead of shown"
        for y, line in enumerate(app.lines()):
            for x in range(0, len(line), 8):
                style = app.screen.get_style_at(x, y)
                assert "@click" not in style.meta, (x, y)
        await pilot.click(offset=(4, 0))
        await pilot.click(offset=(4, 2))
        assert app.quits == 0


async def test_hidden_panes_keep_their_badge() -> None:
    pane = SnapshotsPane()
    pane.display = False
    async with on_stage(pane) as (_, pilot):
        pane.show(ok(replace(SNAPSHOTS, snapshots=())))
        await pilot.pause()
        assert (pane.badge.role, pane.badge.count) == ("ok", "0")
        assert isinstance(pane.reading.value, Snapshots)
