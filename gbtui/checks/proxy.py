"""Caddy: what runs is whole, is what its file says, and keeps its certificates where it should (53-58)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gbtui.checks import proxy_names
from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.proxy_asks import BESIDE, FILE, FILES, KNOWN, RUNNING, listed
from gbtui.checks.scopes import PROXY
from gbtui.facts.proxy_config import ProxyConfig, difference
from gbtui.facts.proxy_floor import plain
from gbtui.facts.survey import Need, Place, Survey

FEW = 2
"""So few vhosts are what the guide calls a broken configuration."""


def _vhosts(survey: Survey, place: Place) -> Iterator[Failing]:
    running, known = survey.of(RUNNING, place).config, survey.of(KNOWN, place)
    names = plain(running.names)
    floor, source = survey.profile.vhost_floor, "the profile's floor"
    gone: frozenset[str] = frozenset()
    if known.floor is not None and known.floor.height(()) > floor:
        floor, source = known.floor.height(()), known.floor.source
        gone = known.floor.names - names
    few = len(running.names) <= FEW
    if len(names) >= floor and not few:
        return
    if gone and not few and len(names) * 2 > floor:
        yield _some_gone(place, len(names), floor, source, gone)
        return
    message = f"only {len(running.names)} vhosts are served"
    message += f", and there were {floor}" if len(names) < floor else ": a partial configuration"
    evidence = [f"served: {listed(running.names)}"]
    evidence += [f"{floor} by {source}"] if len(names) < floor else []
    evidence += [f"gone: {listed(gone)}"] if gone else []
    yield Failing(place.name, message, tuple(evidence), _back(survey, place))


def _some_gone(place: Place, now: int, floor: int, source: str, gone: Collection[str]) -> Failing:
    """A few vhosts fewer than there were: lost, or taken out by somebody who did not say so."""
    message = f"{floor - now} vhosts are gone that there were: lost, or taken out by hand"
    evidence = (f"{now} are served, {floor} by {source}", f"gone: {listed(gone)}")
    names = ",".join(sorted(gone)[:20])
    words = "put them back (proxy.restore), or say that they are meant to be gone: gbtui apply proxy.reload"
    return Failing(place.name, message, evidence, by_hand(f"{words} domain={names}"), Severity.WARNING)


def _back(survey: Survey, place: Place) -> Remedy:
    """The newest backup made before the file's last change, where there is one."""
    made = survey.of(BESIDE, place).backups
    if not made:
        return by_hand("put the whole Caddyfile back: gbtui apply proxy.apply-config file=/PATH")
    newest = max(made, key=lambda name: (made[name], name))
    return operation("proxy.restore", backup=newest, container=place.name)


def _adapts(survey: Survey, place: Place) -> Iterator[Failing]:
    meaning = survey.of(FILE, place)
    if meaning.config is None:
        message = "Caddy cannot read its file: the next restart would leave every vhost dark"
        yield Failing(place.name, message, (meaning.error,), _back(survey, place))


def _is_file(survey: Survey, place: Place) -> Iterator[Failing]:
    running, file = survey.of(RUNNING, place).config, survey.of(FILE, place).config
    if file is None or running.sha256 == file.sha256:
        return  # a file that cannot be read is proxy.file-adapts
    changed = difference(running, file)
    evidence = [changed.words()]
    if running.storage != file.storage:
        evidence.append(f"storage: {_storage(running)} runs, {_storage(file)} is in the file")
    loses = [name for name in changed.removed if "." in name]
    remedy = operation("proxy.reload", container=place.name)
    if loses:
        words = "somebody took vhosts out of the file: put them back, or state them: gbtui apply proxy.reload"
        remedy = by_hand(f"{words} domain={','.join(loses[:20])}")
    yield Failing(
        place.name, "the file is not what Caddy runs: edited, and not reloaded", tuple(evidence), remedy
    )


def _storage(config: ProxyConfig) -> str:
    return " ".join(config.storage).strip() if config.storage else "none"


def _root(survey: Survey, place: Place) -> Iterator[Failing]:
    root, running = survey.profile.proxy_storage, survey.of(RUNNING, place).config
    file = survey.of(FILE, place).config
    wanted = (FILES, root)
    wrong = [("what runs", running), *([("the file", file)] if file is not None else [])]
    lines = [f"{what}: storage {_storage(config)}" for what, config in wrong if config.storage != wanted]
    if not lines:
        return
    message = f"the storage is not {root}: certificates are kept elsewhere, or lost at the next start"
    yield Failing(place.name, message, tuple(lines), operation("proxy.set-storage", container=place.name))


def _backups(survey: Survey, place: Place) -> Iterator[Failing]:
    found, within = survey.of(BESIDE, place), survey.profile.backup_within
    words = f"cp -p {survey.profile.proxy_config} {survey.profile.proxy_config}.bak-$(date +%Y%m%d%H%M%S)"
    remedy = by_hand(f"in {place.name}: {words}")
    if not found.backups:
        yield Failing(place.name, "there is no backup of the Caddyfile", (), remedy)
        return
    newest = max(found.backups, key=lambda name: found.backups[name])
    late = found.changed - found.backups[newest]
    if late > within:
        message = "the Caddyfile was changed, and not backed up before"
        evidence = (f"newest backup: {newest}, {late / 3600:.0f} h before the last change",)
        yield Failing(place.name, message, evidence, remedy)


RUNS, IN_FILE, BACKED = Need(RUNNING, PROXY), Need(FILE, PROXY), Need(BESIDE, PROXY)
VHOSTS = Check(
    id="proxy.vhosts-whole",
    items=(53, 54),
    sentence="Caddy serves all its vhosts, not a partial configuration",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(RUNS, Need(KNOWN, PROXY), BACKED),
    judge=_vhosts,
    remedy="proxy.restore",
    departs="the guide counts about 25 in the file: what runs is counted, against the most there ever were",
)
ADAPTS = Check(
    id="proxy.file-adapts",
    items=(56,),
    sentence="Caddy can read its configuration file",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(IN_FILE, BACKED),
    judge=_adapts,
    remedy="proxy.restore",
    certain=False,
    departs="`caddy validate` makes files, and as root it locks the service out: the file is only adapted",
)
IS_FILE = Check(
    id="proxy.file-is-running",
    items=(57,),
    sentence="what Caddy runs is what its file says",
    severity=Severity.WARNING,
    scope=PROXY,
    needs=(RUNS, IN_FILE),
    judge=_is_file,
    remedy="proxy.reload",
    certain=False,
)
ROOT = Check(
    id="proxy.storage-root",
    items=(58,),
    sentence="Caddy's storage is set explicitly, so that certificates outlive a restart",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(RUNS, IN_FILE),
    judge=_root,
    remedy="proxy.set-storage",
    certain=False,
)
BACKUPS = Check(
    id="proxy.backups",
    items=(55,),
    sentence="the Caddyfile was backed up before it was last changed",
    severity=Severity.NOTICE,
    scope=PROXY,
    needs=(BACKED,),
    judge=_backups,
    remedy="copy the Caddyfile to config.bak-TIME before it is changed",
)
CHECKS = (VHOSTS, ADAPTS, IS_FILE, ROOT, BACKUPS, *proxy_names.CHECKS)
