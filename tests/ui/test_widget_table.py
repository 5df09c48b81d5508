"""The virtual table: what stays put, what is drawn again, and what 50,000 rows cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from tests.ui.widget_stage import NARROW, WIDE, Stage, on_stage
from widgets.painting import Cell
from widgets.rows import Rows
from widgets.table_messages import Chosen, Following, Highlighted, Marked
from widgets.virtual_table import Column, VirtualTable


@dataclass(frozen=True)
class Row:
    name: str
    size: int | None = 0


class Counted(VirtualTable[Row]):
    """A table that counts the lines it draws."""

    def __init__(self, **more: Any) -> None:
        self.drawn: list[int] = []
        self.cells = 0
        columns = (
            Column[Row]("name", "NAME", self._named, sort_key=lambda row: row.name),
            Column[Row](
                "size",
                "SIZE",
                lambda row: "—" if row.size is None else str(row.size),
                8,
                sort_key=lambda row: row.size,
                first_descending=True,
                align="right",
            ),
        )
        super().__init__(columns, key=lambda row: row.name, **more)

    def _named(self, row: Row) -> Cell:
        self.cells += 1
        return row.name

    def render_line(self, y: int) -> Any:
        self.drawn.append(y)
        return super().render_line(y)

    def count(self) -> list[int]:
        drawn, self.drawn = self.drawn, []
        return sorted(drawn)


def rows(count: int, start: int = 0) -> tuple[Row, ...]:
    return tuple(Row(f"row-{n:05d}", n) for n in range(start, start + count))


def screen_line_of(app: Stage, name: str) -> int:
    return next(y for y, line in enumerate(app.lines()) if name in line)


# -- rows alone


def _held(names: list[int]) -> Rows[Row]:
    held: Rows[Row] = Rows(lambda row: row.name, lambda row: row.name)
    held.set([Row(str(name), name) for name in names])
    return held


@given(
    st.lists(st.integers(0, 40), unique=True), st.lists(st.integers(0, 40), unique=True), st.integers(0, 40)
)
def test_a_row_that_is_still_there_is_found_again(before: list[int], after: list[int], index: int) -> None:
    held = _held(before)
    old = held.shown
    held.set([Row(str(name)) for name in after])
    place = held.nearest(old, index)
    assert place == 0 if not after else 0 <= place < len(after)
    if index < len(before) and before[index] in after:
        assert held.shown[place].name == str(before[index])


def test_a_row_that_vanished_leaves_the_cursor_on_its_neighbour() -> None:
    held = _held([1, 2, 3, 4, 5, 6])
    old = held.shown
    held.set([Row("1"), Row("5"), Row("6")])
    assert held.shown[held.nearest(old, 2)].name == "5"
    held.set([Row("1")])
    assert held.nearest(old, 5) == 0


def test_rows_without_a_value_sort_last_either_way() -> None:
    held = _held([])
    given_rows = [Row("a", 2), Row("b", None), Row("c", 3)]
    held.set(given_rows)
    held.sort(lambda row: row.size, reverse=False)
    assert [row.name for row in held.shown] == ["a", "c", "b"]
    held.sort(lambda row: row.size, reverse=True)
    assert [row.name for row in held.shown] == ["c", "a", "b"]


def test_a_filter_looks_in_any_case_inverts_and_looks_once_per_row() -> None:
    looked: list[str] = []

    def search(row: Row) -> str:
        looked.append(row.name)
        return row.name

    held: Rows[Row] = Rows(lambda row: row.name, search)
    same = [Row("Proxy"), Row("system"), Row("mail")]
    held.set(same)
    held.filter("PRO")
    assert [row.name for row in held.shown] == ["Proxy"]
    held.filter("!pro")
    held.set(same)
    assert [row.name for row in held.shown] == ["system", "mail"]
    assert len(looked) == 3
    held.filter("!")
    assert len(held.shown) == 3


# -- on the screen


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_cursor_and_scroll_stay_on_their_row_when_rows_come_and_go(size: tuple[int, int]) -> None:
    table = Counted()
    async with on_stage(table, size=size) as (app, pilot):
        table.focus()
        table.set_rows(rows(200))
        table.move_to(100)
        await pilot.pause()
        line = screen_line_of(app, "row-00100")
        table.set_rows((*rows(7, start=900), *rows(200)))
        await pilot.pause()
        assert table.selected == Row("row-00100", 100)
        assert screen_line_of(app, "›row-00100") == line
        table.set_rows(tuple(row for row in rows(200) if row.name != "row-00100"))
        await pilot.pause()
        assert table.selected == Row("row-00101", 101)
        assert screen_line_of(app, "›row-00101") == line


async def test_sorting_keeps_the_cursor_and_says_the_order_in_the_header() -> None:
    table = Counted()
    async with on_stage(table) as (app, pilot):
        table.set_rows(rows(50))
        table.move_to(3)
        table.cycle_sort()
        await pilot.pause()
        assert "NAME▲" in app.lines()[0]
        table.cycle_sort()
        await pilot.pause()
        assert "▼SIZE" in app.lines()[0]
        assert table.rows[0].name == "row-00049"
        assert table.selected == Row("row-00003", 3)


async def test_fifty_thousand_rows_cost_what_is_on_the_screen() -> None:
    table = Counted()
    async with on_stage(table, size=WIDE) as (app, pilot):
        table.focus()
        table.cells = 0
        many = rows(50_000)
        table.set_rows(many)
        await pilot.pause()
        assert table.cells <= 2 * 50
        table.cells = 0
        await pilot.press("pagedown", "pagedown", "G", "pageup", "g")
        await pilot.pause()
        assert table.cells <= 6 * 50
        await pilot.press("G")
        await pilot.pause()
        assert "›row-49999" in app.lines()[-1]
        table.cells, table.drawn = 0, []
        table.set_rows((*many[:-2], replace(many[-2], size=7), many[-1]))
        await pilot.pause()
        assert table.count() == [48]
        assert table.cells == 1


async def test_only_lines_that_differ_are_drawn_again() -> None:
    table = Counted()
    async with on_stage(table) as (_, pilot):
        table.set_rows(rows(10))
        await pilot.pause()
        table.count()
        table.set_rows(rows(10))
        await pilot.pause()
        assert table.count() == []
        table.set_rows((*rows(4), Row("row-00004", 77), *rows(5, start=5)))
        await pilot.pause()
        assert table.count() == [5]
        table.set_rows((*rows(4), Row("row-00004", 77), *rows(6, start=5)))
        await pilot.pause()
        assert table.count() == [11], "a row more is one line more"


async def test_growing_beyond_the_bottom_draws_nothing() -> None:
    table = Counted()
    async with on_stage(table) as (_, pilot):
        table.set_rows(rows(100))
        await pilot.pause()
        table.count()
        table.set_rows(rows(150))
        await pilot.pause()
        assert table.count() == []
        await pilot.press("tab")
        table.focus()
        await pilot.press("G")
        await pilot.pause()
        assert table.cursor == 149


async def test_a_change_worth_a_glance_is_drawn_once_in_another_style() -> None:
    table = Counted(flash_on=lambda row: row.size)
    async with on_stage(table) as (_, pilot):
        table.set_rows(rows(5))
        await pilot.pause()

        def underlined() -> list[int]:
            return [
                y for y in range(1, 6) if any(s.style and s.style.underline for s in table.render_line(y))
            ]

        assert underlined() == []
        table.set_rows((*rows(2), Row("row-00002", 99), *rows(2, start=3)))
        assert underlined() == [3]
        table.count()
        table.set_rows((*rows(2), Row("row-00002", 99), *rows(2, start=3)))
        await pilot.pause()
        assert table.count() == [3]
        assert underlined() == []


async def test_keys_move_mark_and_choose() -> None:
    table = Counted()
    async with on_stage(table) as (app, pilot):
        table.focus()
        table.set_rows(rows(100))
        await pilot.press("j", "down", "k", "space", "enter")
        await pilot.pause()
        assert app.said(Marked)[0].row.name == "row-00001"
        assert [row.name for row in table.marked] == ["row-00001"]
        assert app.said(Chosen)[0].row.name == "row-00002"
        assert [m.row.name for m in app.said(Highlighted)] == [f"row-0000{n}" for n in (0, 1, 2, 1, 2)]
        assert "✓row-00001" in app.text()
        await pilot.press("G", "space", "g")
        await pilot.pause()
        assert "›row-00000" in app.text()
        assert len(table.marked) == 2


async def test_a_click_selects_a_double_click_chooses_and_a_title_sorts() -> None:
    table = Counted()
    async with on_stage(table) as (app, pilot):
        table.set_rows(rows(100))
        await pilot.click(table, offset=(5, 4))
        assert table.selected == Row("row-00003", 3)
        await pilot.click(table, offset=(5, 6), times=2)
        await pilot.pause()
        assert app.said(Chosen)[0].row == Row("row-00005", 5)
        await pilot.click(table, offset=(75, 0))
        assert (table.sort_column, table.sort_reverse) == ("size", True)
        await pilot.click(table, offset=(75, 0))
        assert (table.sort_column, table.sort_reverse) == ("size", False)


async def test_following_stays_at_the_end_until_the_reader_goes_up() -> None:
    table = Counted(follow=True)
    async with on_stage(table) as (app, pilot):
        table.focus()
        table.set_rows(rows(100))
        await pilot.pause()
        assert "row-00099" in app.lines()[-1]
        table.set_rows(rows(100, start=20))
        await pilot.pause()
        assert "row-00119" in app.lines()[-1]
        await pilot.press("up", "up")
        await pilot.pause()
        assert not table.following
        held = [line[:79] for line in app.lines()]
        table.set_rows(rows(100, start=30))
        await pilot.pause()
        assert [line[:79] for line in app.lines()] == held, "nothing moved under the cursor"
        await pilot.press("G")
        table.set_rows(rows(100, start=50))
        await pilot.pause()
        assert table.following
        assert "row-00149" in app.lines()[-1]
        assert [m.table.following for m in app.said(Following)] == [True, True] or len(
            app.said(Following)
        ) == 2


async def test_the_wheel_holds_a_followed_table_too() -> None:
    table = Counted(follow=True)
    async with on_stage(table) as (_, pilot):
        table.set_rows(rows(100))
        await pilot.pause()
        table.scroll_up(animate=False)
        await pilot.pause()
        assert not table.following
        table.scroll_end(animate=False)
        await pilot.pause()
        assert table.following


async def test_filtering_and_an_empty_table_say_so_in_words() -> None:
    table = Counted(empty="nothing was read")
    async with on_stage(table) as (app, pilot):
        assert app.line_with("nothing was read")
        table.set_rows(rows(100))
        table.filter("ROW-0004")
        await pilot.pause()
        assert [row.name for row in table.rows] == [f"row-0004{n}" for n in range(10)]
        table.filter("zebra")
        await pilot.pause()
        assert app.line_with("nothing matches zebra")
        assert table.selected is None
        table.filter("")
        await pilot.pause()
        assert len(table.rows) == 100


async def test_narrow_tables_drop_columns_and_long_text_can_be_shifted() -> None:
    columns = (
        Column[Row]("name", "NAME", lambda row: row.name, min_width=20),
        Column[Row]("size", "SIZE", lambda row: str(row.size), 10, rank=10),
    )
    table = VirtualTable[Row](columns, key=lambda row: row.name)
    async with on_stage(table, size=(30, 5)) as (app, pilot):
        table.focus()
        table.set_rows((Row("start " + "x" * 40 + " end"),))
        await pilot.pause()
        assert [column.key for column in table.shown_columns] == ["name"]
        assert "end" not in app.text()
        await pilot.press("right", "right", "l")
        await pilot.pause()
        assert app.lines()[1].rstrip().endswith("end")
        await pilot.press("h", "left", "left")
        await pilot.pause()
        assert "start" in app.text()


async def test_a_line_changes_its_look_no_more_often_than_it_must() -> None:
    table = Counted()
    async with on_stage(table) as (_, pilot):
        table.focus()
        table.set_rows(rows(3))
        await pilot.pause()
        assert [len(list(table.render_line(y))) for y in (0, 1, 2)] == [1, 1, 1]


@pytest.mark.parametrize(
    "hostile", ["[/]", "[@click=app.quit]x[/]", "[red]x", "\x1b]52;c;QQ==\x07", "\u202egnp.exe", "\x9b31mred"]
)
async def test_a_hostile_cell_is_literal_and_nothing_to_click(hostile: str) -> None:
    table = Counted()
    async with on_stage(table) as (app, pilot):
        table.set_rows((Row(hostile), *rows(3)))
        table.filter("[/]" if "[/]" in hostile else "")
        await pilot.pause()
        await pilot.click(table, offset=(3, 1))
        await pilot.pause()
        assert app.quits == 0
        text = app.text()
        assert not set(text) & {"\x1b", "\x9b", "\x07", "\u202e"}
        if hostile.startswith("["):
            assert hostile in text
        app.lines()
        for segment in (s for strip in app.screen._compositor.render_strips() for s in strip):
            assert not (segment.style and segment.style.meta.get("@click"))


async def test_the_cursor_is_marked_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    table = Counted()
    async with on_stage(table) as (app, pilot):
        table.focus()
        table.set_rows(rows(3))
        await pilot.press("j")
        await pilot.pause()
        assert app.no_color
        assert "›row-00001" in app.text()
        style = next(s.style for s in table.render_line(2) if "row-00001" in s.text)
        assert style is not None
        assert style.reverse


async def test_ages_draw_only_the_lines_that_say_something_else() -> None:
    now = 0
    drawn: list[Region] = []
    columns = (
        Column[Row]("name", "NAME", lambda row: row.name),
        Column[Row]("age", "AGE", lambda row: f"{(now - (row.size or 0)) // 60}m", 6, aging=True),
    )
    table = VirtualTable[Row](columns, key=lambda row: row.name)
    async with on_stage(table) as (app, pilot):
        table.set_rows((Row("a", 0), Row("b", -30)))
        await pilot.pause()
        refresh: Callable[..., Any] = table.refresh

        def counting(*regions: Region, **more: Any) -> Any:
            drawn.extend(regions)
            return refresh(*regions, **more)

        table.refresh = counting  # type: ignore[method-assign] # to see what is drawn
        table.age()
        assert drawn == []
        now = 40
        table.age()
        assert [region.y for region in drawn] == [2]
        await pilot.pause()
        assert "1m" in app.line_with("b ")
