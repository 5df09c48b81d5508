"""`ci.clean-cache`: old entries of the runner's build caches go, and never under a running job (item 79).

The guide asks for a daily cleanup and does not say of what. Entries go whole, those first that were
used longest ago, and those of the last days stay: a build right after it finds what it needs. The
runner is stopped meanwhile, so that no job can begin in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gbtui.facts.ci import Caches, parse_caches
from gbtui.facts.failure import failure
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import ci_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.ci_look import GUARDS, IDLE, idle, runner
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.snapshots_look import clock_of
from gbtui.operations.snapshots_names import KEEP, days, size, some

GOES = Guard("what-goes", "whoever removes it knows what and how much", (79,))
PLACE = Guard("caches-in-place", "the caches lie where they are expected, and not behind a link", (79,))


async def clean_cache(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to remove what nobody has used for `keep` days."""
    name, keep = given["container"], days(given["keep"])
    title = f"Clean the build caches of {name}, keep {keep} d"
    found, verdicts = await runner(context, name)
    if found is None:
        return assemble(CLEAN_CACHE, context, given, title, verdicts=verdicts)
    # A whole day's start: two plans of one day are the same plan
    today = (await clock_of(context.host)).replace(hour=0, minute=0, second=0)
    cutoff = int((today - timedelta(days=keep)).timestamp())
    seen = await _look(context, name, cutoff)
    verdicts += [await idle(context, name), _place(seen), _goes(seen, keep)]
    if not any(verdict.verdict == "refuse" for verdict in verdicts) and not seen.count:
        noop = f"already so: nothing in the caches of {name} ({size(seen.size)}) is older than {keep} d"
        return assemble(CLEAN_CACHE, context, given, title, verdicts=verdicts, noop=noop)
    refused = any(verdict.verdict == "refuse" for verdict in verdicts)
    steps = () if refused else (_step(context, name, cutoff, seen, keep),)
    return assemble(
        CLEAN_CACHE,
        context,
        given,
        title,
        why=f"{size(seen.old)} of {size(seen.size)} is older than {keep} d; the guide names no age, but"
        " without any of it the next build is the longest (guide 79)",
        verdicts=verdicts,
        steps=steps,
        verify=() if refused else (*proofs(steps), *await _after(context, name, cutoff)),
        relies_on=await relying(
            context,
            ("jobs", scripts.jobs(name, context.profile)),
            ("the caches", scripts.listing(name, cutoff, context.profile)),
        ),
        dark=() if refused else (f"the runner of {name} takes no jobs meanwhile, about 1 min",),
        target=name,
    )


async def _look(context: Context, name: str, cutoff: int) -> Caches:
    done = await context.host.run(command(scripts.listing(name, cutoff, context.profile)))
    if not done.ok:
        raise failure(done, f"caches of {name}")
    return parse_caches(done.stdout)


def _step(context: Context, name: str, cutoff: int, seen: Caches, keep: int) -> Step:
    depth = dict(context.profile.runner_caches)
    paths = [f"{cache.folder}:{depth[cache.folder]}" for cache in seen.caches if cache.folder in depth]
    return Step(
        title="Remove 1 old entry" if seen.count == 1 else f"Remove {seen.count} old entries, oldest first",
        does=scripts.clean(name, cutoff, paths, context.profile),
        done=scripts.none_left(name, cutoff, paths),
        no_undo="irreversible: the next build fetches and compiles them again",
        loses=f"{size(seen.old)} of the build caches of {name}, unused for {keep} d",
    )


async def _after(context: Context, name: str, cutoff: int) -> tuple[Wait, ...]:
    """The runner takes jobs again, if it did; and the sizes afterwards, for the record."""
    profile = context.profile
    asked = Exec(name, ("systemctl", "show", "-p", "ActiveState", "--value", "--", profile.runner_unit))
    state = (await context.host.run(command(asked))).stdout.strip() == b"active"
    again = Wait(Probe(f"{profile.runner_unit} runs again", asked, "stdout", "active"), 30.0)
    sizes = Probe("the caches afterwards", scripts.listing(name, cutoff, profile), "status", "0")
    return (*((again,) if state else ()), Wait(sizes, 5.0))


def _goes(seen: Caches, keep: int) -> Verdict:
    if not seen.count:
        return GOES.allow("nothing goes")
    each = [f"{size(one.old)} of {size(one.size)} in {one.folder}" for one in seen.caches if one.count]
    oldest = min((entry for one in seen.caches for entry in one.oldest), default=None)
    first = f"; first {oldest[1]} of {oldest[0]:%Y-%m-%d}" if oldest else ""
    return GOES.warn(f"{some(each, 4)}, unused for {keep} d{first}; it is fetched and compiled again")


def _place(seen: Caches) -> Verdict:
    if seen.links:
        return PLACE.warn(f"{some(seen.links)}: reached by a link, left alone")
    if not seen.caches:
        return PLACE.warn("none of the caches is there: cargo and sccache keep theirs somewhere else")
    return PLACE.allow(f"{some([cache.folder for cache in seen.caches], 4)}")


CLEAN_CACHE = Operation(
    id="ci.clean-cache",
    title="Clean the build caches",
    summary="remove what nobody used for days from the runner's cargo and sccache caches, oldest first;"
    " refused while a job runs",
    subject="ci",
    parameters=(CONTAINER, KEEP),
    guards=(*GUARDS, IDLE, PLACE, GOES),
    danger=Danger.IRREVERSIBLE,
    items=(79,),
    make=clean_cache,
)
