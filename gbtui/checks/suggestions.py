"""Suggestions are stored under the bot's id, where the page looks for them (runbook B: items 38–45, 52)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Severity, by_hand
from gbtui.checks.scopes import SYSTEM
from gbtui.facts.failure import failure
from gbtui.facts.suggestions import SCRIPT, Stored, parse_suggestions
from gbtui.facts.survey import Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile


def _commands(profile: Profile, place: Place) -> Sequence[Command]:
    words = (profile.botserver_log, profile.cache_client, str(profile.cache_port))
    asked = (profile.database_client, profile.database, profile.database_user)
    # Most of it is the database's own limit; nothing is asked where nothing was stored
    return (Command(("sh", "-c", SCRIPT, "gbtui-suggestions", *words, *asked), timeout=10.0, limit=16384),)


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Stored, ...]:
    if not done[0].ok:
        raise failure(done[0], f"suggestions of {place.name}")
    return parse_suggestions(done[0].stdout, place.name)


STORED: Ask[tuple[Stored, ...]] = Ask("suggestions", _commands, _read, every=60)


def stored(survey: Survey, place: Place) -> Iterator[Failing]:
    """No suggestion was stored under an id that is no bot's since botserver's last start."""
    wrong = [one for one in survey.of(STORED, place) if not one.bot]
    if wrong:
        seen = tuple(
            f"suggestions:{one.id}:… {'a user' if one.user else 'no bot'}'s id; the cache has {one.keys} keys"
            for one in wrong
        )
        words = (
            "a bug of botserver's: deploy the version that stores them under the bot's id (release.push, "
            "release.deploy), then open a new session: old ones keep their keys"
        )
        message = f"suggestions are stored under {len(wrong)} ids that are no bot's: no page finds them"
        yield Failing(place.name, message, seen, by_hand(words))


CHECKS = (
    Check(
        id="services.suggestions",
        items=(38, 39, 40, 41, 42, 43, 45, 52),
        sentence="botserver stores suggestions under the bot's id, where the page looks for them",
        severity=Severity.WARNING,
        scope=SYSTEM,
        needs=(Need(STORED, SYSTEM),),
        judge=stored,
        remedy="deploy the fix, then try it in a new session",
        departs="the ids logged since botserver's last start are compared with all bots' in the database; "
        "that chips appear on https://chat.<domain>/<bot> in a new session is for a person to see",
    ),
)
