"""Every check over one survey: what fails, what is unknown, what is as it must be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gbtui.checks.base import NOWHERE, Check, Failing, Judged, Unknown
from gbtui.errors import GbtuiError
from gbtui.facts.survey import Need, Place, Survey, understood


def needs_of(checks: Sequence[Check]) -> tuple[Need, ...]:
    """All that the checks need to know."""
    return tuple(need for check in checks for need in check.needs)


def judge(checks: Sequence[Check], survey: Survey) -> Judged:
    """Judge every check at each of its places.

    A check whose roles no instance has is answered at no place: other checks say what is missing.
    Where LXD did not say which instances there are, it is unknown.
    """
    failing: list[tuple[Check, Place, Failing]] = []
    unknown: list[Unknown] = []
    answered: set[tuple[str, str]] = set()
    for check in checks:
        places = understood(check.id, partial(survey.places, check.scope))
        if isinstance(places, GbtuiError):
            unknown.append(Unknown(check, NOWHERE, str(places)))
            continue
        for place in places:
            found = understood(check.id, partial(_judged, check, survey, place))
            if isinstance(found, GbtuiError):
                unknown.append(Unknown(check, place.name, str(found)))
                continue
            answered.add((check.id, place.name))
            failing += [(check, place, one) for one in found]
    return Judged(tuple(failing), tuple(unknown), frozenset(answered))


def _judged(check: Check, survey: Survey, place: Place) -> tuple[Failing, ...]:
    return tuple(check.judge(survey, place))
