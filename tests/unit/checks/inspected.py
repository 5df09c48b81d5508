"""What the tests of the checks share: surveys of a demo host with faults in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gbtui.checks.base import Check, Failing, Judged
from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.demo.host import DemoHost
from gbtui.errors import GbtuiError
from gbtui.facts.survey import Ask, LxdAsk, Survey
from gbtui.facts.surveyor import Surveyor
from gbtui.hosts.base import Host
from gbtui.profiles import load

PAIRS = tuple[tuple[str, str], ...]


async def survey(host: Host, checks: Sequence[Check] = CHECKS) -> Survey:
    """All that `checks` need, of this host."""
    await host.open()
    return await Surveyor(host, load()).look(needs_of(checks))


async def judged(*faults: str, checks: Sequence[Check] = CHECKS) -> Judged:
    """What the checks say of a demo host with these faults."""
    return judge(checks, await survey(DemoHost(faults=faults), checks))


def with_answer(found: Survey, ask: Ask[Any] | LxdAsk[Any], where: str, answer: Any) -> Survey:
    """The same survey, but for one answer (a value, or the error it could not be read for)."""
    return replace(found, answers={**found.answers, (ask, where): answer})


def without(found: Survey, error: GbtuiError) -> Survey:
    """The same survey with nothing read but the instances."""
    return replace(found, answers=dict.fromkeys(found.answers, error))


def pairs(found: Judged) -> PAIRS:
    """(check id, subject) of what fails."""
    return tuple(sorted((check.id, one.subject) for check, _, one in found.failing))


def words(failing: Failing) -> str:
    """All that is shown of it."""
    return "\n".join((failing.subject, failing.message, *failing.evidence))
