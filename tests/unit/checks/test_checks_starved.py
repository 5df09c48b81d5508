"""A place that has no time for its probe says nothing of what was asked: that is unknown, no failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gbtui.checks import drift_look
from gbtui.checks.cache import CACHE
from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.checks.mail import GREETED
from gbtui.checks.services_asks import SERVICES
from gbtui.demo.host import DemoHost
from gbtui.errors import TimedOut
from gbtui.facts.survey import PATIENCE, PROBE, THE_HOST, Ask, LxdAsk, Place, understood
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile, load
from tests.unit.checks.inspected import pairs, survey, with_answer

PROFILE = replace(load(), release_checkout="/srv/gb")
ROLES = {role.name: Place(f"acme-{role.name}", role.name, "acme") for role in PROFILE.roles}


def asked() -> dict[str, tuple[Ask[Any], Place]]:
    """Every ask there is, at one place that it is for."""
    found: dict[str, tuple[Ask[Any], Place]] = {}
    for need in (*needs_of(CHECKS), *drift_look.NEEDS):
        if not isinstance(need.ask, LxdAsk):
            scope = need.scope(PROFILE) if callable(need.scope) else need.scope
            place = next((ROLES[role] for role in scope if role in ROLES), THE_HOST)
            found.setdefault(f"{need.ask.name} of {place.role}", (need.ask, place))
    return found


ASKED = asked()


def commands(ask: Ask[Any], place: Place, profile: Profile = PROFILE) -> tuple[Command, ...]:
    return tuple(ask.commands(profile, place))


@pytest.mark.parametrize("name", ASKED)
def test_what_was_cut_off_before_it_said_a_word_was_not_read(name: str) -> None:
    ask, place = ASKED[name]
    done = [Completed(one, 124, b"", b"", one.timeout) for one in commands(ask, place)]
    found = understood(ask.name, lambda: ask.read(done, PROFILE, place))
    assert isinstance(found, TimedOut), found


@pytest.mark.parametrize("name", [name for name, (ask, _) in ASKED.items() if not (ask.patient or ask.late)])
async def test_the_beginning_of_an_answer_is_none(name: str) -> None:
    """Whichever of its commands was cut off, and however much that had said by then."""
    ask, place = ASKED[name]
    host, each = DemoHost(), commands(ask, place)
    whole = await host.run_many(each, instance=None if place is THE_HOST else place.name)
    for number, one in enumerate(whole):
        half = replace(one, status=124, stdout=one.stdout[: len(one.stdout) // 2])
        done = [*whole[:number], half, *whole[number + 1 :]]
        found = understood(ask.name, lambda done=done: ask.answer(done, PROFILE, place))  # type: ignore[misc]
        assert isinstance(found, TimedOut), found


@pytest.mark.parametrize("name", ASKED)
def test_a_probe_is_quick_or_bounds_itself_or_is_asked_seldom(name: str) -> None:
    ask, place = ASKED[name]
    longest = max(one.timeout for one in commands(ask, place))
    assert longest <= PROBE or ask.every >= 60 or (ask.patient and longest == PATIENCE)
    if ask.patient:
        text = " ".join(word for one in commands(ask, place) for word in one.argv)
        assert any(bound in text for bound in ("-m 2", "timeout 2", "can_read($wait)")), "by itself"


@pytest.mark.parametrize(
    ("ask", "check", "gone"),
    [
        (SERVICES, "services.health", {"health": {}}),
        (GREETED, "mail.greets", {}),
        (CACHE, "cache.answers", {"status": None, "said": ""}),
    ],
)
async def test_what_a_script_did_not_get_to_ask_is_unknown(
    ask: Ask[Any], check: str, gone: dict[str, Any]
) -> None:
    only = [one for one in CHECKS if one.id == check]
    seen, place = await survey(DemoHost(), only), "acme-email" if ask is GREETED else "acme-system"
    answer = replace(seen.of(ask, place), **gone) if gone else {25: "220 acme ESMTP"}
    found = judge(only, with_answer(seen, ask, place, answer))
    assert (pairs(found), [(one.check.id, one.place) for one in found.unknown]) == ((), [(check, place)])
    assert "in time" in found.unknown[0].why
