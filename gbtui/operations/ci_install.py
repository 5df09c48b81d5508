"""`ci.install-cleanup`: old entries of the runner's build caches go every night (item 79).

The guide says "daily cleanup cron". A container need not have cron, and a night that it slept through
is lost to cron: so a systemd timer in the runner's container, which makes up for a missed night, and
whose last run and result `systemctl list-timers` and `systemctl status` show.
"""

from __future__ import annotations

from collections.abc import Mapping

from gbtui import text
from gbtui.errors import NotFound
from gbtui.guard.execute import ask, holds_file
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import ci_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.ci_install_files import AT, JOB_PATH, TIMER, files
from gbtui.operations.ci_look import GUARDS, runner
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.snapshots_names import KEEP, days, some

ONE = Guard("one-cleanup", "nothing else cleans the same caches", (79,))
OURS = Guard("own-files", "no file of somebody else's is replaced", (79,))
NIGHTLY = Guard("never-under-a-job", "it waits for a running job, and the runner rests meanwhile", (79,))


async def install_cleanup(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan the job and its timer; nothing is removed now."""
    name, keep = given["container"], days(given["keep"])
    title = f"Clean the build caches of {name} every night, keep {keep} d"
    found, verdicts = await runner(context, name)
    if found is None:
        return assemble(INSTALL_CLEANUP, context, given, title, verdicts=verdicts)
    wanted = files(context.profile, keep)
    there = {path: await _read(context, name, path) for path, _ in wanted}
    on = (await ask(context.host, _is_on(name))).yes is True
    verdicts += [
        await _one(context, name),
        _ours(there),
        NIGHTLY.allow("a night's job is waited for, and no other begins until the caches are clean"),
    ]
    if on and all(there[path] == data for path, data in wanted):
        noop = f"already so: {TIMER} is on, daily at {AT}, and keeps {keep} d"
        return assemble(INSTALL_CLEANUP, context, given, title, verdicts=verdicts, noop=noop)
    written = [_file(context, name, path, there[path], data) for path, data in wanted if there[path] != data]
    steps = (*written, _switch(name, on=on))
    look = Exec(name, ("sh", JOB_PATH, "--look"), 60.0)
    ready = Wait(Probe("the job is ready to run", look, "stdout", "ready"), 30.0)
    return assemble(
        INSTALL_CLEANUP,
        context,
        given,
        title,
        why=f"daily at {AT} by {TIMER} in {name}; not by cron, as the guide has it, which makes up for no"
        " missed night. Nothing is removed now (guide 79)",
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), ready),
        relies_on=await relying(
            context, ("the timer", _timer_state(name)), ("cron", scripts.others(name)), *_hashes(name, there)
        ),
        undo_warning=f"nothing cleans the caches of {name} any more" if not on else "",
    )


def _hashes(name: str, there: Mapping[str, bytes | None]) -> list[tuple[str, Exec]]:
    return [(path, Exec(name, ("sha256sum", "--", path))) for path in there]


def _file(context: Context, name: str, path: str, before: bytes | None, after: bytes) -> Step:
    backup = f"{path}.bak-{context.now():%Y%m%d%H%M%S}" if before is not None else ""
    back = (
        Replace(name, path, after, before, "") if before is not None else Exec(name, ("rm", "-f", "--", path))
    )
    return Step(
        title=f"Write {path}",
        does=Replace(name, path, before, after, backup),
        done=holds_file(name, path, after, new=before is None),
        undo=(back,),
    )


def _switch(name: str, *, on: bool) -> Step:
    """Also where it is on already: `enable` has systemd read the files anew."""
    return Step(
        title=f"Turn on {TIMER}",
        does=Exec(name, ("systemctl", "enable", "--now", TIMER)),
        done=_is_on(name),
        undo=() if on else (Exec(name, ("systemctl", "disable", "--now", TIMER)),),
        no_undo="it was on before" if on else "",
    )


def _timer_state(name: str) -> Exec:
    return Exec(name, ("systemctl", "show", TIMER, "-p", "ActiveState,UnitFileState"))


def _is_on(name: str) -> Probe:
    return Probe(f"{TIMER} is on", _timer_state(name), "stdout", "ActiveState=active\nUnitFileState=enabled")


async def _read(context: Context, name: str, path: str) -> bytes | None:
    try:
        return await context.host.read(path, instance=name)
    except NotFound:
        return None


async def _one(context: Context, name: str) -> Verdict:
    done = await context.host.run(command(scripts.others(name)))
    found = text.text(done.stdout).split()
    if found:
        return ONE.warn(f"{some(found, 3)} cleans them, too, and knows of no running job: end it")
    return ONE.allow("no cron table names them")


def _ours(there: Mapping[str, bytes | None]) -> Verdict:
    theirs = [path for path, data in there.items() if data is not None and b"gbtui" not in data]
    if theirs:
        return OURS.warn(f"{some(theirs)} is not gbtui's: it is replaced, with a backup beside it")
    return OURS.allow("the files are new, or gbtui's own")


INSTALL_CLEANUP = Operation(
    id="ci.install-cleanup",
    title="Install the nightly cleanup",
    summary="a timer in the runner's container that removes what nobody used for days from its build caches",
    subject="ci",
    parameters=(CONTAINER, KEEP),
    guards=(*GUARDS, ONE, OURS, NIGHTLY),
    danger=Danger.REVERSIBLE,
    items=(79,),
    make=install_cleanup,
)
