"""`snapshots.forget-orphan`: what a raw `zfs destroy` or a lost record left on one side only (item 83).

A record of LXD without its dataset has lost its data already: LXD is told to delete it. A dataset
named as LXD's, of which LXD has no record, still holds data: it is renamed, so that LXD does not
trip over it and `snapshots.destroy` can take it like any raw one. Nothing is destroyed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gbtui.facts.snapshots_detail import detail_argv
from gbtui.facts.snapshots_types import SnapshotRow
from gbtui.guard.plan import Danger, Exec, Plan, Reliance, Step, Verdict, Wait
from gbtui.hosts.base import Command
from gbtui.operations import snapshots_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.snapshots_guards import THERE
from gbtui.operations.snapshots_look import Close, Sides, both_sides, clock_of, closely, of_tenant
from gbtui.operations.snapshots_names import MOST, SOME_SNAPSHOTS, counted, listed, some

YOUNG = 600.0
"""Seconds in which LXD may still be making a snapshot whose record is there first."""

HALF = Guard("one-sided", "each is on one side only: a record without data, or data without a record", (83,))
SETTLED = Guard("lxd-at-rest", "LXD is not making or deleting one of them just now", (83,))
DATASETS = Guard("dataset-there", "the dataset itself is there: a pool not imported loses nothing", (5, 83))


async def forget_orphan(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to have LXD delete its empty records, and to rename snapshots that it has lost sight of."""
    names = listed(given["snapshots"])
    sides = await both_sides(context.host, names)
    found = {name: sides.find(name) for name in names}
    rows = [row for row in found.values() if row is not None] if names else _orphans(context, sides)
    rows = list({row.full_name: row for row in rows}.values())[:MOST]
    early = _early(names, found, rows, sides)
    if early is not None:
        verdicts, noop = early
        return assemble(FORGET, context, given, "Forget orphans", verdicts=verdicts, noop=noop)
    close = await closely(context.host, [row for row in rows if row.missing == "row"])
    taken = {row.full_name for row in sides.rows}
    verdicts = (
        _half(rows),
        await _settled(context, rows),
        await _datasets(context, rows),
        _free(rows, taken),
    )
    title = f"Forget {counted(len(rows), 'orphan')}: {some([row.full_name for row in rows], 3)}"
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(FORGET, context, given, title, verdicts=verdicts)
    steps = tuple(_step(row, close) for row in rows)
    return assemble(
        FORGET,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), *_listed_again(rows)),
        relies_on=await _resting_on(context, rows),
        why="LXD lists what it cannot restore, or trips over what it does not know: lxd 5678, guide 83",
        target=_target(rows),
        undo_warning="under their old names the renamed snapshots are in LXD's way again",
    )


def _orphans(context: Context, sides: Sides) -> list[SnapshotRow]:
    return [row for row in of_tenant(sides.rows, context) if row.missing and row.instance]


def _early(
    names: Sequence[str], found: Mapping[str, SnapshotRow | None], rows: Sequence[SnapshotRow], sides: Sides
) -> tuple[tuple[Verdict, ...], str] | None:
    """What ends it before anything is looked at closely: (verdicts, no-op words)."""
    if sides.unknown:
        return (HALF.refuse(f"LXD was not asked ({sides.unknown}): start it first"),), ""
    missing = [name for name, row in found.items() if row is None]
    if missing and len(missing) < len(names):
        return (THERE.refuse(f"{some(missing)} is on neither side: name only what is"),), ""
    if missing:
        return (), f"nothing to forget: {some(missing)} is on neither side"
    whole = [row.full_name for row in rows if not row.missing]
    if whole:
        return (HALF.refuse(f"{some(whole)} is no orphan: snapshots.destroy is for those"),), ""
    return None if rows else ((), "nothing to forget: LXD's records and ZFS's snapshots match")


def _new_name(row: SnapshotRow) -> str:
    return f"{row.dataset}@orphan-{row.name.removeprefix('snapshot-')}"


def _step(row: SnapshotRow, close: Close) -> Step:
    full, short = row.full_name, row.name.removeprefix("snapshot-")
    if row.missing == "dataset":
        return Step(
            title=f"Have LXD forget {row.instance}/{short}",
            does=scripts.delete(row.instance, short, full, "-"),
            done=scripts.both_gone(row.instance, short, full, "-"),
            no_undo="LXD's record cannot be written again; its data was gone before",
            loses=f"LXD's record of {row.instance}/{short}",
        )
    new, guid = _new_name(row), close.details[full].guid
    return Step(
        title=f"Rename {full} to {new.partition('@')[2]}",
        does=scripts.rename(full, new, guid),
        done=scripts.state(new, "guid", guid, "there", f"{new} is the one renamed"),
        undo=(scripts.rename(new, full, guid),),
    )


