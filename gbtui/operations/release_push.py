"""`release.push`: a submodule to both remotes, and the root repository's pointer to it (47, 48, 85–88).

The guide's `git push origin main` pushes whatever the branch is by then, and its `git add` and `git
commit` take with them whatever else was staged. Here the commit that was looked at is pushed, never by
force, the pointer alone is committed, and each remote is asked afterwards what it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.facts.failure import failure
from gbtui.facts.git import Remote, parse_checkout
from gbtui.guard.plan import Danger, Plan, Step, Verdict
from gbtui.guard.preview import command
from gbtui.operations import release_push_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.containers_look import subject
from gbtui.operations.release_parameters import placed, split_place
from gbtui.operations.release_push_look import CLEAN, FORWARD, KEYS, NAMED, THERE, Push, judge
from gbtui.operations.snapshots_names import counted

_SUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MESSAGE = "Update submodule"
"""The guide's own words for it."""
GONE = "irreversible: others may have fetched what was pushed, and CI builds it; git revert takes it back"
STAYS = "irreversible once it is pushed; until then git reset --soft HEAD^ in the root repository"
CHECKOUT = Parameter(
    "checkout", "/PATH of the root repository's checkout on the host, or NAME:/PATH in a container", placed
)
SUBMODULE = Parameter(
    "submodule",
    "NAME of the submodule in it, such as botserver",
    lambda value: "" if _SUB.fullmatch(value) else "not the name of a folder in it",
)

STARTS_CI = Guard("starts-ci", "whoever pushes knows that CI builds and deploys it", (43, 49, 88))


async def push(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to push the submodule to each remote, then the pointer to it."""
    name, (where, root) = given["submodule"], split_place(given["checkout"])
    title = f"Push {name} and the pointer to it, from {root}" + ("" if where == "host" else f" of {where}")
    away = await _away(context, where)
    if away is not None:
        return assemble(PUSH, context, given, title, verdicts=(away,))
    profile = context.profile
    asked = scripts.look(where, root, name, profile)
    done = await context.host.run(command(asked))
    if not done.ok:
        raise failure(done, f"the checkout {root}")
    it = Push(where, root, name, profile, parse_checkout(done.stdout))
    verdicts = judge(it)
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(PUSH, context, given, title, verdicts=verdicts)
    steps = _steps(it)
    if not steps:
        noop = (
            f"already so: {' and '.join(profile.release_remotes)} have {name} as it is, and the pointer to it"
        )
        return assemble(PUSH, context, given, title, verdicts=verdicts, noop=noop)
    ci = f"{name} is built and deployed by CI in about 10 min: the service restarts then"
    ending = STARTS_CI.warn(ci) if it.root_due else STARTS_CI.allow("the root repository is pushed already")
    return assemble(
        PUSH,
        context,
        given,
        title,
        why=_why(it),
        verdicts=(*verdicts, ending),
        steps=steps,
        verify=proofs(steps, 60.0),
        relies_on=await relying(context, ("the checkout and its remotes", asked)),
        dark=(f"{name}, about 10 s when CI deploys it (guide 44, 49)",) if it.root_due else (),
        target=name,
    )


async def _away(context: Context, where: str) -> Verdict | None:
    """Why the place of the checkout cannot be looked at; None where it can."""
    if where == "host":
        return None
    found, there = await subject(context, where)
    if found is None:
        return THERE.refuse(there.reason)
    return (
        None if found.one.running else THERE.refuse(f"{where} is {found.one.state.lower()}: start it first")
    )


def _why(it: Push) -> str:
    each = [f"{one.name} {_short(one)}" for one in it.seen.sub.remotes]
    root = "names it" if it.pointed else f"names {it.seen.pointer[:10] or 'nothing'}"
    seen = f"{it.name} is at {it.seen.sub.head[:10]}: {', '.join(each)}; the root {root}"
    ours = "pushed is the commit that was looked at, and committed the pointer alone"
    return f"{seen}. Other than by the guide's commands, {ours} (guide 85-88)"


def _short(one: Remote) -> str:
    if one.state == "same":
        return "has it"
    return "has no such branch yet" if one.state == "new" else f"is {counted(one.ahead, 'commit')} behind"


# Steps


def _steps(it: Push) -> tuple[Step, ...]:
    """The submodule first: a pointer to what a remote does not have breaks every clone."""
    branch, head = it.profile.release_branch, it.seen.sub.head
    steps = [
        Step(
            title=f"Push {it.name} to {remote.name}: {_short(remote)}",
            does=scripts.push(it.where, it.sub, remote.name, branch, head),
            done=scripts.has(it.where, it.sub, remote.name, branch, head),
            no_undo=GONE,
            publishes=f"{it.name} at {head[:10]}",
        )
        for remote in it.seen.sub.remotes
        if remote.pushable
    ]
    return (*steps, *(_root(it) if it.root_due else ()))


def _root(it: Push) -> Sequence[Step]:
    head, to = it.seen.sub.head, (it.profile.release_root_remote, it.profile.release_branch)
    pointed = (it.name, head)
    commit = Step(
        title=f"Commit the pointer: {MESSAGE}",
        does=scripts.commit(it.where, it.root, it.name, head, MESSAGE),
        done=scripts.pointer(it.where, it.root, it.name, head),
        no_undo=STAYS,
    )
    others = sum(one.ahead for one in it.seen.root.remotes)
    more = f", with {counted(others, 'commit')} that it lacks" if others else ""
    push_it = Step(
        title=f"Push the root repository to {to[0]}{more}: CI starts",
        does=scripts.push_root(it.where, it.root, to, pointed, it.seen.root.head),
        done=scripts.root_has(it.where, it.root, to, pointed),
        no_undo=GONE,
        publishes=f"the pointer to {it.name} at {head[:10]}",
    )
    return (push_it,) if it.pointed else (commit, push_it)


PUSH = Operation(
    id="release.push",
    title="Push a release",
    summary="push a submodule to both remotes, and the root repository's pointer to it, which starts CI;"
    " never by force, never with uncommitted work or Vault's keys",
    subject="release",
    parameters=(CHECKOUT, SUBMODULE),
    guards=(THERE, CLEAN, FORWARD, KEYS, NAMED, STARTS_CI),
    danger=Danger.IRREVERSIBLE,
    items=(46, 47, 48, 49, 65, 85, 86, 87, 88),
    make=push,
)
