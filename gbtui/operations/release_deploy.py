"""`release.deploy`: another binary in the place of the one that runs, and the proof that it runs (50, 77).

The guide copies straight over the binary that runs ("text file busy"), and upstream's workflow ends
and removes the running one first. Here: a copy beside it, compared; the previous one kept; one move;
a restart; and the commit that the service names is the proof, not the clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gbtui.facts.failure import failure
from gbtui.facts.release import Binary, Place, parse_binary, parse_place
from gbtui.guard import scripts as guard_scripts
from gbtui.guard.execute import ask
from gbtui.guard.plan import Action, Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import release_deploy_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.containers_look import EXISTS, subject
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.proxy_parameters import path as plain_path
from gbtui.operations.running import RUNS
from gbtui.operations.services_look import (
    OWNER,
    WHO_WAITS,
    Target,
    dark,
    healthy,
    owners,
    restart,
    steady,
    targets,
)
from gbtui.operations.snapshots_names import size

_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
WRONG = {
    "missing": "there is no such file",
    "link": "it is a link: name the file it leads to",
    "folder": "it is a folder: name the binary in it",
    "empty": "it is empty: the build did not end well",
    "no-file": "it is no plain file",
    "no-elf": "it is no ELF binary",
    "no-program": "it is an ELF file, but no program (a library, an object?)",
    "not-executable": "it is not executable: cargo's results are; is it the right file?",
}


def _binary(value: str) -> str:
    where, colon, path = value.rpartition(":")
    if colon and CONTAINER.check(where):
        return CONTAINER.check(where)
    return plain_path(path)


BINARY = Parameter(
    "binary",
    "NAME:/PATH in a container, such as acme-alm-ci:/opt/gbo/ci/botserver/target/release/botserver,"
    " or /PATH on the host",
    _binary,
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

TARGET = Guard(
    "deploy-target", "the container is the one it is deployed to, and has that service", (7, 50, 61)
)
PROGRAM = Guard("is-program", "the file is a program for this machine: no folder, not empty, ELF", (50, 77))
STARTS = Guard("unit-starts-it", "the service's unit starts the binary that is replaced", (44, 61))
ROOM = Guard("deploy-room", "both binaries have room beside each other", (50, 77))
PREVIOUS = Guard("previous-kept", "the previous binary stays beside the new one", (77,))
PROOF = Guard(
    "commit-proof", "the commit that the service names afterwards can be told from the binary", (43, 50)
)


@dataclass(frozen=True, slots=True)
class _Release:
    """What is deployed to where. `old` is where the previous one is kept, "" where there is none."""

    container: str
    where: str
    path: str
    file: str
    new: str
    old: str
    owner: str
    binary: Binary
    place: Place
    target: Target


async def deploy(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to copy it beside, to swap both in one move, and to see the new one run."""
    container, service = given["container"], given["service"]
    title = f"Deploy {given['binary']} as {service} of {container}"
    verdicts, unit = await _where(context, container, service)
    release = None
    if unit is not None:
        release, found = await _look(context, given, unit)
        verdicts += found
    if release is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(DEPLOY, context, given, title, verdicts=verdicts)
    runs = scripts.running(container, release.target.unit, release.binary.sha256)
    same = release.place.sha256 == release.binary.sha256
    if same and (await ask(context.host, runs)).yes:
        noop = f"already so: {release.target.unit} runs {release.file}, which is that binary"
        return assemble(DEPLOY, context, given, title, verdicts=verdicts, noop=noop)
    proof, verdict = await _proof(context, release, given["commit"])
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


def _why(release: _Release) -> str:
    new = f"{size(release.binary.size)}, SHA-256 {release.binary.sha256[:12]}…"
    old = f"{release.place.sha256[:12]}… is there now" if release.place.sha256 else "none is there yet"
    return f"{new}; {old} (guide 50, 77)"


# Looks and guards


async def _where(context: Context, container: str, service: str) -> tuple[list[Verdict], Target | None]:
    """The service's unit in the container it runs in; None with a refusal."""
    found, there = await subject(context, container)
    if found is None:
        return [there], None
    role = context.profile.release_role
    known = {one.name: one for one in context.profile.services_of(role)}
    if found.one.role != role:
        why = f"{container} is {found.what}: name the container …-{role}"
        return [there, TARGET.refuse(why)], None
    if not found.one.running:
        return [there, RUNS.refuse(f"{container} is {found.one.state.lower()}: start it first")], None
    if service not in known:
        return [there, TARGET.refuse(f"no service {service} there: {' or '.join(sorted(known))}")], None
    (target,) = await targets(context, container, (known[service].unit,))
    if target.state.load != "loaded":
        return [there, TARGET.refuse(f"systemd in {container} has no {target.unit}")], None
    return [there, TARGET.allow(f"{service} is {target.unit} of {container}")], target


