"""Caddy: what runs is whole, is the file, keeps its certificates, and looks after no dead domain (53-60)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.proxy_asks import ATTEMPTS, BESIDE, FILE, KNOWN, RESOLVED, RUNNING, STORES
from gbtui.facts.proxy_config import ProxyConfig, difference
from gbtui.facts.proxy_floor import plain
from gbtui.facts.proxy_tls import Attempt, Store
from gbtui.facts.survey import Need, Place, Survey
from gbtui.facts.x509 import Validity

PROXY = ("proxy",)
FILES = "file_system"
FEW = 2
"""So few vhosts are what the guide calls a broken configuration."""
LEFT = 5
"""Caddy renews when a third of a certificate's life is left; a fifth says that it could not."""


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
    message = f"only {len(running.names)} vhosts are served"
    message += f", and there were {floor}" if len(names) < floor else ": a partial configuration"
    evidence = [f"served: {_list(running.names)}"]
    evidence += [f"{floor} by {source}"] if len(names) < floor else []
    evidence += [f"gone: {_list(gone)}"] if gone else []
    yield Failing(place.name, message, tuple(evidence), _back(survey, place))


def _back(survey: Survey, place: Place) -> Remedy:
    """The newest backup made before the file's last change, where there is one."""
    made = survey.of(BESIDE, place).backups
    if not made:
        return by_hand("put the whole Caddyfile back: gbtui apply proxy.apply-config file=/PATH")
    newest = max(made, key=lambda name: (made[name], name))
    return operation("proxy.restore", backup=newest, container=place.name)


def _list(names: Collection[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")


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


def _dead(survey: Survey, place: Place) -> Iterator[Failing]:
    running, resolved = survey.of(RUNNING, place), survey.of(RESOLVED, place)
    served = running.config.names
    asked = {name: how for name, how in resolved.items() if name in served and how != "slow"}
    none = [name for name, how in asked.items() if how == "none"]
    if none and len(none) == len(asked) and len(none) > 1:
        words = by_hand(f"look at /etc/resolv.conf of {place.name}, and at who answers there")
        message = "no name is found from here at all: without DNS no certificate can be had"
        yield Failing(place.name, message, (f"no address: {_list(none)}",), words)
        return
    failing = {one.name: one for one in survey.of(ATTEMPTS, place)}
    for name in sorted(none):
        needs = name in running.managed.names
        message = f"{name} has no address in DNS" + (
            ": Caddy tries for a certificate in vain" if needs else ""
        )
        evidence = [f"getent ahosts {name}: nothing", *_tried(failing.get(name))]
        remedy = operation("proxy.remove-domain", domain=name, container=place.name)
        yield Failing(name, message, tuple(evidence), remedy, None if needs else Severity.NOTICE)


def _tried(attempt: Attempt | None) -> list[str]:
    if attempt is None:
        return []
    return [f"{attempt.failures} failed attempts in the last hour, the last: {attempt.error}"]


def _forgotten(survey: Survey, place: Place) -> Iterator[Failing]:
    served = survey.of(RUNNING, place).config.names
    for attempt in survey.of(ATTEMPTS, place):
        if attempt.lately and attempt.name not in served:
            message = f"{attempt.name} is gone from the configuration, and Caddy still tries for it"
            why = f"{attempt.name} was removed, and Caddy still tries to get a certificate for it"
            remedy = operation("proxy.restart", reason=why, container=place.name)
            evidence = (f"{attempt.lately} lines since the last load, the last: {attempt.error}",)
            yield Failing(attempt.name, message, evidence, remedy)


def _certificates(survey: Survey, place: Place) -> Iterator[Failing]:
    running, attempts = survey.of(RUNNING, place), survey.of(ATTEMPTS, place)
    store = _store(survey, place, running.config)
    if store is None:
        return  # kept by another module than files: proxy.storage-root says so
    dead = {name for name, how in survey.of(RESOLVED, place).items() if how == "none"}
    failing = {one.name: one for one in attempts}
    for name in sorted(running.managed.names):
        found = store.covers(name)
        if found == "" and (not running.managed.sure or (name in dead and "*" not in name)):
            continue  # loaded by hand, or proxy.dead-domains says why
        said = _state(survey, found)
        if said:
            message, severity = said
            evidence = [f"{store.root}/certificates", *_validity(found), *_tried(failing.get(name))]
            words = f"journalctl -u {survey.profile.proxy_unit} in {place.name} says why"
            yield Failing(name, f"{name}: {message}", tuple(evidence), by_hand(words), severity)


def _state(survey: Survey, found: Validity | str | None) -> tuple[str, Severity] | None:
    """What is wrong with a certificate; None where nothing is."""
    if found == "":
        return "no certificate in the storage", Severity.ERROR
    if not isinstance(found, Validity):
        return "its certificate cannot be read", Severity.ERROR
    left = found.ends - survey.taken_at
    if left.total_seconds() <= 0:
        return "its certificate has expired", Severity.ERROR
    if left < found.lasts / LEFT:
        return "its certificate should have been renewed by now", Severity.WARNING
    return None


def _validity(found: Validity | str | None) -> list[str]:
    if not isinstance(found, Validity):
        return []
    return [f"valid from {found.begins:%Y-%m-%d %H:%M} to {found.ends:%Y-%m-%d %H:%M} UTC"]


def _store(survey: Survey, place: Place, config: ProxyConfig) -> Store | None:
    stores = survey.of(STORES, place)
    if config.storage is None:
        return next((one for one in stores if one.root != survey.profile.proxy_storage), None)
    module, root = config.storage
    return next((one for one in stores if one.root == root), None) if module == FILES else None


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
FOUND, TRIED = Need(RESOLVED, PROXY), Need(ATTEMPTS, PROXY)
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
CERTIFICATES = Check(
    id="proxy.certificates",
    items=(58, 59),
    sentence="every vhost with TLS has a certificate in the storage that is valid for long enough",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(RUNS, Need(STORES, PROXY), FOUND, TRIED),
    judge=_certificates,
    remedy="what Caddy's journal says",
    certain=False,
)
DEAD = Check(
    id="proxy.dead-domains",
    items=(59,),
    sentence="every vhost has an address in DNS",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(RUNS, FOUND, TRIED),
    judge=_dead,
    remedy="proxy.remove-domain",
    certain=False,
)
FORGOTTEN = Check(
    id="proxy.forgotten-domains",
    items=(60,),
    sentence="Caddy has forgotten the domains that were removed",
    severity=Severity.WARNING,
    scope=PROXY,
    needs=(RUNS, TRIED),
    judge=_forgotten,
    remedy="proxy.restart",
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
CHECKS = (VHOSTS, ADAPTS, IS_FILE, ROOT, CERTIFICATES, DEAD, FORGOTTEN, BACKUPS)
