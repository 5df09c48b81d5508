"""Judges over botserver's container: what passes, what fails and how bad, what stays unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gbtui.checks import cache, firewall_kept, services, vault
from gbtui.checks.base import Check, Severity
from gbtui.checks.firewall import RULES
from gbtui.checks.firewall_kept import BOOT, LISTENING, Boot, parse_listening
from gbtui.checks.judge import judge
from gbtui.checks.services_asks import SERVICES
from gbtui.demo.host import DemoHost
from gbtui.facts.cache import Cache
from gbtui.facts.firewall import assemble
from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.services_live import Services
from gbtui.facts.survey import Survey
from gbtui.facts.vault import KeyFile, Seal
from gbtui.hosts.base import Command, Completed
from tests.unit.checks.inspected import pairs, survey, with_answer, words

SYSTEM = "acme-system"
HEAD = "*filter\n:INPUT ACCEPT [0:0]\n"
LOOPBACK = "-A INPUT -i lo -j ACCEPT\n"


async def seen(checks: Sequence[Check]) -> Survey:
    return await survey(DemoHost(), (*checks,))


def rules(four: str, six: str = "") -> object:
    def done(text: str, status: int = 0) -> Completed:
        return Completed(Command(("x",)), status, text.encode(), b"", 0.0)

    four, six = (f"{HEAD}{text}COMMIT\n" for text in (four, six))
    answers = (done(four), done(six), done("", 1), done("iptables v1.8.9 (nf_tables)"), done(""), done(four))
    return assemble(answers, SYSTEM, "/etc/iptables/rules.v4", {}, 0.0)


DROP = "-A INPUT -p tcp -m tcp --dport {} -j DROP\n"
CLOSED = (firewall_kept.CLOSED,)


@pytest.mark.parametrize(
    ("listening", "six", "port", "severity"),
    [
        ({}, "", "", None),
        ({9000: ("0.0.0.0",)}, "", "", None),  # noqa: S104 - nobody binds it here
        ({9000: ("*",)}, "", "9000", Severity.ERROR),
        ({9000: ("[::]",)}, "", "9000", Severity.ERROR),
        ({9000: ("*",)}, DROP.format(9000), "", None),
        ({9001: ("10.77.0.185",)}, "", "9001", Severity.ERROR),
        ({8080: ("*",)}, "", "", None),
    ],
)
async def test_internal_ports_are_closed_in_both_families(
    listening: dict[int, tuple[str, ...]], six: str, port: str, severity: Severity | None
) -> None:
    four = LOOPBACK + DROP.format(6379) + DROP.format(9000)
    found = with_answer(await seen(CLOSED), RULES, SYSTEM, rules(four, six))
    judged = judge(CLOSED, with_answer(found, LISTENING, SYSTEM, listening))
    assert pairs(judged) == ((("firewall.closed-ports", f"{SYSTEM} port {port}"),) if port else ())
    assert all((one.severity or check.severity) is severity for check, _, one in judged.failing)


async def test_a_rule_that_lets_a_neighbour_in_on_purpose_is_no_hole_and_a_late_drop_is_one() -> None:
    found = await seen(CLOSED)
    neighbour = "-A INPUT -s 10.77.0.30/32 -p tcp -m tcp --dport 6379 -j ACCEPT\n"
    everybody = "-A INPUT -p tcp -m tcp --dport 6379 -j ACCEPT\n"
    for before, fails in ((neighbour, False), (everybody, True)):
        judged = judge(
            CLOSED, with_answer(found, RULES, SYSTEM, rules(LOOPBACK + before + DROP.format(6379)))
        )
        assert bool(judged.failing) is fails, before


async def test_rules_that_no_file_holds_are_lost_at_boot_and_ipv6_counts() -> None:
    checks = (firewall_kept.SAVED,)
    found = await seen(checks)
    running = rules(LOOPBACK, DROP.format(6379))
    found = with_answer(found, RULES, SYSTEM, running)
    told = judge(checks, with_answer(found, BOOT, SYSTEM, Boot("unit", "", None)))
    assert [words(one) for _, _, one in told.failing] == [
        f"{SYSTEM}\nthe rules that run are not those of the next boot\n"
        "only running, gone at the next boot: filter -A INPUT -p tcp -m tcp --dport 6379 -j DROP"
    ]
    kept = parse_save(f"{HEAD}{DROP.format(6379)}COMMIT\n".encode(), SYSTEM, "ip6")
    found = with_answer(found, BOOT, SYSTEM, Boot("unit", "", kept))
    assert judge(checks, found).failing == ()
    wide = judge(checks, with_answer(found, LISTENING, SYSTEM, {6379: ("[::]",)}))
    assert pairs(wide) == (("firewall.saved", f"{SYSTEM} boot IPv6"),)


def test_listening_ports_without_loopbacks_own() -> None:
    told = b"LISTEN 0 4096 127.0.0.1:6379 0.0.0.0:*\nLISTEN 0 5 *:80 *:*\nLISTEN 0 5 [::]:22 [::]:*\nx\n"
    assert parse_listening(told) == {80: ("*",), 22: ("[::]",)}


@pytest.mark.parametrize(
    ("answer", "fails"),
    [
        (Cache(0, "PONG", ("127.0.0.1",)), False),
        (Cache(0, "NOAUTH Authentication required.", ("127.0.0.1",)), False),
        (Cache(0, "LOADING Valkey is loading the dataset in memory", ("127.0.0.1",)), True),
        (Cache(124, "", ("127.0.0.1",)), True),
    ],
)
async def test_valkey_that_wants_a_password_is_up(answer: Cache, fails: bool) -> None:
    checks = (cache.ANSWERS,)
    judged = judge(checks, with_answer(await seen(checks), cache.CACHE, SYSTEM, answer))
    assert bool(judged.failing) is fails


async def test_without_its_client_or_ss_nothing_is_known_of_valkey() -> None:
    checks = (cache.ANSWERS, cache.LOCAL)
    found = await seen(checks)
    blind = with_answer(found, cache.CACHE, SYSTEM, Cache(127, "not found", (), no_ss=True))
    judged = judge(checks, blind)
    assert judged.failing == ()
    assert [one.check.id for one in judged.unknown] == ["cache.answers", "cache.local"]


async def test_vault_that_is_silent_new_or_sealed_halfway() -> None:
    checks = (vault.SEALED,)
    found = await seen(checks)
    for seal, shown in (
        (Seal("silent"), "does not answer"),
        (Seal("uninitialized"), "never initialized"),
        (Seal("sealed", 2, 3), "2 of 3 keys given"),
    ):
        judged = judge(checks, with_answer(found, vault.SEAL, SYSTEM, seal))
        assert [shown in words(one) for _, _, one in judged.failing] == [True], seal
    assert judge(checks, with_answer(found, vault.SEAL, SYSTEM, Seal("open"))).failing == ()


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        (KeyFile("600", "root", "root", tracked=False), ""),
        (KeyFile("400", "gbuser", "gbuser", tracked=False), ""),
        (KeyFile("640", "root", "root", tracked=False), "mode 640"),
        (KeyFile("600", "root", "root", tracked=True), "tracked by git"),
        (None, "no file of Vault's unseal keys"),
    ],
)
async def test_keys_are_there_private_and_in_no_tree(file: KeyFile | None, shown: str) -> None:
    checks = (vault.PROTECTED,)
    judged = judge(checks, with_answer(await seen(checks), vault.KEYS, SYSTEM, file))
    assert bool(judged.failing) is bool(shown)
    assert all(shown in words(one) for _, _, one in judged.failing)


async def test_services_edges() -> None:
    found = await seen(services.CHECKS)
    good = found.of(SERVICES, SYSTEM)
    botserver, ui = good.units

    def told(one: Services) -> list[str]:
        judged = judge(services.CHECKS, with_answer(found, SERVICES, SYSTEM, one))
        return [f"{check.id}: {failing.message}" for check, _, failing in judged.failing]

    masked = replace(ui, state=replace(ui.state, load="masked", active="inactive"))
    assert told(replace(good, units=(botserver, masked))) == ["services.running: botui: its unit is masked"]
    old = replace(ui, state=replace(ui.state, restarts=7), since=good.at - 90000)
    assert told(replace(good, units=(botserver, old))) == [], "restarts of long ago are history"
    young = replace(old, since=good.at - 30)
    assert told(replace(good, units=(botserver, young)))[0].startswith("services.running: botui ends")
    for url in (
        "https://localhost:5858",
        "http://system.acme.test:5858",
        "http://localhost:5859",
        "",
        "http://[",
    ):
        wrong = told(replace(good, units=(botserver, replace(ui, now=url))))
        assert [one.partition(":")[0] for one in wrong] == ["services.botserver-url"], url
    hidden = replace(ui, now="https://me:secret@system.acme.test")
    judged = judge(
        services.CHECKS, with_answer(found, SERVICES, SYSTEM, replace(good, units=(botserver, hidden)))
    )
    assert "secret" not in "".join(words(one) for _, _, one in judged.failing)
    blind = replace(good, no_ss=True, no_curl=True)
    judged = judge(services.CHECKS, with_answer(found, SERVICES, SYSTEM, blind))
    assert {one.check.id for one in judged.unknown} == {"services.owner", "services.health"}