def _target(rows: Sequence[SnapshotRow]) -> str:
    """What is typed where a record goes: the one's name, or how many they are."""
    return rows[0].full_name if len(rows) == 1 else counted(len(rows), "orphan")


def _half(rows: Sequence[SnapshotRow]) -> Verdict:
    records = [f"{r.instance}/{r.name.removeprefix('snapshot-')}" for r in rows if r.missing == "dataset"]
    data = [row.full_name for row in rows if row.missing == "row"]
    said = [f"records without data, deleted through LXD: {some(records)}"] if records else []
    said += [f"data without a record, renamed and kept: {some(data)}"] if data else []
    return HALF.allow("; ".join(said))


async def _settled(context: Context, rows: Sequence[SnapshotRow]) -> Verdict:
    now = await clock_of(context.host)
    records = [row for row in rows if row.missing == "dataset"]
    young = [r.full_name for r in records if r.created and (now - r.created).total_seconds() < YOUNG]
    if young:
        return SETTLED.refuse(
            f"{some(young)} is not ten minutes old: LXD may still be at it, look again later"
        )
    reply = await context.host.lxd.get("operations", {"recursion": "1"})
    busy = {row.instance for row in rows if any(row.instance == name for name in _at_work(reply.data))}
    if busy:
        return SETTLED.refuse(f"LXD is at work on {some(sorted(busy))}: wait until it is done")
    return SETTLED.allow("LXD runs no operation on them")


def _at_work(operations: Any) -> set[str]:
    """Instances that a task of LXD's touches; commands and consoles inside them are none."""
    running = operations.get("running") if isinstance(operations, dict) else None
    found: set[str] = set()
    for one in running if isinstance(running, list) else []:
        resources = one.get("resources") if isinstance(one, dict) and one.get("class") == "task" else None
        for urls in resources.values() if isinstance(resources, dict) else ():
            found |= {str(url).partition("/instances/")[2].partition("/")[0] for url in urls or ()}
            found |= {str(url).partition("/containers/")[2].partition("/")[0] for url in urls or ()}
    return found - {""}


def _argv(rows: Sequence[SnapshotRow]) -> tuple[str, ...]:
    return ("zfs", "list", "-H", "-o", "name,guid", "--", *sorted({row.dataset for row in rows}))


async def _datasets(context: Context, rows: Sequence[SnapshotRow]) -> Verdict:
    done = await context.host.run(Command(_argv(rows)))
    if not done.ok:
        gone = "the dataset of one of them is not there: is the pool imported? zpool status; zfs list"
        return DATASETS.refuse(gone)
    return DATASETS.allow("their datasets are there")


def _free(rows: Sequence[SnapshotRow], taken: set[str]) -> Verdict:
    clash = [_new_name(row) for row in rows if row.missing == "row" and _new_name(row) in taken]
    if clash:
        return THERE.refuse(f"{some(clash)} exists already: destroy or rename that first")
    return THERE.allow("each is there on the side that still has it")


def _listed_again(rows: Sequence[SnapshotRow]) -> list[Wait]:
    own = [(row.instance, row.name.removeprefix("snapshot-")) for row in rows if row.missing == "dataset"]
    return [Wait(scripts.row_gone(instance, short), 10.0) for instance, short in own]


async def _resting_on(context: Context, rows: Sequence[SnapshotRow]) -> tuple[Reliance, ...]:
    asked = [("the datasets", Exec("host", _argv(rows)))]
    asked += [(f"ZFS's {row.full_name}", Exec("host", detail_argv([row.full_name]))) for row in rows]
    names = dict.fromkeys(row.instance for row in rows)
    asked += [(f"LXD's snapshots of {name}", scripts.records_of(name)) for name in names]
    return await relying(context, *asked)


FORGET = Operation(
    id="snapshots.forget-orphan",
    title="Forget orphaned snapshots",
    summary="delete LXD's records of data that is gone, and rename data that LXD has no record of",
    subject="snapshots",
    parameters=(SOME_SNAPSHOTS,),
    guards=(HALF, THERE, SETTLED, DATASETS),
    danger=Danger.IRREVERSIBLE,
    items=(83,),
    make=forget_orphan,
)
