"""CI: the runner runs, may deploy over SSH, and its caches are cleaned (items 9, 26, 49, 77–79)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.host_asks import STEADY
from gbtui.checks.scopes import RUNNER, SYSTEM
from gbtui.checks.services import running
from gbtui.checks.services_asks import SERVICES
from gbtui.facts import ci_watch
from gbtui.facts.ci_watch import Cleaners, End, Sizes, parse_cleaners, parse_end, parse_sizes
from gbtui.facts.failure import failure
from gbtui.facts.survey import Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile

GIB = 1024**3


def _script(text: str, name: str, *words: str, timeout: float = 2.0) -> Sequence[Command]:
    return (Command(("sh", "-c", text, name, *words), timeout=timeout, limit=262144),)


def _folders(profile: Profile) -> tuple[str, ...]:
    return tuple(folder for folder, _ in profile.runner_caches)


def _said(done: Sequence[Completed], place: Place) -> bytes:
    if not done[0].ok:
        raise failure(done[0], f"CI runner of {place.name}")
    return done[0].stdout


def _sizes_commands(profile: Profile, place: Place) -> Sequence[Command]:
    # du walks through all of it: once in ten minutes
    return _script(ci_watch.CACHES, "gbtui-ci-sizes", *_folders(profile), timeout=30.0)


def _cleaners_commands(profile: Profile, place: Place) -> Sequence[Command]:
    return _script(ci_watch.CLEANERS, "gbtui-ci-cleaners", *_folders(profile))


def _runner_commands(profile: Profile, place: Place) -> Sequence[Command]:
    return _script(ci_watch.RUNNER_KEYS, "gbtui-ci-runner-keys", profile.runner_user)


def _target_commands(profile: Profile, place: Place) -> Sequence[Command]:
    return _script(ci_watch.TARGET_KEYS, "gbtui-ci-target-keys", profile.release_owner)


SIZES: Ask[Sizes] = Ask(
    "build caches", _sizes_commands, lambda d, _, at: parse_sizes(_said(d, at)), every=300
)
CLEANERS: Ask[Cleaners] = Ask(
    "cleanup of the build caches", _cleaners_commands, lambda d, _, at: parse_cleaners(_said(d, at)), STEADY
)
RUNNER_KEYS: Ask[End] = Ask(
    "runner's keys", _runner_commands, lambda d, _, at: parse_end(_said(d, at)), every=STEADY
)
TARGET_KEYS: Ask[End] = Ask(
    "target's keys", _target_commands, lambda d, _, at: parse_end(_said(d, at)), every=STEADY
)


def size(survey: Survey, place: Place) -> Iterator[Failing]:
    """The caches hold no more than the profile allows."""
    found, limit = survey.of(SIZES, place), survey.profile.runner_cache_limit
    if found.total > limit * GIB:
        seen = tuple(f"{amount / GIB:.1f} GiB {folder}" for folder, amount in found.caches)
        remedy = operation("ci.clean-cache", container=place.name)
        message = f"the build caches hold {found.total / GIB:.1f} GiB, more than {limit}"
        yield Failing(place.name, message, seen, remedy)


def cleanup(survey: Survey, place: Place) -> Iterator[Failing]:
    """Where there are caches, something cleans them, and its last run went well."""
    found = survey.of(CLEANERS, place)
    remedy = operation("ci.install-cleanup", container=place.name)
    if found.caches and not (found.files or found.timers):
        seen = (*(f"{name} is off" for name in found.off), *(f"grows: {one}" for one in found.caches))
        yield Failing(place.name, "nothing cleans the runner's build caches", seen, remedy)
    elif found.failed:
        words = f"lxc exec {place.name} -- journalctl -u {found.failed[0].partition(':')[0]} says why"
        message = "the last cleanup of the build caches failed"
        yield Failing(f"{place.name} cleanup", message, found.failed, by_hand(words))


def keys(survey: Survey, place: Place) -> Iterator[Failing]:
    """The runner's key may log in where it delivers to, and the runner knows whom it talks to."""
    target = survey.sibling(place, survey.profile.release_role)
    if target is None:
        return
    runner, user = survey.of(RUNNER_KEYS, place), survey.profile.runner_user
    if not runner.keys:
        words = f"as {user} in {place.name}: ssh-keygen -t ed25519, then ci.authorise-runner"
        message = f"{user} has no SSH key: it cannot deploy over SSH"
        yield Failing(place.name, message, ("no pair id_ed25519, id_ecdsa or id_rsa",), by_hand(words))
        return
    there, owner = survey.of(TARGET_KEYS, target), survey.profile.release_owner
    wrong = [] if there.ssh else [f"nobody listens on 22 in {target.name}"]
    if not there.knows(runner):
        wrong += [f"not authorised for {owner} in {target.name}: {key.words}" for key in runner.keys]
    if there.keys and not runner.knows(there):
        wrong.append(f"{user} does not know the host key of {target.name}")
    if wrong:
        remedy = operation("ci.authorise-runner", container=place.name)
        message = f"the runner cannot deploy to {target.name} over SSH unasked"
        yield Failing(target.name, message, tuple(wrong), remedy)


CHECKS = (
    Check(
        id="ci.runner",
        items=(9, 49),
        sentence="systemd runs the CI runner, and it does not end again and again",
        severity=Severity.ERROR,
        scope=RUNNER,
        needs=(Need(SERVICES, RUNNER),),
        judge=running,
        remedy="services.restart",
        certain=False,
        departs="the guide waits ten minutes for the pipeline: its runs are Forgejo's to show, what builds "
        "them has to be there",
    ),
    Check(
        id="ci.runner-key",
        items=(26, 77, 78),
        sentence="the runner's SSH key is authorised where it deploys to, and it knows that host's key",
        severity=Severity.WARNING,
        scope=RUNNER,
        needs=(Need(RUNNER_KEYS, RUNNER), Need(TARGET_KEYS, SYSTEM)),
        judge=keys,
        remedy="ci.authorise-runner",
        departs="no login is tried, which would stand in both logs every time: both ends' files are compared",
    ),
    Check(
        id="ci.cleanup",
        items=(79,),
        sentence="a runner with build caches has something that cleans them daily, and it works",
        severity=Severity.WARNING,
        scope=RUNNER,
        needs=(Need(CLEANERS, RUNNER),),
        judge=cleanup,
        remedy="ci.install-cleanup",
        departs="a systemd timer counts as well as cron: it makes up for a night that it slept through",
    ),
    Check(
        id="ci.cache-size",
        items=(79,),
        sentence="the runner's build caches are not larger than the profile allows",
        severity=Severity.WARNING,
        scope=RUNNER,
        needs=(Need(SIZES, RUNNER),),
        judge=size,
        remedy="ci.clean-cache",
    ),
)
