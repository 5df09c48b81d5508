"""An undo that destroys a snapshot is held to the guards of destroying one (items 80-84)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.guard.plan import Action, Exec, Plan
from gbtui.guard.undo import Judged
from gbtui.operations.base import Context
from gbtui.operations.snapshots_guards import AGAINST, NEWEST, RECLAIM, judged, newest
from gbtui.operations.snapshots_look import both_sides, closely
from gbtui.operations.snapshots_steps import resting_on

GUARDS = (*AGAINST, RECLAIM, NEWEST)
_SCRIPTS = ("gbtui-snapshot-destroy", "gbtui-snapshot-delete")


async def judge(context: Context, turned: Plan) -> Judged:
    """What the guards say of every snapshot that the undo would destroy. Raises what ZFS and LXD raise."""
    names = list(dict.fromkeys(name for step in turned.steps for name in _destroyed(step.does)))
    if not names:
        return Judged()
    sides = await both_sides(context.host, names)
    found = [sides.find(name) for name in names]
    rows = [row for row in found if row is not None]
    if not rows:
        return Judged()  # whether it is still there is asked of every step anyway
    close = await closely(context.host, [row for row in rows if row.missing != "dataset"])
    verdicts = (*judged(rows, sides, close), newest(rows, sides))
    return Judged(verdicts, await resting_on(context, rows))


def _destroyed(action: Action) -> Iterator[str]:
    """What an action destroys, as `dataset@name` or as LXD's `instance/name`."""
    if not isinstance(action, Exec):
        return
    words = [word for word in action.argv if word != "--"]
    if words[:2] == ["lxc", "delete"] and "/" in words[-1]:
        yield words[-1]
    elif words[:2] == ["sh", "-c"] and len(words) > 4 and words[3] in _SCRIPTS:
        yield words[4]
