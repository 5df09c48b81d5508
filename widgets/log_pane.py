"""The log pane: the proxy's access log as it arrives, with its rates in the title."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from time import monotonic
from typing import ClassVar

from textual.timer import Timer

from gbtui.facts.log import Entry, Log
from gbtui.facts.reading import Reading
from widgets import format as figures
from widgets.columns import Column
from widgets.painting import Cell
from widgets.pane import Pane
from widgets.pieces import Piece, piece
from widgets.roles import Part, Role

PAUSE = 0.1
"""Seconds between two drawings: eyes follow no faster, and every one costs bytes on the line."""
BARS = 8
"""Cells of a sparkline; one is a second."""

_CLASSES: tuple[tuple[str, Role], ...] = (("2xx", "ok"), ("3xx", "dim"), ("4xx", "warn"), ("5xx", "error"))


class LogPane(Pane[Log]):
    """Requests in the order they were logged; it stays at the end until the cursor is moved up."""

    subject: ClassVar[str] = "log"
    number: ClassVar[int] = 5
    title: ClassVar[str] = "access log"
    empty: ClassVar[str] = "nothing logged yet"
    follow: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, classes=classes)
        self._last = -PAUSE
        self._timer: Timer | None = None

    def columns(self) -> Sequence[Column[Entry]]:
        return (
            Column("time", "TIME", lambda e: figures.clock(e.at), 8, rank=70),
            Column("status", "STATUS", _status, 6, rank=99),
            Column("method", "METHOD", lambda e: e.method, 6, rank=60),
            Column("host", "HOST", lambda e: e.host, 20, rank=80),
            Column("uri", "URI", lambda e: e.uri, min_width=16),
            Column("client", "CLIENT", lambda e: e.client, 15, rank=75),
            Column("duration", "TOOK", lambda e: figures.latency(e.duration), 7, align="right", rank=50),
            Column("size", "SIZE", lambda e: figures.size(e.size), 5, align="right", rank=40),
        )

    def rows_of(self, value: Log) -> Sequence[Entry]:
        return value.entries

    def row_key(self, row: Entry) -> Hashable:
        # A log has no keys and lines may repeat: a row is itself, as long as the ring holds it.
        return id(row)

    def search_text(self, row: Entry) -> str:
        return f"{row.status} {row.method} {row.host} {row.uri} {row.client}"

    def show(self, reading: Reading[Log]) -> None:
        """Draw at most ten times a second; the latest reading is never lost, and news comes at once."""
        wait = self._last + PAUSE - monotonic()
        if wait <= 0 or not self.is_mounted or reading.state is not self.reading.state:
            self._draw(reading)
            return
        self.reading = reading
        if self._timer is None:
            self._timer = self.set_timer(wait, lambda: self._draw(self.reading))

    def _draw(self, reading: Reading[Log]) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._last = monotonic()
        super().show(reading)

    def _count(self) -> str:
        if not self.table.filter_text or self.reading.value is None:
            return ""
        return f"{figures.count(len(self.table.rows))}/{figures.count(self.table.total)}"

    def summary(self, value: Log | None) -> list[Piece]:
        if self.paused or value is None:
            return []
        return [piece("following" if self.table.following else "held, G follows", "dim", rank=60)]

    def tail(self, value: Log | None) -> list[Piece]:
        if value is None:
            return []
        tally = value.tally
        pieces = [piece(f"{figures.count(round(tally.rate))}/s", rank=55)]
        for place, (name, role) in enumerate(_CLASSES):
            series = tuple(second[place] for second in tally.history)
            quiet = not any(series)
            parts: tuple[Part, ...] = (
                (f"{name} ", "dim"),
                (figures.sparkline(series, BARS), "dim" if quiet else role),
            )
            pieces.append(Piece(parts, rank=20 if name == "3xx" else 30 + place))
        pieces.append(_counter("malformed", tally.malformed, 45))
        if tally.dropped:
            pieces.append(_counter("dropped", tally.dropped, 44))
        if tally.sampled:
            pieces.append(_counter("counted only", tally.sampled, 43))
        return pieces

    def copy_text(self, row: Entry) -> str:
        return f"{figures.utc_of(row.at)} {row.status} {row.method} {row.host}{row.uri} {row.client}"


def _counter(name: str, number: int, rank: int) -> Piece:
    return piece(f"{name} {figures.count(number)}", "warn" if number else "dim", rank=rank)


def _status(entry: Entry) -> Cell:
    role: Role = "error" if entry.status >= 500 else "warn" if entry.status >= 400 else ""
    sign = {"error": "✖", "warn": "▲"}.get(role, " ")
    return ((f"{entry.status} {sign}", role),)
