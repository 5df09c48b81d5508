"""`vault.protect-init`: the unseal keys belong to one user, and to no git tree (guide 65)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui import text
from gbtui.facts.failure import failure
from gbtui.facts.vault import KeyFile, parse_key_file
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict
from gbtui.guard.preview import command
from gbtui.operations import vault_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS, runs

THERE = Guard("keys-there", "the key file is there, and is a plain file", (65,))
HISTORY = Guard("keys-in-git", "the keys are in no git history", (65,))
OWNER = Guard("keys-owner", "they belong to root, or to the user that botserver runs as", (65,))


async def look_at(context: Context, container: str) -> KeyFile | None:
    """The key file's mode and owner; None where there is no plain file."""
    done = await context.host.run(command(scripts.key_file(container, context.profile.vault_keys)))
    if not done.ok:
        raise failure(done, f"key file of {container}")
    return parse_key_file(done.stdout)


async def make_protect(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to make the key file its owner's alone, and to take it out of a git tree."""
    container, path = given["container"], context.profile.vault_keys
    title = f"Protect Vault's keys in {container}"
    verdicts = [await runs(context, container)]
    file = None
    if verdicts[0].verdict != "refuse":
        file = await look_at(context, container)
        verdicts.append(_there(container, path, file))
    if file is None:
        return assemble(PROTECT_INIT, context, given, title, verdicts=verdicts)
    owner = await _owner(context, container)
    verdicts += [_history(path, file), _belongs(path, file, owner)]
    steps = _steps(container, path, file, owner)
    if not steps:
        noop = f"already so: {path} has mode {file.mode}, owner {file.user}, and no git tree tracks it"
        return assemble(PROTECT_INIT, context, given, title, verdicts=verdicts, noop=noop)
    tracked = ", tracked by git" if file.tracked else ""
    return assemble(
        PROTECT_INIT,
        context,
        given,
        title,
        why=f"{path} has mode {file.mode}, owner {file.user}{tracked} (guide 65)",
        verdicts=verdicts,
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, ("the key file", scripts.key_file(container, path))),
        target=container,
        undo_warning=f"the unseal keys are as open as before: mode {file.mode}, owner {file.user}{tracked}",
    )


def _there(container: str, path: str, file: KeyFile | None) -> Verdict:
    if file is None:
        return THERE.refuse(f"{container} has no plain file {path} (a link is left alone)")
    return THERE.allow(f"{path} is there")


def _history(path: str, file: KeyFile) -> Verdict:
    if file.tracked:
        why = "taking it out of the tree leaves the keys in every clone: rekey Vault afterwards"
        return HISTORY.warn(f"{path} is tracked by git; {why}")
    return HISTORY.allow(f"no git tree tracks {path}")


async def _owner(context: Context, container: str) -> str:
    """The user that botserver runs as; root where systemd names none."""
    services = context.profile.services_of(context.profile.split(container)[1])
    unit = next((service.unit for service in services if service.name == "botserver"), "")
    if not unit:
        return "root"
    asked = Exec(container, ("systemctl", "show", "-p", "User", "--value", "--", unit))
    return text.line((await context.host.run(command(asked))).stdout, limit=40) or "root"


def _belongs(path: str, file: KeyFile, owner: str) -> Verdict:
    if file.user in ("root", owner):
        return OWNER.allow(f"{path} belongs to {file.user}")
    return OWNER.allow(f"{path} belongs to {file.user}, and will to {owner}")


def _steps(container: str, path: str, file: KeyFile, owner: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    if file.user not in ("root", owner):
        back = Exec(container, ("chown", "--", f"{file.user}:{file.group}", path))
        does = Exec(container, ("chown", "--", f"{owner}:", path))
        steps.append(Step(f"Give it to {owner}", does, _stat(container, path, "%U", owner), (back,)))
    if not file.private:
        back = Exec(container, ("chmod", "--", file.mode, path))
        does = Exec(container, ("chmod", "--", "600", path))
        steps.append(Step("Let nobody else read it", does, _stat(container, path, "%a", "600"), (back,)))
    if file.tracked:
        folder, _, name = path.rpartition("/")
        # the tree's own configuration may name a program for git to start: not as root
        own = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
        git = ("git", "-c", "safe.directory=*", *own, "-C", folder)
        does = Exec(container, (*git, "rm", "--cached", "-f", "--quiet", "--", name))
        back = Exec(container, (*git, "add", "-f", "--", name))
        out = Probe("no git tree tracks it", scripts.key_file(container, path), "contains", " no")
        steps.append(Step("Take it out of the git tree", does, out, (back,)))
    return tuple(steps)


def _stat(container: str, path: str, form: str, value: str) -> Probe:
    run = Exec(container, ("stat", "-c", form, "--", path))
    return Probe(f"{path}: {value}", run, "stdout", value)


PROTECT_INIT = Operation(
    id="vault.protect-init",
    title="Protect Vault's keys",
    summary="the file with the unseal keys is its owner's alone, and no git tree tracks it",
    subject="services",
    parameters=(CONTAINER,),
    guards=(RUNS, THERE, HISTORY, OWNER),
    danger=Danger.REVERSIBLE,
    items=(65,),
    make=make_protect,
)
