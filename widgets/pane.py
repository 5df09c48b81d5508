"""A pane and its keys: filter, sort, pause, mark, copy; it asks upward for everything else."""

from __future__ import annotations

from typing import ClassVar, Self, TypeAlias, TypeVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from widgets import pane_messages
from widgets.pane_face import PaneFace
from widgets.virtual_table import VirtualTable

T = TypeVar("T")

TIGHT = 12
"""Lines below which a pane is small."""


class FilterInput(Input):
    """The line at a pane's bottom in which a filter is typed."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(placeholder="filter, !text: all others", compact=True, classes=classes)


class Pane(PaneFace[T], inherit_bindings=False):
    """Shows readings of one subject. Knows neither where they come from nor what may be done.

    `show` takes a reading and draws what differs; `tick` lets ages grow. The table inside takes
    the focus.
    """

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; layout: vertical; background: $surface; }
    Pane > .pane--body { height: 1fr; border: solid $foreground 35%; border-top: none; }
    Pane:focus-within > .pane--body { border: solid $border; border-top: none; }
    Pane .pane--notice { height: auto; max-height: 40%; padding: 0 1; display: none; }
    Pane.-tight .pane--notice { text-wrap: nowrap; text-overflow: ellipsis; }
    Pane .pane--notice.-said { display: block; }
    Pane .pane--filter { height: 1; border: none; padding: 0 1; background: $boost; display: none; }
    Pane .pane--filter.-open { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="pane.filter"),
        Binding("s", "sort", "sort", show=False, id="pane.sort"),
        Binding("p", "pause", "pause", show=False, id="pane.pause"),
        Binding("a", "actions", "actions", id="pane.actions"),
        Binding("y", "copy", "copy", show=False, id="pane.copy"),
        Binding("escape", "back", "back", show=False),
    ]

    Chosen: TypeAlias = pane_messages.Chosen
    ActionsWanted: TypeAlias = pane_messages.ActionsWanted
    Changed: TypeAlias = pane_messages.Changed
    CopyWanted: TypeAlias = pane_messages.CopyWanted

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, classes=classes)
        self._filter = FilterInput(classes="pane--filter")

    def focus(self, scroll_visible: bool = True) -> Self:
        self.table.focus(scroll_visible)
        return self

    def compose(self) -> ComposeResult:
        yield self._bar
        with Vertical(classes="pane--body"):
            yield self._notice
            yield self.table
            yield self._filter

    def on_resize(self, event: events.Resize) -> None:
        # Words wrap where there is room; in a small pane every notice keeps to one line.
        self.set_class(event.size.height < TIGHT, "-tight")

    @property
    def filter_text(self) -> str:
        """The filter as typed, "" for none."""
        return self.table.filter_text

    def action_filter(self) -> None:
        self._filter.set_class(True, "-open")
        self._filter.focus()

    def action_sort(self) -> None:
        self.table.cycle_sort()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self._show_rows()
        self._show_title()

    def action_actions(self) -> None:
        self.post_message(self.ActionsWanted(self, self.selected))

    def action_copy(self) -> None:
        rows = self.table.marked or tuple(row for row in (self.selected,) if row is not None)
        if rows:
            self.post_message(self.CopyWanted("\n".join(self.copy_text(row) for row in rows)))

    def action_back(self) -> None:
        """One step back: out of the filter, then without it; then whoever is above decides."""
        if not (self.filter_text or self._filter.has_class("-open")):
            raise SkipAction
        self._filter.value = ""
        self.table.filter("")
        self._close_filter()

    def _close_filter(self) -> None:
        self._filter.set_class(False, "-open")
        self.table.focus()
        self._show_title()

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.table.filter(event.value)
        self._show_title()

    @on(Input.Submitted)
    def _filter_kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_filter()

    @on(VirtualTable.Chosen)
    def _row_chosen(self, event: VirtualTable.Chosen) -> None:
        event.stop()
        self.post_message(self.Chosen(self, event.row))

    @on(VirtualTable.Marked)
    @on(VirtualTable.Following)
    def _title_changed(self) -> None:
        self._show_title()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _frame_changed(self) -> None:
        # `:focus-within` reaches the ancestors of what has the focus; the bar is none of them.
        self._bar.set_class(self.has_focus_within, "-focused")

    def on_click(self, event: events.Click) -> None:
        if not self.has_focus_within:
            self.focus()
