"""`firewall.drop-port` on the simulated host, through the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Plan
from tests.unit.operations.firewall_rig import BOX, YES, rules, saved, sh, word
from tests.unit.operations.hurried import engine, hurried
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
