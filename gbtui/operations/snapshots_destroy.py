"""`snapshots.destroy`: named snapshots go, LXD's own through LXD, the rest by ZFS (items 81–83, 94)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.errors import NotFound
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Danger, Plan
from gbtui.operations.assemble import assemble
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.snapshots_guards import (
    AGAINST,
    NEWEST,
    RECLAIM,
    THERE,
    judged,
    newest,
    space,
)
from gbtui.operations.snapshots_look import Sides, both_sides, closely
from gbtui.operations.snapshots_names import SNAPSHOTS, counted, listed, some
from gbtui.operations.snapshots_steps import destroying, proven, resting_on

NAMED = Guard("named-one-by-one", "each is named: no range, no -r, no dataset", (83,))


async def destroy(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to destroy exactly the snapshots named; irreversible, so it has to be typed."""
    names = listed(given["snapshots"])
    sides = await both_sides(context.host, names)
    found = {name: sides.find(name) for name in names}
    missing = [name for name, row in found.items() if row is None]
    if missing:
        return await _missing(context, given, names, missing, sides)
    rows = _in_order([row for row in found.values() if row is not None], sides)
    title, target = titled(rows)
    close = await closely(context.host, [row for row in rows if row.missing != "dataset"])
    named = NAMED.allow(f"{counted(len(rows))}, each by its name")
    verdicts = [named, *judged(rows, sides, close), newest(rows, sides)]
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(DESTROY, context, given, title, verdicts=verdicts)
    return assemble(
        DESTROY,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=destroying(rows, close),
        verify=proven(rows, close),
        relies_on=await resting_on(context, rows),
        why=space(rows, close),
        target=target,
    )


def titled(rows: Sequence[SnapshotRow]) -> tuple[str, str]:
    """The title, and what has to be typed: the one's name, or how many they are."""
    target = rows[0].full_name if len(rows) == 1 else counted(len(rows))
    return f"Destroy {target}", target


def _in_order(rows: Sequence[SnapshotRow], sides: Sides) -> list[SnapshotRow]:
    """Each once (it may be named in both ways), oldest first in its dataset."""
    wanted = {row.full_name for row in rows}
    return [row for row in sides.rows if row.full_name in wanted]


async def _missing(
    context: Context, given: Mapping[str, str], names: Sequence[str], missing: Sequence[str], sides: Sides
) -> Plan:
    """Nothing to do where all are gone already; a refusal where a name leads nowhere."""
    title = f"Destroy {some(missing)}"
    nowhere = [name for name in missing if not await _leads(context, name, sides)]
    if nowhere:
        hint = "gbtui show snapshots lists what there is; a dataset's snapshot is DATASET@NAME"
        reason = f"there is no dataset or instance of {some(nowhere)}: {hint}"
        return assemble(DESTROY, context, given, title, verdicts=(THERE.refuse(reason),))
    if len(missing) == len(names):
        noop = f"nothing to destroy: {some(missing)} is not there"
        return assemble(DESTROY, context, given, title, verdicts=(), noop=noop)
    reason = f"{some(missing)} is not there: name only what is (gbtui show snapshots)"
    return assemble(DESTROY, context, given, title, verdicts=(THERE.refuse(reason),))


async def _leads(context: Context, name: str, sides: Sides) -> bool:
    """Whether the dataset or the instance of a name exists."""
    dataset, mark, _ = name.partition("@")
    if mark:
        return dataset not in sides.absent
    if sides.unknown:
        return False
    try:
        await context.host.lxd.get(f"instances/{name.partition('/')[0]}")
    except NotFound:
        return False
    return True


DESTROY = Operation(
    id="snapshots.destroy",
    title="Destroy snapshots",
    summary="destroy the snapshots named, LXD's own through LXD, and say beforehand what that frees",
    subject="snapshots",
    parameters=(SNAPSHOTS,),
    guards=(NAMED, *AGAINST, RECLAIM, NEWEST),
    danger=Danger.IRREVERSIBLE,
    items=(80, 81, 82, 83, 94),
    make=destroy,
)
