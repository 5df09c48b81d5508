"""What the firewall operations ask and try: the same answers on every host."""

from __future__ import annotations

import pytest

from gbtui.guard.plan import Exec
from gbtui.guard.preview import command
from gbtui.operations.firewall_rehearse import rehearse, verdict
from gbtui.operations.firewall_scripts import connect, datagram, dropped, own, rule_there, rules

from .world import World

SYSTEM = "acme-system"
FIRST = ("iptables", "-w", "-I", "INPUT", "1", "-i", "lo", "-j", "ACCEPT")
CUT = ("iptables", "-w", "-I", "INPUT", "1", "-p", "tcp", "--dport", "6379", "-j", "DROP")
MISSING = ("iptables", "-w", "-A", "INPUT", "-j", "nosuch")


async def said(world: World, run: Exec) -> str:
    done = await world.host.run(command(run))
    assert done.ok, done.stderr
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("argv", "word"),
    [(FIRST, "allow"), (CUT, "refuse"), (MISSING, "refuse")],
    ids=["first", "cut", "missing"],
)
async def test_a_rehearsal_says_what_would_come_of_it(world: World, argv: tuple[str, ...], word: str) -> None:
    before = (await world.run("iptables", "-w", "-S", where=SYSTEM)).stdout
    rehearsal = await rehearse(world.host, SYSTEM, (Exec(SYSTEM, argv),), 6379)
    assert rehearsal.state == ("failed" if argv is MISSING else "rehearsed"), rehearsal.said
    assert verdict(rehearsal, SYSTEM).verdict == word
    if rehearsal.state == "rehearsed":
        assert rehearsal.loopback["before", "ip"] == "refused"
        assert rehearsal.tables("ip").chains[0].chain == "INPUT"
    assert (await world.run("iptables", "-w", "-S", where=SYSTEM)).stdout == before


@pytest.mark.parametrize(
    ("where", "address", "port", "word"),
    [
        (SYSTEM, "127.0.0.1", "6379", "open"),
        (SYSTEM, "127.0.0.1", "5999", "refused"),
        ("acme-alm", "10.77.0.185", "6379", "silent"),
        ("acme-alm", "10.77.0.185", "5999", "refused"),
        ("acme-alm", "10.77.0.185", "5859", "open"),
    ],
)
async def test_a_connection_in_one_word(world: World, where: str, address: str, port: str, word: str) -> None:
    assert await said(world, connect(where, address, port)) == word


@pytest.mark.parametrize(
    ("where", "address", "port", "word"),
    [
        ("acme-dns", "127.0.0.1", "53", "open"),
        (SYSTEM, "127.0.0.1", "5999", "refused"),
        (SYSTEM, "::1", "5999", "refused"),
        ("acme-alm", "10.77.0.185", "5999", "refused"),
    ],
)
async def test_a_datagram_in_one_word(world: World, where: str, address: str, port: str, word: str) -> None:
    assert await said(world, datagram(where, address, port)) == word


async def test_a_rule_tells_whether_it_has_met_a_packet(world: World) -> None:
    rule = "-p tcp -m tcp --dport 6379 -j DROP"
    assert await said(world, connect("acme-alm", "10.77.0.185", "6379")) == "silent"
    assert await said(world, dropped(SYSTEM, "iptables", rule).run) == "dropped"
    assert await said(world, dropped(SYSTEM, "iptables", rule.replace("6379", "6380")).run) == "not yet"


async def test_udp_is_rehearsed_like_tcp(world: World) -> None:
    drop = ("-p", "udp", "-m", "udp", "--dport", "9125", "-j", "DROP")
    behind = Exec(SYSTEM, ("iptables", "-w", "-A", "INPUT", *drop))
    before = Exec(SYSTEM, ("iptables", "-w", "-I", "INPUT", "1", *drop))
    for run, word in ((behind, "refused"), (before, "silent")):
        rehearsal = await rehearse(world.host, SYSTEM, (run,), 9125, "udp")
        assert rehearsal.state == "rehearsed", rehearsal.said
        assert rehearsal.loopback["before", "ip"] == "refused"
        assert rehearsal.loopback["after", "ip"] == word


async def test_rules_are_counted_and_hashed_without_fail2bans(world: World) -> None:
    run = own(SYSTEM, "iptables", ("filter",))
    before = await said(world, run)
    there = rule_there(SYSTEM, "iptables", "INPUT", "-i lo -j ACCEPT", 1)
    assert await said(world, there.run) == "1"
    more = "*filter\n:f2b-c - [0:0]\n-A f2b-c -j RETURN\n-I INPUT 1 -p tcp -j f2b-c\nCOMMIT\n"
    less = "*filter\n-D INPUT -p tcp -j f2b-c\n-F f2b-c\n-X f2b-c\nCOMMIT\n"
    assert (await world.host.run(command(rules(SYSTEM, "iptables", more, "--noflush")))).ok
    try:
        assert await said(world, run) == before
        assert (await world.run("iptables", "-w", "-C", "INPUT", "-p", "tcp", "-j", "f2b-c", where=SYSTEM)).ok
    finally:
        assert (await world.host.run(command(rules(SYSTEM, "iptables", less, "--noflush")))).ok


async def test_ufw_says_whether_it_is_active(world: World) -> None:
    assert (await world.run("ufw", "status")).stdout.startswith(b"Status: active\n")
    assert b"allow (routed)" in (await world.run("ufw", "status", "verbose")).stdout


async def test_a_unit_tells_its_state_and_ends_well(world: World) -> None:
    for unit, value, word in (
        ("lxd-forward.service", "UnitFileState", b"enabled\n"),
        ("lxd-forward.service", "ActiveState", b"active\n"),
        ("nosuch.service", "ActiveState", b"inactive\n"),
    ):
        done = await world.run("systemctl", "show", "-p", value, "--value", unit)
        assert (done.ok, done.stdout) == (True, word), (unit, value)
