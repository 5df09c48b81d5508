"""An undo that puts an older Caddyfile back is held to the guards of applying it (items 53-58)."""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.guard.plan import Plan, Replace, Verdict
from gbtui.guard.undo import Judged
from gbtui.operations import proxy_guards as guards
from gbtui.operations.base import Context
from gbtui.operations.proxy import KEPT, verdicts_of
from gbtui.operations.proxy_look import Meaning, look, meaning
from gbtui.operations.running import runs

GUARDS = KEPT


async def judge(context: Context, original: Plan, turned: Plan) -> Judged:
    """What the guards say of the configuration that would run again. Raises what Caddy's looks raise."""
    path = context.profile.proxy_config
    files = [step.does for step in turned.steps if isinstance(step.does, Replace) and step.does.path == path]
    if not files:
        return Judged()
    where, data = files[-1].where, files[-1].after
    there = await runs(context, where)
    if there.verdict == "refuse":
        return Judged((there,))
    seen, new = await look(context, where), await meaning(context, where, data)
    before, after = seen.disk.config, new.config
    # the names that came with the operation are meant to go with it: what it is undone for
    going = before.names - after.names if before is not None and after is not None else frozenset[str]()
    said = verdicts_of(context, seen, new, going)
    return Judged((there, *(_known(original, new, sorted(going), verdict) for verdict in said)))


def _known(original: Plan, new: Meaning, going: Sequence[str], verdict: Verdict) -> Verdict:
    """The same, where an undo differs: what came with the operation goes with it knowingly, and going
    back to another folder with its certificates still in it is no loss; to none at all is one."""
    if (verdict.guard, verdict.verdict) == (guards.SHRINK.id, "allow") and going:
        names = ", ".join(going[:8]) + (f" and {len(going) - 8} more" if len(going) > 8 else "")
        return guards.SHRINK.warn(f"what came with the operation goes with it: {names}; {verdict.reason}")
    if (verdict.guard, verdict.verdict) != (guards.STORAGE.id, "refuse") or new.config is None:
        return verdict
    if original.operation == "proxy.set-storage" and new.config.storage is not None:
        root = " ".join(new.config.storage).strip()
        return guards.STORAGE.warn(f"certificates are kept in {root} again: those issued since are not there")
    return guards.STORAGE.refuse(f"{verdict.reason}; proxy.set-storage moves them with their folder")
