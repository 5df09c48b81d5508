"""The first guard of everything that happens inside a container: it is there, and it runs."""

from __future__ import annotations

from gbtui.errors import NotFound
from gbtui.guard.plan import Verdict
from gbtui.operations.base import Context, Guard

RUNS = Guard("instance-runs", "the container exists and runs", (7,))


async def runs(context: Context, container: str) -> Verdict:
    """Whether `container` exists and runs, as LXD says."""
    try:
        reply = await context.host.lxd.get(f"instances/{container}")
    except NotFound:
        return RUNS.refuse(f"there is no container {container}; gbtui show containers lists them")
    state = str(reply.data.get("status", "")) if isinstance(reply.data, dict) else ""
    if state != "Running":
        return RUNS.refuse(f"{container} is {state.lower() or 'in an unknown state'}: start it first")
    return RUNS.allow(f"{container} runs")
