"""The rehearsal: on the simulated host, and in real namespaces where this machine allows them."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.config import HostConfig
from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Exec
from gbtui.hosts.base import Command, inside
from gbtui.hosts.local import LocalHost
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.firewall_rehearse import parse, rehearse, verdict
from gbtui.profiles import load

BOX = "acme-system"
FIRST = ("iptables", "-w", "-I", "INPUT", "1", "-i", "lo", "-j", "ACCEPT")
CUT = ("iptables", "-w", "-I", "INPUT", "1", "-p", "tcp", "--dport", "6379", "-j", "DROP")
MISSING = ("iptables", "-w", "-A", "INPUT", "-j", "nosuch")
REAL = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("iptables", "unshare", "bash", "ip"))),
    reason="needs root, iptables, ip and unshare",
)


@pytest.mark.parametrize(
    ("argv", "said", "word"),
    [
        (FIRST, "allow", "loopback passes"),
        (CUT, "refuse", "loopback is cut off"),
        (MISSING, "refuse", "nosuch"),
    ],
)
async def test_what_would_happen_is_told_and_nothing_happens(
    argv: tuple[str, ...], said: str, word: str
) -> None:
    host = DemoHost()
    before = await host.run(inside(BOX, Command(("iptables", "-w", "-S"))))
    found = verdict(await rehearse(host, BOX, (Exec(BOX, argv),), 6379), BOX)
    assert (found.verdict, word in found.reason) == (said, True), found
    assert (await host.run(inside(BOX, Command(("iptables", "-w", "-S"))))).stdout == before.stdout


async def test_where_no_namespace_can_be_made_it_warns() -> None:
    host = DemoHost(faults=["valkey-loopback"])
    host.state.places[BOX].no_namespaces = True
    plan = await find("firewall.accept-loopback").plan(Context(host, load()), {"container": BOX})
    assert [v.verdict for v in plan.verdicts if v.guard == "rehearsed"] == ["warn"]
    assert plan.steps


async def test_the_incidents_plan_says_that_it_was_rehearsed() -> None:
    host = DemoHost(faults=["valkey-loopback"])
    plan = await find("firewall.accept-loopback").plan(Context(host, load()), {"container": BOX})
    (said,) = [v for v in plan.verdicts if v.guard == "rehearsed"]
    assert said.verdict == "allow"
    assert "loopback passes (IPv4 and IPv6)" in said.reason


@REAL
@pytest.mark.parametrize(
    ("argv", "said", "word"),
    [
        (FIRST, "allow", "loopback passes"),
        (CUT, "refuse", "loopback is cut off"),
        (MISSING, "refuse", "nosuch"),
    ],
)
async def test_the_same_by_the_kernel(argv: tuple[str, ...], said: str, word: str) -> None:
    host = LocalHost(HostConfig("here", "local"))
    try:
        before = await host.run(Command(("iptables-save",), root=True))
        rehearsal = await rehearse(host, "host", (Exec("host", argv),), 6379)
        after = await host.run(Command(("iptables-save",), root=True))
    finally:
        await host.close()
    if rehearsal.state == "impossible":
        pytest.skip(rehearsal.said)
    found = verdict(rehearsal, "host")
    assert (found.verdict, word in found.reason) == (said, True), found
    assert before.stdout.count(b"-A ") == after.stdout.count(b"-A ")


@given(st.binary(max_size=300))
def test_any_output_is_read(output: bytes) -> None:
    assert parse(output).state in {"rehearsed", "impossible", "failed"}


@given(st.binary(max_size=80))
def test_what_did_not_say_rehearsed_is_never_allowed(output: bytes) -> None:
    if not output.startswith(b"rehearsed"):
        assert verdict(parse(output), "x").verdict != "allow"
