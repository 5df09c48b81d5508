"""`firewall.drop-port` on the simulated host, through the real engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.plan import Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.operations.firewall_rig import BOX, YES, rules, saved, sh, word
from tests.unit.operations.hurried import engine, hurried, swift
from tests.unit.operations.hurried import plan as planned

LINE = "-A INPUT -p tcp -m tcp --dport 5858 -j DROP"


async def plan(host: DemoHost, port: str = "5858", container: str = BOX) -> Plan:
    return await planned(host, "firewall.drop-port", {"container": container, "port": port})


async def connected(host: DemoHost, where: str, address: str, port: str = "5858") -> str:
    return (await sh(host, where, "sh", "-c", "", "gbtui-connect", address, port)).strip()


async def test_closed_to_others_open_to_itself_saved_and_taken_back(tmp_path: Path) -> None:
    host = hurried()
    before, files = await rules(host), await saved(host)
    assert await connected(host, "acme-proxy", "10.77.0.185") == "open"
    done = await engine(host, tmp_path).apply(await plan(host), YES)
    assert done.result == "done", done.message
    assert await connected(host, "acme-proxy", "10.77.0.185") == "silent"
    assert await connected(host, BOX, "127.0.0.1") == "open"
    running = (await rules(host)).splitlines()
    assert running.count(LINE) == 2, "IPv4 and IPv6"
    assert all(file is not None and LINE.encode() in file for file in await saved(host))
    assert (await plan(host)).noop.startswith("already so")
    undone = await engine(host, tmp_path).undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert (await rules(host), await saved(host)) == (before, files)


async def test_what_is_missing_over_ipv6_is_added_and_loopback_first() -> None:
    made = await plan(hurried(), "6379")
    titles = [step.title for step in made.steps]
    assert titles[:2] == ["Accept loopback first in INPUT (IPv6)", "Drop port 6379, behind loopback (IPv6)"]
    assert all(step.armed for step in made.steps)


async def test_without_bash_inside_it_says_what_is_not_proven(tmp_path: Path) -> None:
    host = hurried()
    assert "127.0.0.1 answers" in word(await plan(host), "loopback-proof").reason
    host.state.places[BOX].missing.add("bash")
    made = await plan(host)
    assert word(made, "loopback-proof").verdict == "warn"
    assert "whether loopback still answers on acme-system :5858" in word(made, "loopback-proof").reason
    before = await rules(host)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"
    assert await rules(host) == before


async def test_it_is_refused_before_loopback_is_accepted(tmp_path: Path) -> None:
    host = hurried("valkey-loopback")
    made = await plan(host)
    assert "firewall.accept-loopback container=acme-system" in word(made, "behind-loopback").reason
    before = await rules(host)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"
    assert await rules(host) == before


async def test_a_port_the_guide_exposes_is_refused() -> None:
    assert word(await plan(hurried(), "25", "acme-email"), "not-exposed").verdict == "refuse"


async def test_a_rule_that_would_let_it_in_all_the_same_is_found_by_the_rehearsal() -> None:
    host = hurried()
    await sh(host, BOX, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "5000:6000", "-j", "ACCEPT")
    found = word(await plan(host), "rehearsed")
    assert found.verdict == "refuse"
    assert "rule 4 of INPUT lets it in before" in found.reason


async def test_without_a_namespace_that_is_found_all_the_same() -> None:
    host = hurried()
    host.state.places[BOX].no_namespaces = True
    assert word(await plan(host), "rehearsed").verdict == "warn"
    await sh(host, BOX, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "5000:6000", "-j", "ACCEPT")
    assert word(await plan(host), "rehearsed").verdict == "refuse"


async def test_who_reaches_it_now_is_said_and_must_be_acknowledged(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host)
    assert "whoever uses it is cut off" in word(made, "in-use").reason
    assert made.dark
    bare = YES.__class__(acknowledged=("survives-reboot",))
    assert (await engine(host, tmp_path).apply(made, bare)).result == "refused"


@pytest.mark.parametrize("container", ["acme-nothing", "acme-webmail"])
async def test_a_container_that_does_not_run_is_refused(container: str) -> None:
    made = await plan(hurried("container-stop"), "5000", container)
    assert made.refused[0].guard == "instance-runs"
    assert made.steps == ()


UDP = "-A INPUT -p udp -m udp --dport 9125 -j DROP"


async def udp(host: DemoHost, port: str = "9125", container: str = BOX) -> Plan:
    given = {"container": container, "port": port, "protocol": "udp"}
    return await planned(host, "firewall.drop-port", given)


async def datagram(host: DemoHost, where: str, address: str, port: str = "9125") -> str:
    return (await sh(host, where, "sh", "-c", "", "gbtui-datagram", address, port)).strip()


async def test_udp_is_dropped_for_others_counted_saved_and_taken_back(tmp_path: Path) -> None:
    host = hurried()
    before, files = await rules(host), await saved(host)
    assert await datagram(host, "acme-proxy", "10.77.0.185") == "refused"
    made = await udp(host)
    assert made.title == "Drop port 9125/udp of acme-system for everybody else"
    assert "127.0.0.1 refused and ::1 refused" in word(made, "udp-proof").reason
    assert "a packet from elsewhere to :9125/udp is dropped" in word(made, "rehearsed").reason
    assert [w.probe.value for w in made.verify].count("dropped") == 1, "IPv4 is what can be tried"
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert await datagram(host, "acme-proxy", "10.77.0.185") == "silent"
    assert await connected(host, "acme-proxy", "10.77.0.185", "9125") == "refused", "TCP is as it was"
    assert await datagram(host, BOX, "127.0.0.1") == "refused"
    assert (await rules(host)).splitlines().count(UDP) == 2
    assert all(file is not None and UDP.encode() in file for file in await saved(host))
    assert (await udp(host)).noop.startswith("already so: acme-system drops port 9125/udp")
    assert not (await plan(host, "9125")).noop, "TCP is another matter"
    undone = await engine(host, tmp_path).undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert (await rules(host), await saved(host)) == (before, files)


async def test_dns_is_dropped_over_udp_where_the_guide_does_not_expose_it(tmp_path: Path) -> None:
    """CoreDNS answers, so that loopback's answer is the proof; the guide's own dns container is refused."""
    host = hurried()
    refused = word(await udp(host, "53", "acme-dns"), "not-exposed")
    assert (refused.verdict, "53/udp" in refused.reason) == ("refuse", True)
    dns = host.state.instances["acme-dns"].ipv4
    inner = replace(load(), roles=tuple(replace(role, exposed=()) for role in load().roles))
    given = {"container": "acme-dns", "port": "53", "protocol": "udp"}
    await sh(host, "acme-dns", "iptables", "-w", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
    assert await datagram(host, "acme-proxy", dns, "53") == "open"
    made = swift(await find("firewall.drop-port").plan(Context(host, inner), given))
    assert "127.0.0.1 answers" in word(made, "udp-proof").reason
    assert "whoever uses it is cut off" in word(made, "in-use").reason
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert await datagram(host, "acme-proxy", dns, "53") == "silent"
    assert await datagram(host, "acme-dns", "127.0.0.1", "53") == "open"


async def test_a_packet_that_the_rule_never_met_takes_it_back(tmp_path: Path) -> None:
    """Silence alone proves nothing over UDP: without a count the change is undone."""
    host = hurried()
    before = await rules(host)
    made = await udp(host)
    looks = [w for w in made.verify if w.probe.run.argv[3:4] != ("gbtui-datagram",)]
    counts = [replace(w, timeout=0.2) if w.probe.value == "dropped" else w for w in looks]
    outcome = await engine(host, tmp_path).apply(replace(made, verify=tuple(counts)), YES)
    assert outcome.result == "failed-undone", outcome.message
    assert await rules(host) == before


@pytest.mark.parametrize("protocol", ["sctp", "TCP", "", "udp;reboot", "--help"])
async def test_another_protocol_is_bad_input(protocol: str) -> None:
    given = {"container": BOX, "port": "53", "protocol": protocol}
    with pytest.raises(BadInput, match="tcp or udp"):
        await planned(hurried(), "firewall.drop-port", given)
