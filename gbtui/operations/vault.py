"""`vault.unseal`: as many keys as the threshold wants, from the key file or typed one by one (95).

The guide gives one key as an argument: three are needed, and an argument is in `ps` and in the
shell's history. Keys of the file never leave the container; typed ones go to its stdin and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Mapping

from gbtui import text
from gbtui.facts.failure import failure
from gbtui.facts.vault import KeyFile, Seal, parse_seal
from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import vault_scripts as scripts
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS, runs
from gbtui.operations.vault_protect import PROTECT_INIT, look_at

FILE, TYPED = "init.json", "prompt"


def _source(value: str) -> str:
    return "" if value in (FILE, TYPED) else "neither of them"


KEYS = Parameter("keys", f"{FILE} (inside the container) or {TYPED} (default: {FILE})", _source, FILE)

ANSWERS = Guard("vault-answers", "Vault answers, and has been initialized", (95,))
ENOUGH = Guard("keys-enough", "the key file holds as many keys as are needed", (65, 95))
PRIVATE = Guard("keys-private", "nobody else can read the keys", (65,))
OTHERS = Guard("keys-given", "nobody else is unsealing it at the moment", (95,))


async def make_unseal(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to give the keys of the key file until Vault is open."""
    container, profile = given["container"], context.profile
    title = f"Unseal Vault in {container}"
    verdicts = [await runs(context, container)]
    if verdicts[0].verdict == "refuse":
        return assemble(UNSEAL, context, given, title, verdicts=verdicts)
    done = await context.host.run(command(scripts.seal(container, profile.vault_address)))
    if not done.ok:
        raise failure(done, f"Vault in {container}")
    seal = parse_seal(done.stdout)
    verdicts.append(_answers(container, seal))
    if seal.state == "open":
        noop = "already so: Vault is not sealed"
        return assemble(UNSEAL, context, given, title, verdicts=verdicts, noop=noop)
    if seal.state == "sealed":
        verdicts += await _keys(context, container, seal) if given["keys"] == FILE else _typed(seal)
        verdicts.append(_others(seal))
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(UNSEAL, context, given, title, verdicts=verdicts)
    opened = scripts.is_open(container, profile.vault_address)
    typed = given["keys"] == TYPED
    numbers = range(seal.given + 1, seal.needed + 1)
    steps = [_step(context, container, number, seal.needed, typed=typed) for number in numbers]
    return assemble(
        UNSEAL,
        context,
        given,
        title,
        why=f"Vault is sealed, {seal.given} of {seal.needed} keys given: botserver has no secrets (guide 95)",
        verdicts=verdicts,
        steps=steps,
        verify=(Wait(opened, 15.0),),
        relies_on=await relying(context, *_facts(context, container, typed=typed)),
        target=container,
    )


def _step(context: Context, container: str, number: int, needed: int, *, typed: bool) -> Step:
    """One key: the progress is the steps'."""
    profile = context.profile
    does = scripts.unseal(container, profile.vault_keys, profile.vault_address, number)
    if typed:
        name = f"Vault unseal key {number} of {needed}"
        does = scripts.unseal_typed(container, profile.vault_address, number, name)
    return Step(
        title=f"Give Vault key {number} of {needed}",
        does=does,
        done=scripts.given(container, profile.vault_address, number),
        no_undo="what Vault was given stays given; vault operator seal seals it again",
    )


def _facts(context: Context, container: str, *, typed: bool) -> list[tuple[str, Exec]]:
    sealed = ("Vault's seal", scripts.seal(container, context.profile.vault_address))
    stat = ("stat", "-c", "%a %U %Y %s", "--", context.profile.vault_keys)
    return [sealed] if typed else [sealed, ("the key file", Exec(container, stat))]


def _answers(container: str, seal: Seal) -> Verdict:
    if seal.state == "silent":
        how = f"gbtui apply services.restart container={container} unit=vault"
        return ANSWERS.refuse(f"Vault does not answer in {container}: {how}")
    if seal.state == "uninitialized":
        return ANSWERS.refuse("Vault has never been initialized: there is nothing to unseal")
    return ANSWERS.allow(f"Vault answers: {seal.state}")


async def _keys(context: Context, container: str, seal: Seal) -> list[Verdict]:
    path = context.profile.vault_keys
    file = await look_at(context, container)
    if file is None:
        how = f"keys={TYPED} asks for each of them"
        return [ENOUGH.refuse(f"{container} has no plain file {path}; {how}")]
    done = await context.host.run(command(scripts.count(container, path)))
    said = text.line(done.stdout)
    number = int(said) if said.isascii() and said.isdecimal() else 0
    if number < seal.needed:
        return [ENOUGH.refuse(f"{path} holds {number} keys, and {seal.needed} are needed")]
    return [ENOUGH.allow(f"{path} holds {number} keys, {seal.needed} are needed"), _private(path, file)]


def _typed(seal: Seal) -> list[Verdict]:
    left = seal.needed - seal.given
    return [ENOUGH.allow(f"{left} of {seal.needed} keys are asked for, one after another, and not shown")]


def _others(seal: Seal) -> Verdict:
    if seal.given:
        return OTHERS.warn(f"{seal.given} of {seal.needed} keys have been given by somebody already")
    return OTHERS.allow("no key has been given yet")


def _private(path: str, file: KeyFile) -> Verdict:
    if file.tracked:
        return PRIVATE.warn(f"{path} is tracked by git: vault.protect-init, and then rekey Vault")
    if not file.private:
        return PRIVATE.warn(f"{path} has mode {file.mode}: others can read the keys; vault.protect-init")
    return PRIVATE.allow(f"{path} has mode {file.mode}, owner {file.user}")


UNSEAL = Operation(
    id="vault.unseal",
    title="Unseal Vault",
    summary="give Vault as many keys as it wants, of its key file or typed; none is ever in an argument,"
    " an environment, a journal or on a screen",
    subject="services",
    parameters=(CONTAINER, KEYS),
    guards=(RUNS, ANSWERS, ENOUGH, PRIVATE, OTHERS),
    danger=Danger.DISRUPTIVE,
    items=(65, 95),
    make=make_unseal,
)
OPERATIONS = (UNSEAL, PROTECT_INIT)
