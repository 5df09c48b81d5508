"""The checks of CoreDNS over facts that no fault of the demo host makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gbtui.checks.base import Check, Failing
from gbtui.checks.dns import ACL, ANSWERS, CHECKS, IN_FORCE, SERIAL
from gbtui.checks.dns_asks import DNS
from gbtui.checks.judge import judge
from gbtui.demo.dns import ACL as GOOD
from gbtui.demo.dns import GUIDE_ACL, corefile
from gbtui.demo.host import DemoHost
from gbtui.facts.dns import parse_corefile
from gbtui.facts.dns_watch import Answer, DnsLook, ZoneFile
from gbtui.facts.survey import Survey
from tests.unit.checks.inspected import survey, with_answer

BOX, ZONE = "acme-dns", "acme.test"
FINE = {
    kind: Answer("NOERROR", 1, 7 if kind == "SOA" else 0)
    for kind in ("A", "AAAA", "MX", "TXT", "CAA", "NS", "SOA")
}
FINE["ANY"] = Answer("REFUSED")


async def told(
    check: Check,
    acl: str = GOOD,
    answers: dict[str, Answer] | None = None,
    *,
    nat: bool = False,
    age: float = 600,
) -> list[Failing]:
    """What a check says of a CoreDNS with this acl and these answers; its zone's file has serial 7."""
    found = await survey(DemoHost(), CHECKS)
    if nat:
        found = _kept(found)
    file = ZoneFile("/data/acme.test.zone", age, 7)
    look = DnsLook(parse_corefile(corefile(acl).encode()), {ZONE: file}, {ZONE: answers or FINE})
    return [one for _, _, one in judge((check,), with_answer(found, DNS, BOX, look)).failing]


def _kept(found: Survey) -> Survey:
    """With proxy devices that keep the client's address."""
    changed = tuple(
        replace(one, proxies=tuple(replace(device, nat=True) for device in one.proxies))
        for one in found.containers
    )
    return replace(found, containers=changed)


def acl(*lines: str) -> str:
    return "    acl {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("block", "allow type A", "allow type MX"), "refuses everything to the world"),
        (("allow type A net 10.0.0.0/8", "block"), "refuses everything to the world"),
        (("allow net 0.0.0.0/0", "block"), "lets the world ask for ANY"),
        (("allow type A", "allow type ANY net ::/0", "block"), "lets the world ask for ANY"),
        (("allow type A",), "lets the world ask for ANY"),
    ],
)
async def test_an_acl_is_judged_in_its_order(lines: tuple[str, ...], words: str) -> None:
    failing = await told(ACL, acl(*lines))
    assert [words in one.message for one in failing] == [True]


async def test_the_guides_acl_shuts_any_where_clients_keep_their_address() -> None:
    assert await told(ACL, GUIDE_ACL) == []


async def test_the_guides_acl_is_too_tight_for_the_world_although_the_inside_is_answered() -> None:
    failing = await told(ANSWERS, GUIDE_ACL, nat=True)
    assert "TXT, CAA, NS, SOA refused" in failing[0].message
    assert "ANY answered" not in failing[0].message


async def test_one_record_for_any_is_nobodys_gain() -> None:
    assert await told(ANSWERS, GOOD, {**FINE, "ANY": Answer("NOERROR", 1)}) == []
    failing = await told(ANSWERS, GOOD, {**FINE, "ANY": Answer("NOERROR", 9)})
    assert "9 records" in failing[0].evidence[0]


async def test_silence_is_unknown() -> None:
    silent = dict.fromkeys(FINE, Answer("silent"))
    found = await survey(DemoHost(), CHECKS)
    look = DnsLook(parse_corefile(corefile(GOOD).encode()), {}, {ZONE: silent})
    judged = judge(CHECKS, with_answer(found, DNS, BOX, look))
    assert {one.check.id for one in judged.unknown} == {"dns.answers", "dns.reloaded", "dns.serial"}


async def test_a_zone_that_was_just_changed_is_read_by_itself() -> None:
    old = {**FINE, "SOA": Answer("NOERROR", 1, 6)}
    assert await told(SERIAL, GOOD, old, age=5) == []
    assert [one.subject for one in await told(SERIAL, GOOD, old)] == [ZONE]
    assert await told(SERIAL, GOOD) == []


async def test_an_acl_that_was_taken_out_and_still_refuses_is_not_reloaded() -> None:
    failing = await told(IN_FORCE, "", {**FINE, "TXT": Answer("REFUSED")})
    assert "TXT: allow in the Corefile, REFUSED when asked" in failing[0].evidence
