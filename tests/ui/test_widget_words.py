"""Figures, cells, pieces, columns and safe text: pure functions over hostile and odd input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.content import Content

from gbtui.text import UNSAFE
from widgets import format as figures
from widgets.columns import GAP, Column, share_width
from widgets.painting import drop, fit, plain, runs_of
from widgets.pieces import choose, piece, words
from widgets.roles import Role, glyph, worst
from widgets.safe import SafeFilter, safe, safe_lines

NOW = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
HOSTILE = "a[/] [@click=app.quit]x[/] \x1b]52;c;QQ==\x07 \x9b31m \u202eevil\u2069 \x00\x7f"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0K"),
        (1023, "1.0K"),
        (1024, "1.0K"),
        (212 << 20, "212M"),
        (1000 << 20, "1.0G"),
        (int(61.2 * 2**30), "61.2G"),
        (1 << 70, "1024E"),
    ],
)
def test_sizes_have_at_most_three_figures_and_a_unit(value: int | None, shown: str) -> None:
    assert figures.size(value) == shown


@given(st.integers(0, 1 << 62))
def test_a_size_never_takes_more_than_five_cells_and_is_never_far_off(value: int) -> None:
    shown = figures.size(value)
    assert len(shown) <= 5
    power = "BKMGTPE".index(shown[-1])
    assert float(shown[:-1]) * 1024**power == pytest.approx(value, rel=0.06, abs=1)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0, "0"),
        (1204, "1,204"),
        (9999, "9,999"),
        (10_000, "10.0k"),
        (12_400, "12.4k"),
        (3_100_000, "3.1M"),
    ],
)
def test_counts(value: int | None, shown: str) -> None:
    assert figures.count(value) == shown


def test_rates_stay_silent_where_nothing_moved() -> None:
    assert [figures.rate(v) for v in (None, 0.0, 0.04, 0.3, 14.2, 12_400)] == [
        "",
        "",
        "",
        "+0.3/s",
        "+14/s",
        "+12.4k/s",
    ]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "—"),
        (-3, "0s"),
        (48.9, "48s"),
        (240, "4m"),
        (4800, "1h20"),
        (36000, "10h"),
        (7 * 86400, "7d"),
        (4e7, "1y"),
    ],
)
def test_spans(seconds: float | None, shown: str) -> None:
    assert figures.span(seconds) == shown


def test_ages_and_moments() -> None:
    assert figures.age(NOW - timedelta(days=7), NOW) == "7d"
    assert figures.age(None, NOW) == "—"


def test_ages_are_rounded_down_to_steps_from_ten_seconds_on() -> None:
    shown = {second: figures.age(NOW - timedelta(seconds=second), NOW) for second in range(-2, 130)}
    assert [shown[second] for second in (0, 9, 10, 14, 15, 59, 60, 119, 120)] == [
        *("0s", "9s", "10s", "10s", "15s", "55s", "1m", "1m", "2m")
    ]
    assert len({shown[second] for second in range(60)}) == 20
    assert shown[-2] == "0s"
    assert figures.utc(NOW) == "2026-11-23 14:03:22Z"
    assert figures.clock(NOW.timestamp()) == "14:03:22"
    # A log may claim any time at all.
    assert figures.clock(1e30)
    assert figures.clock(-1e30)
    assert figures.clock(float("nan"))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0012, "1.2ms"), (0.038, "38ms"), (2.1, "2.10s"), (240.0, "4m")]
)
def test_latencies(seconds: float, shown: str) -> None:
    assert figures.latency(seconds) == shown


def test_a_sparkline_shows_the_end_and_keeps_its_width() -> None:
    assert figures.sparkline((), 4) == "▁▁▁▁"
    assert figures.sparkline((0, 0), 4) == "▁▁▁▁"
    assert figures.sparkline((9, 0, 1, 7), 3) == "▁▂█"
    assert figures.sparkline((5,), 3) == "▁▁█"


@given(LINES, st.integers(0, 70), st.sampled_from(["left", "right"]), st.sampled_from(["end", "start"]))
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, align: str, elide: str) -> None:
    runs = fit(runs_of(((text, "ok"), (text, ""))), width, align, elide)  # type: ignore[arg-type] # sampled
    assert sum(cell_len(part) for part, _ in runs) == width
    assert not UNSAFE.search("".join(part for part, _ in runs))


def test_what_is_cut_off_is_the_end_or_the_start() -> None:
    assert "".join(t for t, _ in fit(runs_of("tank/acme@daily"), 8)) == "tank/ac…"
    assert "".join(t for t, _ in fit(runs_of("tank/acme@daily"), 8, elide="start")) == "…e@daily"
    assert "".join(t for t, _ in fit(runs_of("ab"), 4, "right")) == "  ab"
    assert "".join(t for t, _ in drop(runs_of("abcdefgh"), 4)) == "…fgh"


def test_cells_of_any_kind_are_literal_and_lose_what_could_be_clicked() -> None:
    clickable = Content.from_markup("[@click=app.quit]press[/]")
    for cell in ("press", (("press", "ok"),), Text("press"), clickable):
        runs = runs_of(cell)
        assert plain(cell) == "press"
        assert not any(getattr(look, "meta", None) for _, look in runs)


def test_safe_text_is_literal_and_one_line() -> None:
    content = safe(HOSTILE + "\nsecond", "$text-error")
    assert content.plain.startswith("a[/] [@click=app.quit]x[/] ")
    assert not UNSAFE.search(content.plain)
    assert safe_lines("a\nb[/]").plain == "a\nb[/]"


def test_the_filter_replaces_what_slipped_through_and_leaves_the_rest_alone() -> None:
    background = Color(0, 0, 0)
    clean = [Segment("● ok")]
    assert SafeFilter().apply(clean, background) is clean
    dirty = SafeFilter().apply([Segment("a\x1b]52;c;x\x07b\u202e"), Segment("ok")], background)
    assert [segment.text for segment in dirty] == ["a\ufffd]52;c;x\ufffdb\ufffd", "ok"]


def test_pieces_vanish_by_rank_and_the_important_one_stays() -> None:
    left, right = [piece("name"), piece("detail", rank=10)], [piece("words", rank=20), piece("2s ●")]
    assert words(choose(left, right, 40)[0]) == "name  detail"
    narrow_left, narrow_right = choose(left, right, 20)
    assert (words(narrow_left), words(narrow_right)) == ("name", "words  2s ●")
    narrow_left, narrow_right = choose(left, right, 13)
    assert (words(narrow_left), words(narrow_right)) == ("name", "2s ●")


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 100)), max_size=8), st.integers(0, 80))
def test_chosen_pieces_fit(sizes: list[tuple[int, int]], width: int) -> None:
    pieces = [piece("x" * size, rank=rank) for size, rank in sizes]
    left, right = choose(pieces[::2], pieces[1::2], width)
    if len(left) + len(right) > 1:
        assert len(words(left)) + len(words(right)) <= width
    assert bool(pieces) == bool(left or right)


def test_a_long_sentence_is_cut_before_anything_vanishes() -> None:
    left, right = choose([piece("host"), piece("x" * 50, least=10)], [piece("clock", rank=1)], 40)
    assert words(right) == "clock"
    assert words(left).endswith("…")


def _column(key: str, width: int, rank: int = 100) -> Column[str]:
    return Column(key, key.upper(), str, width, rank=rank)


def test_columns_vanish_by_rank_and_the_open_one_takes_the_rest() -> None:
    columns = [_column("name", 0), _column("a", 10, 50), _column("b", 10, 40)]
    assert [(c.key, w) for c, w in share_width(columns, 60)] == [("name", 36), ("a", 10), ("b", 10)]
    assert [c.key for c, _ in share_width(columns, 30)] == ["name", "a"]
    assert [c.key for c, _ in share_width(columns, 5)] == ["name"]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 100)), min_size=1, max_size=8), st.integers(1, 200)
)
def test_columns_never_take_more_than_there_is(sizes: list[tuple[int, int]], width: int) -> None:
    shares = share_width([_column(f"c{n}", size, rank) for n, (size, rank) in enumerate(sizes)], width)
    assert sum(w for _, w in shares) + GAP * (len(shares) - 1) <= width


def test_the_worst_role_wins_and_every_glyph_has_a_word() -> None:
    roles: tuple[Role, ...] = ("ok", "stale", "unknown", "warn", "error")
    for place, role in enumerate(roles):
        assert worst(*roles[: place + 1]) == role
    assert glyph("error", "cut off") == ("✖ cut off", "error")
