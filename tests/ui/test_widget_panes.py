"""The five panes, each in its own words; and the strip and the tabs above them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gbtui.facts.bans import Bans
from gbtui.facts.containers import Containers
from gbtui.facts.firewall import Saved
from gbtui.facts.reading import Reading
from gbtui.facts.snapshots import Pool
from tests.ui.widget_samples import (
    BANS,
    CONTAINERS,
    FIREWALL,
    GOOD_FIREWALL,
    NOW,
    SNAPSHOTS,
    container,
    entry,
    log,
    ok,
    snapshot,
)
from tests.ui.widget_stage import NARROW, WIDE, on_stage
from widgets.bans_pane import BansPane
from widgets.containers_pane import ContainersPane, mounts, ports
from widgets.firewall_pane import FirewallPane, PlaceWanted
from widgets.log_pane import LogPane
from widgets.roles import Badge
from widgets.snapshots_pane import SnapshotsPane
from widgets.strip import Light, Strip, StripState
from widgets.tabs import Tabs

# -- containers


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_containers_show_state_as_glyph_and_word_and_what_they_use(size: tuple[int, int]) -> None:
    pane = ContainersPane()
    async with on_stage(pane, size=size) as (app, pilot):
        pane.show(ok(CONTAINERS))
        pane.tick(NOW)
        await pilot.pause()
        system = app.line_with("acme-system")
        for part in ("⚑", "● run", "11%", "1.9G"):
            assert part in system
        assert "○ stopped" in app.line_with("acme-table")
        assert "80 443 443/udp" in app.line_with("acme-proxy")
        assert "▲ 1 stopped" in app.lines()[0]
        assert ("/opt/data" in app.text()) is (size == WIDE)


async def test_the_sort_goes_through_the_columns_that_have_an_order() -> None:
    pane = ContainersPane()
    async with on_stage(pane, size=WIDE) as (_, pilot):
        pane.show(ok(CONTAINERS))
        pane.focus()
        await pilot.press("s", "s", "s")
        assert pane.table.sort_column == "cpu"
        names = [row.name for row in pane.table.rows]
        assert names[0] == "acme-system"
        assert names[-1] == "acme-table", "what has no figure comes last"


def test_ports_and_mounts_in_their_shortest_form() -> None:
    proxy, _, table, drive = CONTAINERS.containers
    assert ports(proxy) == "80 443 443/udp"
    assert ports(table) == "—"
    assert mounts(drive) == "/opt/data"
    assert mounts(proxy) == "—"


async def test_what_could_not_be_read_is_counted_and_said() -> None:
    pane = ContainersPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(Containers((container("a"),), malformed=2)))
        await pilot.pause()
        assert app.line_with("▲ 2 instances could not be read")


# -- snapshots


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_snapshots_come_largest_first_with_owner_and_missing_halves(size: tuple[int, int]) -> None:
    pane = SnapshotsPane()
    async with on_stage(pane, size=size) as (app, pilot):
        pane.show(ok(SNAPSHOTS))
        pane.tick(NOW)
        await pilot.pause()
        assert [row.name for row in pane.table.rows] == [
            "daily-2026-11-16",
            "snapshot-stray",
            "small",
            "gone",
        ]
        daily = app.line_with("daily-2026-11-16")
        for part in ("61.2G", "7d", "raw"):
            assert part in daily
        assert "✖ no dataset" in app.line_with("@gone")
        assert "▲ no row" in app.line_with("@snapshot-stray")
        assert "pool 71%" in app.lines()[0]
        assert "2 half there" in app.lines()[0]


async def test_a_long_name_is_shortened_to_its_end() -> None:
    pane = SnapshotsPane()
    long = snapshot("daily-2026-11-16", dataset="tank/" + "very-" * 20 + "long")
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(replace(SNAPSHOTS, snapshots=(long,))))
        await pilot.pause()
        assert "…" in app.line_with("long@daily-2026-11-16")


@pytest.mark.parametrize(
    ("pool", "title"),
    [
        (Pool("tank", "DEGRADED", 100, 10, 90, 10), "pool 10% DEGRADED ✖"),
        (Pool("tank", "ONLINE", 100, 85, 15, 85), "pool 85% ▲"),
        (Pool("tank", "ONLINE", 100, 93, 7, 93), "pool 93% ✖"),
    ],
)
async def test_a_pool_in_trouble_is_in_the_title(pool: Pool, title: str) -> None:
    pane = SnapshotsPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(replace(SNAPSHOTS, pools=(pool,))))
        await pilot.pause()
        assert title in app.lines()[0]
        assert pane.badge.role in {"warn", "error"}


# -- firewall


async def test_rules_keep_their_order_number_and_text_and_the_fatal_one_is_marked() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(FIREWALL))
        await pilot.pause()
        assert "firewall acme-system ▾" in app.lines()[0]
        assert "✖ loopback cut off" in app.lines()[0]
        drop = app.line_with("--dport 6379")
        for part in ("✖", " 1 -p tcp -m tcp --dport 6379 -j DROP", "1,204", "+14/s"):
            assert part in drop
        assert " 2 -i lo -j ACCEPT" in app.text()
        assert '≠  3 -m comment --comment "let them in" -j ACCEPT' in app.text()
        assert "policy ACCEPT" in app.line_with("INPUT")
        assert "12.4k" in app.line_with("INPUT")
        assert app.line_with("nft inet lxd fwd.lxdbr0")
        assert app.line_with("≠ rules.v4 differs: 1 rule only in memory, 1 only in file")
        assert app.line_with("≠ only in rules.v4  filter -A INPUT -j Y")
        assert app.line_with("✖ DROP 6379 stands before loopback")


async def test_good_rules_are_quiet_and_do_not_sort() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(GOOD_FIREWALL))
        pane.focus()
        before = [pane.row_key(row) for row in pane.table.rows]
        await pilot.press("s", "s")
        await pilot.pause()
        assert [pane.row_key(row) for row in pane.table.rows] == before
        assert not any(sign in app.text() for sign in "✖≠▲")
        assert pane.badge.role == "ok"


@pytest.mark.parametrize("state", ["absent", "unreadable"])
async def test_rules_that_are_not_saved_are_said_in_words(state: str) -> None:
    pane = FirewallPane()
    saved = Saved("/etc/iptables/rules.v4", state, why="permission denied")  # type: ignore[arg-type] # parametrized
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(replace(GOOD_FIREWALL, saved=saved)))
        await pilot.pause()
        assert app.line_with("? rules.v4")


async def test_the_cursor_stays_on_a_rule_when_one_is_inserted_above() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (_, pilot):
        pane.show(ok(FIREWALL))
        pane.focus()
        await pilot.press("j")
        chain = FIREWALL.chains[0]
        first = replace(chain.rules[1])
        repaired = replace(chain, rules=(first, *chain.rules))
        pane.show(ok(replace(FIREWALL, chains=(repaired, *FIREWALL.chains[1:]), marks=())))
        await pilot.pause()
        assert pane.selected.number == 2  # type: ignore[union-attr]
        assert "6379" in pane.selected.rule.spec  # type: ignore[union-attr]


async def test_another_place_never_shows_the_last_one_s_rules() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(FIREWALL))
        pane.focus()
        await pilot.press("c")
        await pilot.pause()
        assert len(app.said(PlaceWanted)) == 1
        pane.choose("acme-email")
        await pilot.pause()
        assert "6379" not in app.text()
        assert "acme-system" not in app.text()
        assert "firewall acme-email ▾" in app.lines()[0]
        assert "? loading" in app.lines()[0]
        pane.show(Reading())


async def test_copying_a_rule_copies_its_own_text() -> None:
    pane = FirewallPane()
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(FIREWALL))
        pane.focus()
        await pilot.press("j", "y")
        await pilot.pause()
        assert app.heard[-1].text == "-A INPUT -p tcp -m tcp --dport 6379 -j DROP"  # type: ignore[attr-defined]


# -- bans


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_bans_show_who_where_and_how_long(size: tuple[int, int]) -> None:
    pane = BansPane()
    async with on_stage(pane, size=size) as (app, pilot):
        pane.show(ok(BANS, age=0))
        pane.tick(NOW)
        await pilot.pause()
        assert "4 bans 3  3 jails" in app.lines()[0]
        flood = app.line_with("203.0.113.7")
        for part in ("acme-proxy", "caddy-http-flood", "48m", "×3"):
            assert part in flood
        assert "no end" in app.line_with("not-an-ip")
        assert "nobody" in app.line_with("stalwart")
        pane.tick(NOW + timedelta(minutes=10))
        await pilot.pause()
        assert "38m" in app.line_with("203.0.113.7"), "time left runs without another reading"


async def test_a_place_that_could_not_be_read_is_said_once() -> None:
    pane = BansPane()
    notes = (("acme-email", "fail2ban is not running"),)
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(Bans(BANS.jails, notes, malformed=1)))
        await pilot.pause()
        assert app.line_with("? acme-email: fail2ban is not running")
        assert app.line_with("▲ 1 line of fail2ban could not be read")
        assert pane.badge.role == "unknown"


# -- log


async def test_requests_line_up_and_bad_ones_carry_a_glyph() -> None:
    pane = LogPane()
    rows = [entry(1), entry(2, status=404), entry(3, status=502, duration=2.1, size=2048)]
    async with on_stage(pane, size=WIDE) as (app, pilot):
        pane.show(ok(log(*rows, malformed=3, dropped=7)))
        await pilot.pause()
        assert "14:03:23  200     GET" in app.line_with("/request/1")
        assert "404 ▲" in app.line_with("/request/2")
        failing = app.line_with("/request/3")
        for part in ("502 ✖", "2.10s", "2.0K", "203.0.113.7"):
            assert part in failing
        title = app.lines()[0]
        for part in ("following", "412/s", "2xx ▁▁▁▁▁▁▅█", "5xx ▁▁▁▁▁▁▁█", "malformed 3", "dropped 7"):
            assert part in title


async def test_the_log_follows_until_the_reader_goes_up_and_equal_lines_stay_apart() -> None:
    pane = LogPane()
    ring = [entry(n % 3) for n in range(100)]
    async with on_stage(pane) as (app, pilot):
        pane.show(ok(log(*ring)))
        await pilot.pause()
        pane.focus()
        await pilot.press("up", "up")
        await pilot.pause()
        held = pane.selected
        assert held is ring[97]
        assert "held" in app.lines()[0]
        pane.action_pause()
        pane.action_pause()
        ring = ring[5:] + [entry(n) for n in range(5)]
        pane.show(ok(log(*ring)))
        pane.action_pause()
        pane.action_pause()
        await pilot.pause()
        assert pane.selected is held


async def test_a_burst_is_drawn_once_and_its_end_is_not_lost() -> None:
    pane = LogPane()
    async with on_stage(pane) as (_, pilot):
        drawn: list[int] = []
        set_rows = pane.table.set_rows
        pane.table.set_rows = lambda rows: (drawn.append(len(rows)), set_rows(rows))[1]  # type: ignore[func-returns-value, method-assign] # to count
        ring = [entry(n) for n in range(60)]
        for count in range(1, 60):
            pane.show(ok(log(*ring[:count])))
        while len(drawn) < 2 or drawn[-1] != 59:
            await pilot.pause(0.02)
        assert len(drawn) <= 4
        assert drawn[-1] == 59


# -- strip and tabs

STATE = StripState(
    host="prod-1",
    kind="ssh",
    tenant="acme",
    errors=2,
    warnings=3,
    unknowns=1,
    worst="Valkey unreachable: DROP [/] before loopback",
    worst_role="error",
    since=NOW - timedelta(minutes=4),
    lights=(Light("LXD", "ok"), Light("ZFS", "ok"), Light("SSH", "error", "lost")),
    round_trip=0.038,
    now=NOW,
)


async def test_the_strip_says_host_counts_worst_links_and_time() -> None:
    strip = Strip()
    async with on_stage(strip, size=WIDE) as (app, pilot):
        strip.show(STATE)
        await pilot.pause()
        line = app.lines()[0]
        for part in (
            "gbtui",
            "prod-1",
            "acme",
            "✖ 2  ▲ 3  ? 1",
            "DROP [/] before",
            "· 4m",
            "LXD ●",
            "SSH ✖ lost",
            "38ms",
            "14:03:22Z",
        ):
            assert part in line
        strip.show(
            replace(STATE, errors=0, warnings=0, unknowns=0, worst="", read_only="asked for", kind="demo")
        )
        await pilot.pause()
        line = app.lines()[0]
        for part in ("● quiet", "read-only", "DEMO", "demo host, nothing here is real"):
            assert part in line


async def test_a_narrow_strip_keeps_what_matters() -> None:
    strip = Strip()
    async with on_stage(strip) as (app, pilot):
        strip.show(replace(STATE, kind="demo", read_only="asked for", notice="revert armed 48s"))
        await pilot.pause()
        line = app.lines()[0]
        assert len(line) <= 80
        for part in ("prod-1", "✖ 2  ▲ 3  ? 1", "DEMO", "read-only", "revert armed 48s", "SSH ✖ lost"):
            assert part in line


async def test_tabs_show_a_badge_each_and_a_click_asks_for_one() -> None:
    tabs = Tabs()
    badges = {
        "containers": Badge("ok", "ok", "10"),
        "snapshots": Badge("warn"),
        "firewall": Badge("error"),
        "bans": Badge("unknown"),
        "log": Badge("stale"),
    }
    wanted: list[str] = []
    async with on_stage(tabs) as (app, pilot):
        post = tabs.post_message

        def listening(message: object) -> bool:
            if isinstance(message, Tabs.Wanted):
                wanted.append(message.name)
            return post(message)  # type: ignore[arg-type] # passed on

        tabs.post_message = listening  # type: ignore[method-assign] # to hear it
        tabs.show(badges, "firewall")
        await pilot.pause()
        line = app.lines()[0]
        assert " 1 cont ●    2 snap ▲   [3 fw ✖]   4 bans ?    5 log ◌" in line
        await pilot.click(tabs, offset=(line.index("2 snap"), 0))
        await pilot.click(tabs, offset=(line.index("5 log"), 0))
        assert wanted == ["snapshots", "log"]
