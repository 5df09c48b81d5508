"""Caddy's names: each has an address and a certificate, and what was removed is forgotten (58-60)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.proxy_asks import ATTEMPTS, BESIDE, FILES, RESOLVED, RUNNING, STORES, listed
from gbtui.checks.scopes import PROXY
from gbtui.facts.proxy_config import ProxyConfig
from gbtui.facts.proxy_tls import Attempt, Store
from gbtui.facts.survey import Need, Place, Survey
from gbtui.facts.x509 import Validity

LEFT = 5
"""Caddy renews when a third of a certificate's life is left; a fifth says that it could not."""
SETTLES = 300.0
"""Seconds after a change of the file in which a certificate may still be on its way."""


def _dead(survey: Survey, place: Place) -> Iterator[Failing]:
    running, resolved = survey.of(RUNNING, place), survey.of(RESOLVED, place)
    served = running.config.names
    asked = {name: how for name, how in resolved.items() if name in served and how != "slow"}
    none = [name for name, how in asked.items() if how == "none"]
    if none and len(none) == len(asked) and len(none) > 1:
        words = by_hand(f"look at /etc/resolv.conf of {place.name}, and at who answers there")
        message = "no name is found from here at all: without DNS no certificate can be had"
        yield Failing(place.name, message, (f"no address: {listed(none)}",), words)
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
    beside = survey.of(BESIDE, place)
    fresh = beside.now - beside.changed < SETTLES
    for name in sorted(running.managed.names):
        found = store.covers(name)
        if found == "" and (fresh or not running.managed.sure or (name in dead and "*" not in name)):
            continue  # on its way, or loaded by hand, or proxy.dead-domains says why
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


RUNS, FOUND, TRIED = Need(RUNNING, PROXY), Need(RESOLVED, PROXY), Need(ATTEMPTS, PROXY)
CERTIFICATES = Check(
    id="proxy.certificates",
    items=(58, 59),
    sentence="every vhost with TLS has a certificate in the storage that is valid for long enough",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(RUNS, Need(STORES, PROXY), Need(BESIDE, PROXY), FOUND, TRIED),
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
CHECKS = (CERTIFICATES, DEAD, FORGOTTEN)
