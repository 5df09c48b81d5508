"""The checks of Caddy over facts that no fault of the demo host makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gbtui.checks.base import Check, Failing, Severity
from gbtui.checks.judge import judge
from gbtui.checks.proxy import CHECKS, IS_FILE, VHOSTS
from gbtui.checks.proxy_asks import ATTEMPTS, BESIDE, FILE, KNOWN, RESOLVED, RUNNING, STORES, Meaning
from gbtui.checks.proxy_names import CERTIFICATES, DEAD
from gbtui.demo.host import DemoHost
from gbtui.errors import Malformed, NotFound
from gbtui.facts.proxy_config import parse_config
from gbtui.facts.proxy_floor import Floor, Known
from gbtui.facts.proxy_tls import Store
from gbtui.facts.survey import Place, Survey
from gbtui.facts.x509 import Validity
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load
from tests.unit.checks.inspected import survey, with_answer

PROXY, NAME = "acme-proxy", "www.example.org"
PLACE = Place(PROXY, "proxy", "acme")


async def demo() -> Survey:
    return await survey(DemoHost(), CHECKS)


def failing(found: Survey, check: Check) -> list[Failing]:
    return [one for _, _, one in judge((check,), found).failing]


def stored(found: Survey, validity: Validity | None) -> Survey:
    """With one certificate another one."""
    first, *rest = found.of(STORES, PROXY)
    changed = Store(first.root, {**first.certificates, NAME: validity})
    return with_answer(found, STORES, PROXY, (changed, *rest))


@pytest.mark.parametrize(
    ("left", "lasts", "words", "severity"),
    [
        (timedelta(seconds=-1), timedelta(days=90), "has expired", Severity.ERROR),
        (timedelta(days=17), timedelta(days=90), "should have been renewed", Severity.WARNING),
        (timedelta(hours=2), timedelta(hours=12), "should have been renewed", Severity.WARNING),
    ],
)
async def test_a_certificate_is_judged_by_its_own_life(
    left: timedelta, lasts: timedelta, words: str, severity: Severity
) -> None:
    found = await demo()
    ends = found.taken_at + left
    told = failing(stored(found, Validity(ends - lasts, ends)), CERTIFICATES)
    assert [(one.subject, one.severity) for one in told] == [(NAME, severity)]
    assert words in told[0].message


async def test_a_young_certificate_and_one_of_an_internal_authority_are_well() -> None:
    found = await demo()
    for lasts in (timedelta(days=90), timedelta(hours=12)):
        begins = found.taken_at - lasts / 2
        assert failing(stored(found, Validity(begins, begins + lasts)), CERTIFICATES) == []


async def test_a_certificate_that_cannot_be_read_is_told() -> None:
    assert "cannot be read" in failing(stored(await demo(), None), CERTIFICATES)[0].message


async def test_where_no_name_resolves_the_resolver_is_the_finding() -> None:
    found = await demo()
    resolved = found.of(RESOLVED, PROXY)
    none = dict.fromkeys(resolved, "none")
    told = failing(with_answer(found, RESOLVED, PROXY, none), DEAD)
    assert [one.subject for one in told] == [PROXY]
    assert "no name is found from here" in told[0].message


async def test_a_resolver_that_is_slow_declares_nobody_dead() -> None:
    found = await demo()
    resolved = found.of(RESOLVED, PROXY)
    slow = {**resolved, NAME: "slow"}
    assert failing(with_answer(found, RESOLVED, PROXY, slow), DEAD) == []


async def test_vhosts_that_the_file_lost_are_not_simply_reloaded() -> None:
    found = await demo()
    running = found.of(RUNNING, PROXY)
    less = replace(running.config, vhosts=running.config.vhosts[1:], sha256="other")
    told = failing(with_answer(found, FILE, PROXY, Meaning(less)), IS_FILE)
    assert told[0].remedy is not None
    assert not told[0].remedy.operation
    assert running.config.vhosts[0].name in told[0].remedy.words


async def test_a_few_vhosts_fewer_are_a_warning_with_two_ways_out() -> None:
    found = await demo()
    names = frozenset((*found.of(RUNNING, PROXY).config.names, "gone.example", "old.example"))
    known = Known(b"x", Floor(names, "config.vhosts"))
    told = failing(with_answer(found, KNOWN, PROXY, known), VHOSTS)
    assert [(one.severity, "2 vhosts are gone" in one.message) for one in told] == [(Severity.WARNING, True)]
    assert told[0].remedy is not None
    assert "domain=gone.example,old.example" in told[0].remedy.words


async def test_the_profiles_floor_counts_where_it_is_higher() -> None:
    found = await demo()
    higher = replace(found, profile=replace(found.profile, vhost_floor=60))
    assert "there were 60" in failing(higher, VHOSTS)[0].message


async def test_a_certificate_may_be_on_its_way() -> None:
    found = await survey(DemoHost(faults=("caddy-certificate-lost",)), CHECKS)
    beside = found.of(BESIDE, PROXY)
    assert len(failing(found, CERTIFICATES)) == 1
    fresh = with_answer(found, BESIDE, PROXY, replace(beside, changed=beside.now - 60))
    assert failing(fresh, CERTIFICATES) == []


async def test_without_the_admin_api_nothing_is_taken_for_well() -> None:
    found = with_answer(await demo(), RUNNING, PROXY, NotFound("Caddy's admin API", why="refused"))
    unknown = {one.check.id for one in judge(CHECKS, found).unknown}
    assert unknown >= {VHOSTS.id, IS_FILE.id, CERTIFICATES.id, DEAD.id}


def read(stdout: bytes) -> Meaning:
    return FILE.read((Completed(Command(("sh",)), 0, stdout, b"", 0.0),), load(), PLACE)


def test_what_the_api_says_is_taken_apart() -> None:
    meaning = read(b'api 200\n{"warnings":[{"message":"x"}],"result":{"apps":{}}}\n')
    assert meaning.config == parse_config(b'{"apps": {}}', "config")
    wrong = (
        b'api 400\n{"error":"adapting config using caddyfile adapter: Caddyfile:3: unrecognized directive"}'
    )
    assert read(wrong) == Meaning(None, "Caddyfile:3: unrecognized directive")
    with pytest.raises(Malformed):
        read(b"api 200\n[]")


def test_what_caddy_adapt_says_is_taken_apart() -> None:
    said = b'adapt 0\n{"level":"warn","msg":"Caddyfile input is not formatted"}\n{"apps":{}}\n'
    assert read(said).config == parse_config(b'{"apps":{}}', "x")
    assert "rate_limit" in read(b"adapt 1\nError: /c:3: unrecognized directive: rate_limit\n").error


async def test_attempts_are_shown_beside_a_dead_domain() -> None:
    found = await survey(DemoHost(faults=("caddy-dead-domain",)), CHECKS)
    assert [one.name for one in found.of(ATTEMPTS, PROXY)] == ["old.customer.example"]
