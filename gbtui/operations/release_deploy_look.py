"""What `release.deploy` looks at: the binary, where it goes, and what speaks against it (50, 77)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gbtui.facts.failure import failure
from gbtui.facts.release import Binary, Place, parse_binary, parse_place
from gbtui.guard.execute import ask
from gbtui.guard.plan import Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import release_deploy_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.containers_look import subject
from gbtui.operations.release_parameters import split_place
from gbtui.operations.running import RUNS
from gbtui.operations.services_look import Target, owners, targets
from gbtui.operations.snapshots_names import size

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
class Release:
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


# Looks and guards


async def service_of(context: Context, container: str, service: str) -> tuple[list[Verdict], Target | None]:
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


async def look_at(
    context: Context, given: Mapping[str, str], target: Target
) -> tuple[Release | None, list[Verdict]]:
    """The binary and where it goes; None with a refusal where there is no looking at it."""
    container, (where, path) = given["container"], split_place(given["binary"])
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
    release = Release(container, where, path, file, new, old, owner, binary, place, target)
    return release, [*_judge(release), await owners(context, container, (target,))]


def _judge(release: Release) -> list[Verdict]:
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


async def proof_of(context: Context, release: Release, commit: str) -> tuple[tuple[Wait, ...], Verdict]:
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
