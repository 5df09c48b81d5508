"""Releases: what lies in place; what is committed and pushed where a checkout is named (46–50, 77, 85–88)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.host_asks import STEADY
from gbtui.checks.scopes import SYSTEM
from gbtui.errors import Failed
from gbtui.facts import git_watch
from gbtui.facts.failure import failure
from gbtui.facts.git import Checkout, Remote, parse_checkout
from gbtui.facts.release_watch import SCRIPT, Binaries, parse_binaries
from gbtui.facts.survey import HOST, Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile

STALE = 3600.0
"""Seconds after which a half-delivered binary is nobody's any more."""
_WORDS = {
    "behind": "{ahead} commits behind",
    "new": "has no such branch",
    "diverged": "has commits that are not here",
    "unknown": "has commits that this checkout has never seen",
    "silent": "is no remote of this checkout",
}


def _binary_commands(profile: Profile, place: Place) -> Sequence[Command]:
    names = (one.name for one in profile.services_of(place.role))
    argv = ("sh", "-c", SCRIPT, "gbtui-binaries", profile.release_folder, *names)
    return (Command(argv, timeout=2.0, limit=65536),)


def _read_binaries(done: Sequence[Completed], profile: Profile, place: Place) -> Binaries:
    if not done[0].ok:
        raise failure(done[0], f"{profile.release_folder} of {place.name}")
    return parse_binaries(done[0].stdout)


def _git_commands(profile: Profile, place: Place) -> Sequence[Command]:
    """Nothing where no checkout is named."""
    if not profile.release_checkout:
        return ()
    key_file = profile.vault_keys.rpartition("/")[2]
    words = (profile.release_checkout, profile.release_submodule, profile.release_branch, key_file)
    argv = ("sh", "-c", git_watch.SCRIPT, "gbtui-git-look", *words, profile.release_root_remote)
    return (Command((*argv, *profile.release_remotes), root=True, timeout=10.0, limit=65536),)


def _read_git(done: Sequence[Completed], profile: Profile, place: Place) -> Checkout | None:
    if not done:
        return None
    if not done[0].ok:
        raise failure(done[0], f"checkout {profile.release_checkout}")
    found = parse_checkout(done[0].stdout)
    if found.wrong:
        hint = "name the root repository's working tree in the profile, and the submodule in it"
        raise Failed(f"checkout {profile.release_checkout}", why=found.wrong, hint=hint)
    return found


BINARIES: Ask[Binaries] = Ask("binaries", _binary_commands, _read_binaries, every=STEADY)
CHECKOUT: Ask[Checkout | None] = Ask("checkout", _git_commands, _read_git, every=STEADY)


# Judges


def binary(survey: Survey, place: Place) -> Iterator[Failing]:
    """Whoever deploys may replace each binary, and it can be started. A link is its packager's business."""
    profile, found = survey.profile, survey.of(BINARIES, place)
    for one in profile.services_of(place.role):
        file = found.files.get(one.name)
        path = f"{profile.release_folder}/{one.name}"
        if file is None:
            words = f"gbtui apply release.deploy container={place.name} binary=…"
            yield Failing(f"{place.name} {one.name}", f"{path} is not there", (path,), by_hand(words))
        elif file.kind == "file" and (wrong := _wrong(file.mode, file.user, profile.release_owner)):
            seen = (
                f"{path}: mode {file.mode:o}, owner {file.user}, {file.size} bytes, written {file.written}",
            )
            words = (
                f"lxc exec {place.name} -- sh -c 'chown {profile.release_owner}: {path}; chmod 755 {path}'"
            )
            yield Failing(f"{place.name} {one.name}", f"{path}: {wrong}", seen, by_hand(words))


def _wrong(mode: int, user: str, owner: str) -> str:
    wrong = [] if user == owner else [f"belongs to {user}, so that {owner} cannot replace it"]
    wrong += [] if mode & 0o100 else ["cannot be executed"]
    wrong += ["everybody can replace it"] if mode & 0o022 else []
    return "; ".join(wrong)


def leftovers(survey: Survey, place: Place) -> Iterator[Failing]:
    """No half-delivered binary lies beside them."""
    found, folder = survey.of(BINARIES, place), survey.profile.release_folder
    old = [one for one in found.temporary if found.at - one.at > STALE]
    if old:
        seen = tuple(f"{folder}/{one.name}: {one.size} bytes, {one.written}" for one in old)
        words = "see that no deployment runs, then remove them: " + " ".join(
            f"{folder}/{o.name}" for o in old[:3]
        )
        message = f"{len(old)} half-delivered binaries lie in {folder}"
        yield Failing(place.name, message, seen, by_hand(words))


def clean(survey: Survey, place: Place) -> Iterator[Failing]:
    """Nothing uncommitted: what is changed is built by nobody."""
    found = survey.of(CHECKOUT, place)
    for name, one in () if found is None else (("root", found.root), (_sub(survey), found.sub)):
        if one.changed:
            seen = tuple(f"not committed: {path}" for path in one.dirty)
            words = "commit it where it was meant, or take it back with git restore"
            yield Failing(
                f"{_at(survey)} {name}", f"{name}: {one.changed} files not committed", seen, by_hand(words)
            )


