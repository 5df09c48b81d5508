"""Cache: Valkey answers at once, on loopback, and for nobody else; botserver does not wait (31, 35, 64)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.firewall import cuts_loopback
from gbtui.checks.scopes import SYSTEM
from gbtui.errors import MissingTool, TimedOut
from gbtui.facts import botserver_log
from gbtui.facts.botserver_log import BotserverLog, parse_log
from gbtui.facts.cache import SCRIPT, Cache, parse_cache
from gbtui.facts.failure import failure
from gbtui.facts.survey import PATIENCE, Ask, Need, Place, Survey
from gbtui.hosts.base import TIMED_OUT, Command, Completed
from gbtui.profiles import Profile

RECENT = 900.0
"""Seconds for which a time-out in the log counts."""


def _cache_commands(profile: Profile, place: Place) -> Sequence[Command]:
    words = (str(profile.cache_port), profile.cache_client)
    return (Command(("sh", "-c", SCRIPT, "gbtui-cache", *words), timeout=PATIENCE, limit=16384),)


def _read_cache(done: Sequence[Completed], profile: Profile, place: Place) -> Cache:
    if not done[0].ok:
        raise failure(done[0], f"Valkey in {place.name}")
    return parse_cache(done[0].stdout)


def _log_commands(profile: Profile, place: Place) -> Sequence[Command]:
    argv = ("sh", "-c", botserver_log.SCRIPT, "gbtui-log-tail", profile.botserver_log)
    return (Command(argv, timeout=2.0, limit=131072),)


def _read_log(done: Sequence[Completed], profile: Profile, place: Place) -> BotserverLog:
    if not done[0].ok:
        raise failure(done[0], f"{profile.botserver_log} of {place.name}")
    return parse_log(done[0].stdout, profile.botserver_log)


CACHE: Ask[Cache] = Ask("Valkey", _cache_commands, _read_cache, patient=True)
LOG: Ask[BotserverLog] = Ask("botserver's log", _log_commands, _read_log)


def answers(survey: Survey, place: Place) -> Iterator[Failing]:
    """PING, from inside, within two seconds. Rules that drop loopback are told by their own check."""
    found = survey.of(CACHE, place)
    if found.status == 127:
        raise MissingTool(survey.profile.cache_client, why=f"not in {place.name}: Valkey cannot be asked")
    if found.status is None:
        raise TimedOut(f"Valkey in {place.name}", why="it was not asked in time")
    if found.up or cuts_loopback(survey, place):
        return
    port = survey.profile.cache_port
    what = "does not answer within 2 s" if found.status == TIMED_OUT else f"answers {found.said!r}"
    listens = ", ".join(found.addresses) or "nobody"
    seen = (f"ping: status {found.status}, {found.said or 'nothing said'}", f"listening on {port}: {listens}")
    unit = {"unit": found.unit} if found.unit else {}
    remedy = operation("services.restart", container=place.name, **unit)
    yield Failing(place.name, f"Valkey on port {port} {what}", seen, remedy)


def local(survey: Survey, place: Place) -> Iterator[Failing]:
    """It listens on loopback alone."""
    found = survey.of(CACHE, place)
    if found.no_ss:
        raise MissingTool(
            "ss", why=f"not in {place.name}: who listens cannot be seen", hint="install iproute2"
        )
    port = survey.profile.cache_port
    if found.beyond_loopback:
        seen = tuple(f"listens on {one}:{port}" for one in found.addresses)
        words = "write `bind 127.0.0.1 -::1` into Valkey's configuration and restart it in a quiet hour"
        yield Failing(place.name, f"Valkey listens beyond loopback on port {port}", seen, by_hand(words))


def timeouts(survey: Survey, place: Place) -> Iterator[Failing]:
    """botserver's log speaks of its cache timing out, and the rules do not say why."""
    found = survey.of(LOG, place).timeouts(survey.profile.cache_port, RECENT)
    if not found or cuts_loopback(survey, place):
        return
    message = f"botserver waits for its cache: {len(found)} time-outs since its start, in the last 15 min"
    remedy = operation("services.restart", container=place.name)
    yield Failing(place.name, message, tuple(one.text for one in found[-5:]), remedy)


ANSWERS = Check(
    id="cache.answers",
    items=(31, 35, 64),
    sentence="Valkey answers PING on loopback within two seconds",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(CACHE, SYSTEM),),
    judge=answers,
    remedy="services.restart",
    certain=False,
    departs="a Valkey that wants a password (NOAUTH) answers, too; `valkey-cli ping` alone would hang for "
    "ever where packets are dropped, so it gets two seconds",
)
LOCAL = Check(
    id="cache.local",
    items=(64,),
    sentence="Valkey listens on loopback and on no other address",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(CACHE, SYSTEM),),
    judge=local,
    remedy="bind it to 127.0.0.1 in its own configuration",
)
TIMEOUTS = Check(
    id="cache.timeouts",
    items=(31,),
    sentence="botserver's log has no `os error 110` of its cache since its last start",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(LOG, SYSTEM),),
    judge=timeouts,
    remedy="services.restart",
    departs="only lines since botserver's last start and of the last 15 minutes count: a repaired host has "
    "the old ones still; where the rules cut off loopback, firewall.loopback-first says so instead",
)
CHECKS = (ANSWERS, LOCAL, TIMEOUTS)
