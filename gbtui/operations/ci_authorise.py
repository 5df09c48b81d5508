"""`ci.authorise-runner`: the CI runner may deploy over SSH, unasked (items 26, 77, 78).

The guide wants the runner's key "pre-authorized". The key alone is not enough: a runner that does not
know the target's host key stops and asks, or (as upstream's workflow does) is told not to look. So the
host key, which is read through LXD and not over the network, is written down as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.guard.execute import ask
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Wait
from gbtui.operations import ci_keys_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.ci_authorise_look import (
    DOOR,
    HOST_KEY,
    KEY,
    STRICT,
    Ends,
    ask_count,
    ask_runner,
    ends_of,
    judge,
    knows,
)
from gbtui.operations.ci_look import GUARDS, runner
from gbtui.operations.folders import make_folder
from gbtui.operations.parameters import CONTAINER

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def _user(value: str) -> str:
    return "" if _USER.fullmatch(value) else "not the name of a user"


TARGET = Parameter("target", f"{CONTAINER.form} (the tenant's system)", CONTAINER.check, default="")
USER = Parameter("user", "NAME of the user there (whose binary it is)", _user, default="")

POWER = Guard("what-it-may", "whoever does it knows what the runner's jobs may do then", (25, 26, 78))


async def authorise(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to let the runner in, and to let it know whom it talks to."""
    profile, name = context.profile, given["container"]
    found, verdicts = await runner(context, name)
    user = given["user"] or profile.release_owner
    target = given["target"] or profile.instance(found.one.tenant if found else "", profile.release_role)
    given = {**given, "user": user, "target": target}
    title = f"Let the runner of {name} deploy to {target} as {user}"
    ends = None
    if found is not None:
        ends, door = await ends_of(context, name, target, user)
        verdicts.append(door)
    if ends is not None:
        verdicts += judge(context, ends)
    if ends is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(AUTHORISE, context, given, title, verdicts=verdicts)
    reaches = scripts.reaches(name, profile.runner_user, ends.peer)
    if ends.count and (await ask(context.host, reaches)).yes:
        noop = f"already so: {profile.runner_user} of {name} reaches {ends.peer} by its key"
        return assemble(AUTHORISE, context, given, title, verdicts=verdicts, noop=noop)
    may = f"every job that runs in {name} may do there what {user} may: replace botserver, read its files"
    steps = _steps(context, ends)
    return assemble(
        AUTHORISE,
        context,
        given,
        title,
        why=f"{ends.key.words} is {'' if ends.count else 'not '}in {ends.file} of {target}. The key"
        " alone, as in the guide, would leave the runner asking whom it talks to (guide 78)",
        verdicts=(*verdicts, POWER.warn(may)),
        steps=steps,
        verify=(*proofs(steps), Wait(_once(ends), 10.0), Wait(reaches, 20.0)),
        relies_on=await relying(
            context,
            ("the runner's keys", ask_runner(context, ends.runner, ends.target, ends.address)),
            ("the target's keys", scripts.target(target, user)),
            ("the key", ask_count(ends)),
        ),
        target=target,
        undo_warning=f"the runner of {name} cannot deploy to {target} any more",
    )


# Steps


def _steps(context: Context, ends: Ends) -> tuple[Step, ...]:
    steps: list[Step] = []
    if ends.there.folder == "missing":
        steps.append(_folder(ends))
    steps += _modes(ends)
    if not ends.count:
        new = ends.there.file == "missing"
        title = f"Add the runner's key to {ends.file} of {ends.target}"
        steps.append(_line(title, ends.target, ends.file, ends.user, ends.key.line, new=new))
    if not knows(ends):
        title, new = f"Let the runner know {ends.target} by its host key", ends.here.file == "missing"
        user = context.profile.runner_user
        steps.append(_line(title, ends.runner, ends.known, user, ends.known_line, new=new))
    return tuple(steps)


def _folder(ends: Ends) -> Step:
    make = ("runuser", "-u", ends.user, "--", "mkdir", "-p", "-m", "700")
    return make_folder(ends.target, f"{ends.there.home}/.ssh", make)


def _line(title: str, where: str, file: str, user: str, line: str, *, new: bool) -> Step:
    return Step(
        title=title,
        does=scripts.add(where, file, user, line),
        done=scripts.has_line(where, file, user, line),
        undo=(scripts.remove(where, file, user, line, new=new),),
    )


def _modes(ends: Ends) -> Sequence[Step]:
    """Its user's alone: sshd reads it as the user, and believes nothing that others could have written."""
    mode, _, owner = ends.there.file.partition(" ")
    changes = [] if owner in ("", ends.user) else [("chown", "%U", ends.user, owner)]
    if owner and int(mode[-3:], 8) & 0o022:
        changes.append(("chmod", "%a", "600", mode))
    return [
        Step(
            title=f"Let nobody else write {ends.file}" if verb == "chmod" else f"Give it to {ends.user}",
            does=Exec(ends.target, (verb, "--", after, ends.file)),
            done=Probe(
                f"{ends.file}: {after}",
                Exec(ends.target, ("stat", "-c", form, "--", ends.file)),
                "stdout",
                after,
            ),
            undo=(Exec(ends.target, (verb, "--", before, ends.file)),),
        )
        for verb, form, after, before in changes
    ]


def _once(ends: Ends) -> Probe:
    wanted = str(max(1, ends.count))
    return Probe(f"the key is in {ends.file} exactly once", ask_count(ends), "stdout", wanted)


AUTHORISE = Operation(
    id="ci.authorise-runner",
    title="Authorise the runner",
    summary="the runner's public key in the target's authorized_keys, once, and the target's host key known"
    " to the runner; proven by a login that asks nothing",
    subject="ci",
    parameters=(CONTAINER, TARGET, USER),
    guards=(*GUARDS, DOOR, KEY, STRICT, HOST_KEY, POWER),
    danger=Danger.REVERSIBLE,
    items=(26, 77, 78),
    make=authorise,
)