def pushed(survey: Survey, place: Place) -> Iterator[Failing]:
    """The submodule's branch is on every remote."""
    found = survey.of(CHECKOUT, place)
    behind = [] if found is None else [one for one in found.sub.remotes if one.state != "same"]
    if behind:
        message = f"{_sub(survey)} is not on {' and '.join(one.name for one in behind)} as it is here"
        yield Failing(f"{_at(survey)} {_sub(survey)}", message, _states(behind), _push(survey, behind))


def pointer(survey: Survey, place: Place) -> Iterator[Failing]:
    """The root repository names the submodule's commit, and its remote has that: else CI does nothing."""
    found = survey.of(CHECKOUT, place)
    if found is None:
        return
    behind = [one for one in found.root.remotes if one.state != "same"]
    seen = list(_states(behind))
    if found.pointer != found.sub.head:
        seen.append(
            f"the root names {found.pointer[:10] or 'nothing'}, {_sub(survey)} is {found.sub.head[:10]}"
        )
    if seen:
        message = f"the root repository does not hand {_sub(survey)} to CI as it is here"
        yield Failing(f"{_at(survey)} root", message, tuple(seen), _push(survey, behind))


def keys(survey: Survey, place: Place) -> Iterator[Failing]:
    """Vault's key file is in neither repository."""
    found = survey.of(CHECKOUT, place)
    for name, one in () if found is None else (("root", found.root), (_sub(survey), found.sub)):
        if one.secret:
            words = "git rm --cached it, rekey Vault: what is in a clone cannot be called back"
            message = f"{name}: git tracks Vault's keys"
            yield Failing(f"{_at(survey)} {name}", message, (f"tracked: {one.secret}",), by_hand(words))


def _at(survey: Survey) -> str:
    return survey.profile.release_checkout


def _sub(survey: Survey) -> str:
    return survey.profile.release_submodule


def _states(remotes: Sequence[Remote]) -> tuple[str, ...]:
    return tuple(f"{one.name}: {_WORDS.get(one.state, one.state).format(ahead=one.ahead)}" for one in remotes)


def _push(survey: Survey, remotes: Sequence[Remote]) -> Remedy:
    if any(one.state in ("diverged", "unknown", "silent") for one in remotes):
        return by_hand("git fetch, then merge or rebase what others pushed; never push by force")
    return operation("release.push", checkout=_at(survey), submodule=_sub(survey))


_GIT = (Need(CHECKOUT, HOST),)
_NAMED = "only where the profile names a checkout. "
_OFFLINE = (
    _NAMED
    + "What the remotes have is what the last push or fetch from this checkout saw: no check asks the network"
)

CHECKS = (
    Check(
        id="release.binary",
        items=(50, 77),
        sentence="each service's binary is there, executable, and its deployer's to replace",
        severity=Severity.WARNING,
        scope=SYSTEM,
        needs=(Need(BINARIES, SYSTEM),),
        judge=binary,
        remedy="release.deploy",
        departs="`ls -lh` shows a date to be compared by eye: services.current compares it with the process; "
        "a link is not judged, since delivering by a move replaces the link",
    ),
    Check(
        id="release.leftovers",
        items=(77,),
        sentence="no half-delivered binary lies beside the ones that run",
        severity=Severity.NOTICE,
        scope=SYSTEM,
        needs=(Need(BINARIES, SYSTEM),),
        judge=leftovers,
        remedy="remove them once no deployment runs",
    ),
    Check(
        id="release.clean",
        items=(46,),
        sentence="nothing in the checkout is left uncommitted",
        severity=Severity.NOTICE,
        scope=HOST,
        needs=_GIT,
        judge=clean,
        remedy="commit it, or take it back",
        departs=_NAMED + "That a fix is made in development and not on the host is for people to keep to",
    ),
    Check(
        id="release.pushed",
        items=(47, 85, 86),
        sentence="the submodule is on both remotes as it is in the checkout",
        severity=Severity.WARNING,
        scope=HOST,
        needs=_GIT,
        judge=pushed,
        remedy="release.push",
        departs=_OFFLINE,
    ),
    Check(
        id="release.pointer",
        items=(48, 49, 87, 88),
        sentence="the root repository names the submodule's commit and is pushed: CI starts from it",
        severity=Severity.WARNING,
        scope=HOST,
        needs=_GIT,
        judge=pointer,
        remedy="release.push",
        departs=_OFFLINE + "; whether the pipeline's run is green is Forgejo's to show",
    ),
    Check(
        id="release.no-keys",
        items=(65,),
        sentence="Vault's key file is tracked by neither repository",
        severity=Severity.ERROR,
        scope=HOST,
        needs=_GIT,
        judge=keys,
        remedy="take it out of the tree and rekey Vault",
        departs=_NAMED + "Its history is not searched",
    ),
)
