"""`release.deploy`: another binary in the place of the one that runs, and the proof that it runs (50, 77).

The guide copies straight over the binary that runs ("text file busy"), and upstream's workflow ends
and removes the running one first. Here: a copy beside it, compared; the previous one kept; one move;
a restart; and the commit that the service names is the proof, not the clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gbtui.guard import scripts as guard_scripts
from gbtui.guard.execute import ask
from gbtui.guard.plan import Action, Danger, Exec, Plan, Probe, Step, Wait
from gbtui.operations import release_deploy_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Operation, Parameter
from gbtui.operations.containers_look import EXISTS
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.release_deploy_look import (
    PREVIOUS,
    PROGRAM,
    PROOF,
    ROOM,
    STARTS,
    TARGET,
    Release,
    look_at,
    proof_of,
    service_of,
)
from gbtui.operations.release_parameters import placed
from gbtui.operations.running import RUNS
from gbtui.operations.services_look import OWNER, WHO_WAITS, dark, healthy, restart, steady
from gbtui.operations.snapshots_names import size

_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
BINARY = Parameter(
    "binary",
    "NAME:/PATH in a container, such as acme-alm-ci:/opt/gbo/ci/botserver/target/release/botserver,"
    " or /PATH on the host",
    placed,
)
SERVICE = Parameter(
    "service",
    "NAME of the service whose binary it is (botserver)",
    lambda value: "" if _SERVICE.fullmatch(value) else "not the name of a service",
    default="botserver",
)
COMMIT = Parameter(
    "commit",
    "HEX of the commit it was built from, 7 to 40 digits (the one that the binary holds)",
    lambda value: "" if _COMMIT.fullmatch(value) else "not the hexadecimal digits of a commit",
    default="",
)


async def deploy(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to copy it beside, to swap both in one move, and to see the new one run."""
    container, service = given["container"], given["service"]
    title = f"Deploy {given['binary']} as {service} of {container}"
    verdicts, unit = await service_of(context, container, service)
    release = None
    if unit is not None:
        release, found = await look_at(context, given, unit)
        verdicts += found
    if release is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(DEPLOY, context, given, title, verdicts=verdicts)
    runs = scripts.running(container, release.target.unit, release.binary.sha256)
    same = release.place.sha256 == release.binary.sha256
    if same and (await ask(context.host, runs)).yes:
        noop = f"already so: {release.target.unit} runs {release.file}, which is that binary"
        return assemble(DEPLOY, context, given, title, verdicts=verdicts, noop=noop)
    proof, verdict = await proof_of(context, release, given["commit"])
    verdicts += [verdict, WHO_WAITS.warn(f"{release.target.name} restarts: away for about 10 s")]
    steps = await _steps(context, release, same=same)
    return assemble(
        DEPLOY,
        context,
        given,
        title,
        why=_why(release),
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), Wait(runs, 10.0), *proof, steady(container, release.target)),
        relies_on=await relying(
            context,
            ("the new binary", scripts.source(release.where, release.path)),
            ("the binary that is there", Exec(container, ("sha256sum", "--", release.file))),
        ),
        dark=dark((release.target,)),
        target=container,
        undo_warning=f"{release.target.name} runs its previous binary again: away for about 10 s",
    )


def _why(release: Release) -> str:
    new = f"{size(release.binary.size)}, SHA-256 {release.binary.sha256[:12]}…"
    old = f"{release.place.sha256[:12]}… is there now" if release.place.sha256 else "none is there yet"
    return f"{new}; {old}. Moved into place, where the guide's scp writes over what runs (guide 50, 77)"


# Steps


async def _steps(context: Context, release: Release, *, same: bool) -> tuple[Step, ...]:
    well = healthy(release.container, release.target)
    was_well = (await ask(context.host, well.probe)).yes is True
    begun = restart(release.container, release.target)
    wait = Step(f"Wait for {release.target.name}", well)
    return (begun, wait) if same else (_stage(release), _swap(release, was_well=was_well), begun, wait)


def _stage(release: Release) -> Step:
    container, sha256 = release.container, release.binary.sha256
    return Step(
        title=f"Copy it beside, as {release.new}, and compare",
        does=scripts.stage((release.where, release.path), container, release.new, sha256, release.owner),
        done=scripts.staged(container, release.new, release.file, sha256),
        undo=(Exec(container, ("rm", "-f", "--", release.new)),),
    )


def _swap(release: Release, *, was_well: bool) -> Step:
    """Its undo restarts the service, too; it waits for health only where it was healthy before."""
    container, sha256 = release.container, release.binary.sha256
    run = Exec(container, ("sh", "-c", guard_scripts.SAME, "gbtui-same", release.file, sha256))
    undo: tuple[Action, ...] = (scripts.back(container, release.file, sha256, release.old),)
    if release.old:
        undo = (*undo, Exec(container, ("systemctl", "restart", "--", release.target.unit), 60.0))
    if release.old and was_well:
        undo = (*undo, healthy(container, release.target))
    return Step(
        title=f"Move it to {release.file}"
        + (f", the previous one kept as {release.old}" if release.old else ""),
        does=scripts.swap(container, release.new, release.file, sha256, release.old),
        done=Probe(f"{release.file} is the new binary", run, "stdout", "same"),
        undo=undo,
        undo_dark=dark((release.target,)) if release.old else (),
    )


DEPLOY = Operation(
    id="release.deploy",
    title="Deploy a binary",
    summary="put a built binary in the place of the one that runs, by a copy that is compared and one move,"
    " restart its service, and have the commit that it names prove it; the previous binary is the undo",
    subject="release",
    parameters=(CONTAINER, BINARY, SERVICE, COMMIT),
    guards=(EXISTS, RUNS, TARGET, PROGRAM, ROOM, STARTS, PREVIOUS, OWNER, PROOF, WHO_WAITS),
    danger=Danger.DISRUPTIVE,
    items=(43, 44, 50, 51, 77),
    make=deploy,
)