async def _look(
    context: Context, given: Mapping[str, str], target: Target
) -> tuple[_Release | None, list[Verdict]]:
    where, _, path = given["binary"].rpartition(":")
    container, where = given["container"], where or "host"
    if where != "host":
        found, there = await subject(context, where)
        if found is None or not found.one.running:
            why = there.reason if found is None else f"{where} is {found.one.state.lower()}: start it first"
            return None, [PROGRAM.refuse(why)]
    profile = context.profile
    file = f"{profile.release_folder}/{given['service']}"
    asked = scripts.source(where, path), scripts.target(container, file, profile.release_owner, target.unit)
    said = [await context.host.run(command(one)) for one in asked]
    for done, what in zip(said, (f"{path} of {where}", f"{file} of {container}"), strict=True):
        if not done.ok:
            raise failure(done, what)
    binary, place = parse_binary(said[0].stdout), parse_place(said[1].stdout)
    stamp = f"{context.now():%Y%m%d%H%M%S}"
    old = f"{file}.bak-{stamp}" if place.sha256 else ""
    new = f"{profile.release_folder}/.{given['service']}.gbtui-{binary.sha256[:16]}"
    owner = f"{profile.release_owner}:" if place.owned else place.owner or "root:root"
    release = _Release(container, where, path, file, new, old, owner, binary, place, target)
    return release, [*_judge(release), await owners(context, container, (target,))]


def _judge(release: _Release) -> list[Verdict]:
    binary, place = release.binary, release.place
    what = f"{release.path} of {release.where}"
    if binary.wrong:
        return [PROGRAM.refuse(f"{what}: {WRONG.get(binary.wrong, 'it could not be read')}")]
    if place.machine and binary.machine != place.machine:
        return [PROGRAM.refuse(f"{what} is for another kind of machine than {release.container}")]
    verdicts = [PROGRAM.allow(f"{what} is a program, {size(binary.size)}")]
    if not place.folder:
        return [*verdicts, ROOM.refuse(f"{release.container} has no folder for {release.file}")]
    enough = place.free > binary.size + binary.size // 10
    room = f"{size(place.free)} free in {release.container}, {size(binary.size)} needed"
    verdicts.append(ROOM.allow(room) if enough else ROOM.refuse(f"{room}: make room first"))
    if place.starts == release.file:
        verdicts.append(STARTS.allow(f"{release.target.unit} starts {release.file}"))
    else:
        starts = f"{release.target.unit} starts {place.starts or 'something else'}, not {release.file}"
        verdicts.append(STARTS.warn(f"{starts}: unless that starts it, the old one goes on running"))
    beside = f"{place.kept} older ones lie there" if place.kept else "the first one that is kept"
    kept = f"it stays as {release.old} ({beside})" if release.old else "there is none yet"
    return [*verdicts, PREVIOUS.allow(kept)]


async def _proof(context: Context, release: _Release, commit: str) -> tuple[tuple[Wait, ...], Verdict]:
    """The commit named must be the one given, or one in the binary, where that works for the old one."""
    service = release.target.service
    url = service.health if service else ""
    wanted = scripts.proof(release.container, url, release.file, commit)
    if commit:
        return (Wait(wanted, 30.0),), PROOF.allow(f"{url} must name commit {commit} afterwards")
    now = await ask(context.host, wanted)
    if now.yes:
        said = f"{url} names a commit that is in the binary ({now.said}), and must do so afterwards"
        return (Wait(wanted, 30.0),), PROOF.allow(said)
    only = "the proof is that the new file runs and is healthy; commit=HEX makes the commit the proof"
    return (), PROOF.warn(f"{url} names no commit that is in the binary now ({now.said[:120]}): {only}")


# Steps


async def _steps(context: Context, release: _Release, *, same: bool) -> tuple[Step, ...]:
    well = healthy(release.container, release.target)
    was_well = (await ask(context.host, well.probe)).yes is True
    begun = restart(release.container, release.target)
    wait = Step(f"Wait for {release.target.name}", well)
    return (begun, wait) if same else (_stage(release), _swap(release, was_well=was_well), begun, wait)


def _stage(release: _Release) -> Step:
    container, sha256 = release.container, release.binary.sha256
    return Step(
        title=f"Copy it beside, as {release.new}, and compare",
        does=scripts.stage((release.where, release.path), container, release.new, sha256, release.owner),
        done=scripts.staged(container, release.new, release.file, sha256),
        undo=(Exec(container, ("rm", "-f", "--", release.new)),),
    )


def _swap(release: _Release, *, was_well: bool) -> Step:
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
