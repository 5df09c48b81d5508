"""What the operations on the CI runner look at: whether the container is one, and what runs in it."""

from __future__ import annotations

from gbtui.facts.ci import parse_jobs
from gbtui.facts.failure import failure
from gbtui.guard.plan import Verdict
from gbtui.guard.preview import command
from gbtui.operations import ci_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.containers_look import EXISTS, Subject, subject
from gbtui.operations.running import RUNS
from gbtui.operations.snapshots_names import some

RUNNER = Guard("is-runner", "the container is a CI runner's", (9, 76))
IDLE = Guard("no-job", "no job runs there: its processes, and files of the caches that are open", (79,))
GUARDS = (EXISTS, RUNS, RUNNER)


async def runner(context: Context, name: str) -> tuple[Subject | None, list[Verdict]]:
    """The runner's container, running; None with a refusal where it is none."""
    found, there = await subject(context, name)
    if found is None:
        return None, [there]
    if found.one.role != context.profile.runner_role:
        is_a = f"{name} is {found.what}, not a CI runner"
        return None, [there, RUNNER.refuse(f"{is_a}: name the container …-{context.profile.runner_role}")]
    if not found.one.running:
        return None, [there, RUNS.refuse(f"{name} is {found.one.state.lower()}: start it first")]
    return found, [there, RUNNER.allow(f"{name} is a CI runner"), RUNS.allow(f"{name} runs")]


async def idle(context: Context, container: str) -> Verdict:
    """Whether a job runs there now, by its processes and by who has files of the caches open."""
    done = await context.host.run(command(scripts.jobs(container, context.profile)))
    if not done.ok:
        raise failure(done, f"processes of {container}")
    found = parse_jobs(done.stdout)
    if not found:
        return IDLE.allow(f"no job runs in {container}")
    said = some([f"{job.name} (process {job.pid}, {job.why})" for job in found], 3)
    what = f"{len(found)} process" + ("" if len(found) == 1 else "es")
    return IDLE.refuse(f"a job runs in {container}, {what}: {said}; wait for its end")
