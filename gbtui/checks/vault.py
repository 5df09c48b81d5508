"""Vault: open, and its unseal keys its owner's alone, in no git tree (items 65, 95)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.host_asks import STEADY
from gbtui.checks.scopes import SYSTEM
from gbtui.facts.failure import failure
from gbtui.facts.survey import PATIENCE, Ask, Need, Place, Survey
from gbtui.facts.vault import KEY_FILE, KeyFile, Seal, parse_key_file, parse_seal, seal_script
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile


def _seal_commands(profile: Profile, place: Place) -> Sequence[Command]:
    argv = ("sh", "-c", seal_script(2), "gbtui-seal", profile.vault_address)
    return (Command(argv, timeout=PATIENCE, limit=4096),)


def _read_seal(done: Sequence[Completed], profile: Profile, place: Place) -> Seal:
    if not done[0].ok or not done[0].stdout:
        raise failure(done[0], f"Vault in {place.name}")
    return parse_seal(done[0].stdout)


def _key_commands(profile: Profile, place: Place) -> Sequence[Command]:
    argv = ("sh", "-c", KEY_FILE, "gbtui-key-file", profile.vault_keys)
    return (Command(argv, timeout=2.0, limit=4096),)


def _read_keys(done: Sequence[Completed], profile: Profile, place: Place) -> KeyFile | None:
    if not done[0].ok:
        raise failure(done[0], profile.vault_keys)
    return parse_key_file(done[0].stdout)


SEAL: Ask[Seal] = Ask("Vault's seal", _seal_commands, _read_seal, patient=True)
KEYS: Ask[KeyFile | None] = Ask("file of Vault's keys", _key_commands, _read_keys, every=STEADY)


def sealed(survey: Survey, place: Place) -> Iterator[Failing]:
    """Vault answers, and is open."""
    seal = survey.of(SEAL, place)
    at = survey.profile.vault_address
    if seal.state == "sealed":
        seen = (f"{at}: sealed, {seal.given} of {seal.needed} keys given",)
        message = "Vault is sealed: botserver has no secrets"
        yield Failing(place.name, message, seen, operation("vault.unseal", container=place.name))
    elif seal.state == "uninitialized":
        words = "`vault operator init` makes keys: only on a Vault that has never held anything"
        yield Failing(place.name, "Vault was never initialized", (f"{at}: uninitialized",), by_hand(words))
    elif seal.state == "silent":
        words = f"lxc exec {place.name} -- systemctl status vault, start it, and then vault.unseal"
        yield Failing(place.name, "Vault does not answer", (f"{at}: no answer within 2 s",), by_hand(words))


def keys(survey: Survey, place: Place) -> Iterator[Failing]:
    """The key file is there, private, and in no git tree."""
    file, path = survey.of(KEYS, place), survey.profile.vault_keys
    if file is None:
        words = f"put it back from where the keys are kept, mode 0600, as a plain file at {path}"
        yield Failing(
            place.name, "no file of Vault's unseal keys", (f"{path}: no plain file",), by_hand(words)
        )
        return
    wrong = [] if file.private else [f"mode {file.mode}: others can read the keys"]
    wrong += ["tracked by git: the keys are in every clone"] if file.tracked else []
    if wrong:
        remedy = operation("vault.protect-init", container=place.name)
        seen = (f"{path}: mode {file.mode}, owner {file.user}:{file.group}", *wrong)
        yield Failing(place.name, f"Vault's unseal keys are not safe: {'; '.join(wrong)}", seen, remedy)


SEALED = Check(
    id="vault.open",
    items=(95,),
    sentence="Vault answers, and is not sealed",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(SEAL, SYSTEM),),
    judge=sealed,
    remedy="vault.unseal",
    certain=False,
    departs="the guide's one `vault operator unseal` gives one key of the three that are needed, and shows "
    "it in `ps`: the progress is read over the API, and vault.unseal gives all of them",
)
PROTECTED = Check(
    id="vault.keys-private",
    items=(65,),
    sentence="the file of Vault's unseal keys is there, readable by its owner alone, and in no git tree",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(KEYS, SYSTEM),),
    judge=keys,
    remedy="vault.protect-init",
)
CHECKS = (SEALED, PROTECTED)
