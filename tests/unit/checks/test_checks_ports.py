"""Ports, privilege and probes at their edges: what no fault of the demo host brings about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gbtui.checks.containers import ANSWERS
from gbtui.checks.containers_asks import LISTENING, OWNERS, ROLE, Gbo, Owned, parse_gbo
from gbtui.checks.containers_own import GBO_OWNED, PRIVILEGED
from gbtui.checks.containers_ports import ADMITTED, ANSWERED, BY_DEVICES, CHECKS, INTERNAL, LISTENED, PRESENT
from gbtui.checks.firewall import RULES
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.errors import Malformed, TimedOut
from gbtui.facts.containers_role import Answer
from gbtui.facts.firewall_types import Chain, Rule
from gbtui.facts.survey import Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load
from tests.unit.checks.inspected import pairs, survey, with_answer, words


async def found() -> Survey:
    return await survey(DemoHost(), (*CHECKS, ANSWERS, PRIVILEGED, GBO_OWNED))


def with_rule(seen: Survey, table: str, chain: str, spec: str) -> Survey:
    """One rule more, before all others of its chain."""
    rules = seen.of(RULES)
    more = Chain("host", "iptables", "ip", table, chain, "ACCEPT", None, None, (Rule(spec, None, None),))
    kept = [one for one in rules.chains if (one.table, one.chain, one.family) != (table, chain, "ip")]
    before = [one for one in rules.chains if (one.table, one.chain, one.family) == (table, chain, "ip")]
    merged = replace(before[0], rules=(*more.rules, *before[0].rules)) if before else more
    return with_answer(seen, RULES, "host", replace(rules, chains=(*kept, merged)))


def device(seen: Survey, name: str, **changes: object) -> Survey:
    """Every proxy device of one container changed."""
    one = seen.container(name)
    assert one is not None
    changed = replace(one, proxies=tuple(replace(p, **changes) for p in one.proxies))  # type: ignore[arg-type]
    return replace(seen, containers=tuple(changed if c.name == name else c for c in seen.containers))


async def test_a_stopped_container_has_its_devices_and_no_open_ports() -> None:
    seen = await survey(DemoHost(faults=["container-stop"]), CHECKS)
    one = seen.container("acme-email")
    assert one is not None
    stopped = tuple(replace(c, state="Stopped") if c is one else c for c in seen.containers)
    judged = judge((PRESENT, ADMITTED, LISTENED), replace(seen, containers=stopped))
    assert pairs(judged) == ()


async def test_where_nothing_listens_at_all_the_services_own_check_speaks() -> None:
    silent = with_answer(await found(), LISTENING, "acme-email", ())
    assert pairs(judge((ANSWERED,), silent)) == ()


async def test_a_device_that_keeps_the_clients_address_goes_through_forward() -> None:
    seen = device(await found(), "acme-email", nat=True)
    assert pairs(judge((LISTENED, ADMITTED), seen)) == ()
    shut = with_rule(seen, "filter", "FORWARD", "-p tcp -m tcp --dport 993 -j DROP")
    judged = judge((ADMITTED,), shut)
    assert pairs(judged) == (("containers.ports-admitted", "acme-email"),)
    assert "tcp :993 from outside: DROP by FORWARD 1" in words(judged.failing[0][2])


async def test_a_layout_of_rules_wants_rules_and_no_devices() -> None:
    seen = await found()
    other = replace(seen, profile=replace(seen.profile, forwarding="dnat"))
    missing = {subject for _, subject in pairs(judge((PRESENT,), other))}
    assert {"acme-proxy tcp:443", "acme-dns udp:53"} <= missing
    led = with_rule(
        other, "nat", "PREROUTING", "-p tcp -m tcp --dport 443 -j DNAT --to-destination 10.77.0.30"
    )
    assert ("containers.ports-present", "acme-proxy tcp:443") not in pairs(judge((PRESENT,), led))
    assert ("containers.by-devices", "acme-proxy port-443") in pairs(judge((BY_DEVICES,), other))


async def test_in_a_layout_of_rules_each_rule_is_followed_to_who_listens() -> None:
    seen = await found()
    seen = replace(seen, profile=replace(seen.profile, forwarding="dnat"))
    assert pairs(judge((ADMITTED, LISTENED, ANSWERED), seen)) == (), "no rule, nothing to follow"
    container = seen.container("acme-email")
    assert container is not None
    to = f"-p tcp -m tcp --dport {{}} -j DNAT --to-destination {container.ipv4[0]}:{{}}"
    seen = with_rule(seen, "nat", "PREROUTING", to.format(587, 587))
    led = with_rule(seen, "nat", "PREROUTING", to.format(993, 993))
    assert pairs(judge((LISTENED, ADMITTED, ANSWERED), led)) == ()
    shut = with_rule(led, "filter", "FORWARD", "-p tcp -m tcp --dport 993 -j DROP")
    assert pairs(judge((ADMITTED,), shut)) == (("containers.ports-admitted", "acme-email"),)
    astray = with_rule(seen, "nat", "PREROUTING", to.format(993, 9993))
    judged = judge((ANSWERED,), astray)
    assert pairs(judged) == (("containers.ports-answered", "acme-email"),)
    assert f"tcp:0.0.0.0:993 → tcp:{container.ipv4[0]}:9993" in words(judged.failing[0][2])
    assert "DNAT" in words(judged.failing[0][2])


async def test_a_rule_into_an_internal_container_is_found_there_alone() -> None:
    rule = "-p tcp -m tcp --dport 5432 -j DNAT --to-destination 10.77.0.70:5432"
    seen = with_rule(await found(), "nat", "PREROUTING", rule)
    judged = judge((INTERNAL, BY_DEVICES), seen)
    assert pairs(judged) == (("containers.internal-only", "acme-tables tcp:5432"),)
    remedy = judged.failing[0][2].remedy
    assert remedy is not None
    assert dict(remedy.parameters)["rule"] == rule


async def test_a_probe_that_nobody_there_can_ask_is_unknown() -> None:
    seen = with_answer(await found(), ROLE, "acme-alm", ((Answer("http://x", 127, "curl: not found"),),))
    judged = judge((ANSWERS,), seen)
    assert [(one.place, "curl: not found" in one.why) for one in judged.unknown] == [("acme-alm", True)]


def test_a_probe_whose_time_was_up_is_late_unless_another_way_answered() -> None:
    def said(*rows: str) -> Completed:
        return Completed(Command(("sh",)), 0, "".join(f"{row}\n" for row in rows).encode(), b"", 1.0)

    late, up, refused = "pg_isready\t124\t", "tcp 5432\t0\topen", "tcp 5432\t1\trefused"
    place = Place("acme-tables", "tables", "acme")
    with pytest.raises(TimedOut, match="no answer in time: pg_isready"):
        ROLE.read([said(late, refused)], load(), place)
    assert [one.status for one in ROLE.read([said(late, up)], load(), place)[0]] == [124, 0]
    assert [one.status for one in ROLE.read([said(refused)], load(), place)[0]] == [1]


async def test_privilege_that_waits_for_a_restart_and_folders_root_cannot_write() -> None:
    seen = await found()
    waits = with_answer(seen, OWNERS, "acme-system", Gbo(shifted=True, owned=()))
    judged = judge((PRIVILEGED, GBO_OWNED), waits)
    assert pairs(judged) == (("containers.system-privileged", "acme-system"),)
    closed = Gbo(shifted=False, owned=(Owned("/opt/gbo/data", 0, writable=False),))
    judged = judge((GBO_OWNED,), with_answer(seen, OWNERS, "acme-system", closed))
    assert "/opt/gbo/data: not writable" in words(judged.failing[0][2])


def test_owners_need_a_uid_map() -> None:
    gbo = parse_gbo(b"         0    1000000 1000000000\n65534 no /opt/gbo/my files\nx y z\n")
    assert (gbo.shifted, gbo.owned) == (True, (Owned("/opt/gbo/my files", 65534, writable=False),))
    with pytest.raises(Malformed, match="no uid map"):
        parse_gbo(b"cat: /proc/self/uid_map: No such file\n")
