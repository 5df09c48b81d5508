"""Caddy and CoreDNS that run and do not answer; what was not asked in time is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gbtui.checks.answering import CHECKS
from gbtui.checks.base import Remedy
from gbtui.checks.dns_asks import DNS
from gbtui.checks.judge import judge
from gbtui.checks.proxy_asks import RUNNING
from gbtui.demo.host import DemoHost
from gbtui.errors import GbtuiError, MissingTool, NotFound, TimedOut
from gbtui.facts.dns_watch import Answer
from gbtui.facts.survey import Place
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load
from tests.unit.checks.inspected import pairs, survey, with_answer

CADDY, COREDNS = ("proxy.running", "acme-proxy proxy.service"), ("dns.running", "acme-dns dns.service")
HUNG = NotFound("Caddy's admin API", why="curl: (28) Operation timed out after 2001 milliseconds")


async def test_a_caddy_that_runs_and_does_not_answer_is_found() -> None:
    found = judge(CHECKS, with_answer(await survey(DemoHost(), CHECKS), RUNNING, "acme-proxy", HUNG))
    assert pairs(found) == (CADDY,)
    ((_, _, told),) = found.failing
    assert told.evidence == ("curl: (28) Operation timed out after 2001 milliseconds",)
    assert told.remedy == Remedy(
        "proxy.restart", (("reason", "its admin API does not answer"), ("container", "acme-proxy"))
    )


async def test_a_coredns_that_runs_and_answers_nothing_is_found() -> None:
    seen = await survey(DemoHost(), CHECKS)
    look = seen.of(DNS, "acme-dns")
    silent = {zone: dict.fromkeys(each, Answer("silent")) for zone, each in look.answers.items()}
    found = judge(CHECKS, with_answer(seen, DNS, "acme-dns", replace(look, answers=silent)))
    assert pairs(found) == (COREDNS,)
    silent["acme.test"]["SOA"] = Answer("NOERROR", 1, 1)
    assert pairs(judge(CHECKS, with_answer(seen, DNS, "acme-dns", replace(look, answers=silent)))) == ()


async def test_who_was_not_asked_in_time_is_unknown() -> None:
    late = TimedOut("looking", why="no answer")
    seen = await survey(DemoHost(), CHECKS)
    for ask, place in ((RUNNING, "acme-proxy"), (DNS, "acme-dns")):
        found = judge(CHECKS, with_answer(seen, ask, place, late))
        assert (pairs(found), [one.place for one in found.unknown]) == ((), [place])


@pytest.mark.parametrize(
    ("status", "error"), [(124, TimedOut), (127, MissingTool), (7, NotFound), (28, NotFound)]
)
def test_no_time_for_the_question_is_no_answer_of_caddys(status: int, error: type[GbtuiError]) -> None:
    done = Completed(Command(("curl",)), status, b"", b"", 0.0)
    with pytest.raises(error):
        RUNNING.read([done], load(), Place("acme-proxy", "proxy", "acme"))
