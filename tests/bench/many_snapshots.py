"""50,000 snapshots from `zfs list`'s bytes to the first paint, against Textual's own DataTable."""

from __future__ import annotations

import asyncio
import time

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from gbtui.facts.reading import Reading, State
from gbtui.facts.snapshots import Snapshots
from gbtui.facts.snapshots_parse import largest_first, parse_snapshots
from tests.bench.measure import Ratio, paired
from widgets.snapshots_pane import SnapshotsPane

ROWS = 50_000
LISTING = b"".join(
    b"default/containers/acme-%d@daily-%d\t%d\t%d\t%d\t0\n"
    % (n % 20, n, n * 7919, n * 104729, 1_700_000_000 + n)
    for n in range(ROWS)
)


class Ours(App[None]):
    def compose(self) -> ComposeResult:
        yield SnapshotsPane()


class Theirs(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable()


async def _ours() -> float:
    app = Ours()
    async with app.run_test(size=(160, 50)) as pilot:
        began = time.monotonic()
        rows, malformed = parse_snapshots(LISTING)
        app.query_one(SnapshotsPane).show(Reading(State.OK, Snapshots((), largest_first(rows), malformed)))
        await pilot.pause()
        return time.monotonic() - began


async def _theirs() -> float:
    app = Theirs()
    async with app.run_test(size=(160, 50)) as pilot:
        began = time.monotonic()
        table: DataTable[str] = app.query_one(DataTable)
        table.add_columns("name", "used", "refer", "creation", "userrefs")
        rows: list[list[str]] = [line.split("\t") for line in LISTING.decode().splitlines()]
        rows.sort(key=lambda row: -int(row[1]))
        table.add_rows(rows)
        await pilot.pause()
        return time.monotonic() - began


def many_snapshots(rounds: int = 2) -> Ratio:
    return paired(
        f"{ROWS:,} snapshots, bytes to first paint, against DataTable",
        lambda: asyncio.run(_ours()),
        lambda: asyncio.run(_theirs()),
        rounds=rounds,
    )
