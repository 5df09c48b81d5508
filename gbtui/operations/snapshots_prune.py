"""`snapshots.prune`: rolling snapshots older than the days to keep go, the newest never (items 82–84)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gbtui.facts.snapshots_rhythm import ROLLING
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Danger, Plan, Verdict
from gbtui.operations.assemble import assemble
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.snapshots_destroy import titled
from gbtui.operations.snapshots_guards import (
    AGAINST,
    NEWEST,
    RECLAIM,
    judged,
    newest,
    objection,
    space,
)
from gbtui.operations.snapshots_look import Close, Sides, both_sides, clock_of, closely, grouped, of_tenant
from gbtui.operations.snapshots_names import DAY, KEEP, MOST, ONE_DATASET, counted, days, some
from gbtui.operations.snapshots_steps import destroying, proven, resting_on
from gbtui.operations.snapshots_take import KNOWN

EDGES = (1, 7, 30)
"""The buckets' upper edges in days."""

ROLLING_ONLY = Guard("rolling-only", "only what a rolling schedule took goes, named by the day", (84,))
BUCKETS = Guard("buckets", "how many of each age there are now and will be is seen before", (84,))


async def prune(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to destroy the rolling snapshots older than `keep`, by the guards and steps of destroy."""
    dataset, keep, now = given["dataset"], days(given["keep"]), await clock_of(context.host)
    sides = await both_sides(context.host, datasets=(dataset,) if dataset else ())
    where = f" of {dataset}" if dataset else ""
    if dataset in sides.absent:
        absent = KNOWN.refuse(f"there is no dataset {dataset}: gbtui show snapshots lists them")
        return assemble(PRUNE, context, given, f"Prune{where}", verdicts=(absent,))
    rolling = [row for row in of_tenant(sides.rows, context) if _rolling(row)]
    old = overdue(rolling, keep, now)
    old, later = old[:MOST], old[MOST:]
    close = await closely(context.host, old)
    rows, left = _apart(old, sides, close)
    if not rows:
        return assemble(PRUNE, context, given, f"Prune{where}", verdicts=(), noop=_noop(rolling, keep, left))
    if left:
        close = await closely(context.host, rows)  # the dry run is of those that do go
    title, target = titled(rows)
    verdicts = (
        _only(rows, left, later),
        _buckets(rolling, rows, now),
        *judged(rows, sides, close),
        newest(rows, sides),
    )
    refused = any(verdict.verdict == "refuse" for verdict in verdicts)
    return assemble(
        PRUNE,
        context,
        given,
        f"{title}: rolling, older than {keep} d{where}",
        verdicts=verdicts,
        steps=() if refused else destroying(rows, close),
        verify=() if refused else proven(rows, close),
        relies_on=() if refused else await resting_on(context, rows),
        why=f"{_counts(rolling, rows, now)}; {space(rows, close)}",
        target=target,
    )


def overdue(rolling: Sequence[SnapshotRow], keep: int, now: datetime) -> list[SnapshotRow]:
    """Those older than `keep` days, but never the newest of a dataset; one without a time stays."""
    found: list[SnapshotRow] = []
    for own in grouped(rolling).values():
        timed = [(row.created, row) for row in own if row.created is not None]
        if timed:
            last = max(at for at, _ in timed)
            found += [row for at, row in timed if at != last and (now - at).total_seconds() > keep * DAY]
    return found


def _rolling(row: SnapshotRow) -> bool:
    return not row.missing and ROLLING.fullmatch(row.name) is not None


def _apart(
    old: Sequence[SnapshotRow], sides: Sides, close: Close
) -> tuple[list[SnapshotRow], list[tuple[SnapshotRow, str]]]:
    """Those that may go, and those that something speaks against, with why: they stay."""
    rows: list[SnapshotRow] = []
    left: list[tuple[SnapshotRow, str]] = []
    for row in old:
        against = objection(row, sides, close)
        if against is None:
            rows.append(row)
        else:
            left.append((row, against[1]))
    return rows, left


def _only(
    rows: Sequence[SnapshotRow], left: Sequence[tuple[SnapshotRow, str]], later: Sequence[SnapshotRow]
) -> Verdict:
    said = f"{counted(len(rows))} named by the day"
    if left:
        said += f"; left alone: {'; '.join(why for _, why in left[:5])}"
    if later:
        said += f"; {len(later)} more are old enough: prune again for those, {MOST} go in one plan"
    return ROLLING_ONLY.allow(said)


def _noop(rolling: Sequence[SnapshotRow], keep: int, left: Sequence[tuple[SnapshotRow, str]]) -> str:
    if left:
        return f"nothing to prune: left alone: {'; '.join(why for _, why in left[:5])}"
    said = f"{counted(len(rolling), 'rolling snapshot')} of {counted(len(grouped(rolling)), 'dataset')}"
    return f"nothing to prune: {said}, none older than {keep} d but the newest of its dataset"


def _buckets(rolling: Sequence[SnapshotRow], rows: Sequence[SnapshotRow], now: datetime) -> Verdict:
    going = {row.full_name for row in rows}
    own = grouped(rolling)
    said = [
        f"{dataset.rpartition('/')[2]} {len(own[dataset])} → {len(own[dataset]) - len(gone)}"
        for dataset, gone in grouped(row for row in rolling if row.full_name in going).items()
    ]
    return BUCKETS.allow(f"{_counts(rolling, rows, now)} ({some(said, 10)})")


def _counts(rolling: Sequence[SnapshotRow], rows: Sequence[SnapshotRow], now: datetime) -> str:
    """`up to 1 d: 10 → 10, up to 7 d: 60 → 60, …`: now and after."""
    going = {row.full_name for row in rows}
    said, lower = [], -1.0
    for upper in (*map(float, EDGES), float("inf")):
        ages = [(row.full_name, (now - row.created).total_seconds() / DAY) for row in rolling if row.created]
        inside = [name for name, age in ages if lower < age <= upper]
        after = [name for name in inside if name not in going]
        label = f"up to {upper:g} d" if upper != float("inf") else "older"
        if inside:
            said.append(f"{label}: {len(inside)} → {len(after)}")
        lower = upper
    return ", ".join(said)


PRUNE = Operation(
    id="snapshots.prune",
    title="Prune rolling snapshots",
    summary="destroy rolling snapshots older than the days to keep; the newest of each dataset stays",
    subject="snapshots",
    parameters=(KEEP, ONE_DATASET),
    guards=(KNOWN, ROLLING_ONLY, BUCKETS, *AGAINST, RECLAIM, NEWEST),
    danger=Danger.IRREVERSIBLE,
    items=(80, 82, 83, 84),
    make=prune,
)
