"""gbtui's own scripts on the simulated host: the lock, and the revert that fires without anybody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.errors import Refused
from gbtui.guard import lock
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Wait
from gbtui.guard.revert import Reverter
from gbtui.hosts.base import Command, inside

SYSTEM = "acme-system"
SAVED = "/etc/iptables/rules.v4"
RULE = ("INPUT", "-i", "lo", "-p", "tcp", "--dport", "7000", "-j", "ACCEPT")


def plan() -> Plan:
    """A rule and a file, both armed, with values that a shell could trip over."""
    there = Probe("rule is there", Exec(SYSTEM, ("iptables", "-w", "-C", *RULE)), "status", "0")
    text = b'it\'s; a "file" && more\n'
    same = Probe("file is new", Exec(SYSTEM, ("cat", SAVED)), "contains", 'a "file" && more')
    old = b"old\n"
    gone = Probe("ping", Exec(SYSTEM, ("valkey-cli", "ping")), "stdout", "PONG")
    undo_file = (Replace(SYSTEM, SAVED, text, old, ""), Wait(gone, 3))
    steps = (
        Step(
            "it's a rule",
            Exec(SYSTEM, ("iptables", "-w", "-A", *RULE)),
            there,
            (Exec(SYSTEM, ("iptables", "-w", "-D", *RULE)),),
            armed=True,
        ),
        Step("save", Replace(SYSTEM, SAVED, old, text, f"{SAVED}.bak"), same, undo_file, armed=True),
    )
    return Plan("demo.test", (), "Test", "", Danger.REVERSIBLE, steps, (), (), (), "f", revert_after=60.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def host(clock: ManualClock) -> DemoHost:
    return DemoHost(clock=clock)


async def has_rule(host: DemoHost) -> bool:
    return (await host.run(inside(SYSTEM, Command(("iptables", "-w", "-C", *RULE))))).ok


async def change(host: DemoHost) -> None:
    assert (await host.run(inside(SYSTEM, Command(("iptables", "-w", "-A", *RULE))))).ok
    await host.write(SAVED, b'it\'s; a "file" && more\n', instance=SYSTEM)


async def test_the_host_puts_itself_back_when_its_time_has_come(host: DemoHost, clock: ManualClock) -> None:
    reverter = Reverter(host)
    await reverter.arm(plan(), "op1")
    await change(host)
    clock.advance(59)
    assert await has_rule(host)
    clock.advance(2)
    assert not await has_rule(host)
    assert await host.read(SAVED, instance=SYSTEM) == b"old\n"
    found = await reverter.outcome("op1")
    assert found is not None
    assert found.ok, found.output
    (told,) = await reverter.pending()
    assert (told.id, told.state, told.title) == ("op1", "reverted", "Test")
    await reverter.reported("op1")
    assert await reverter.pending() == ()


async def test_a_revert_says_what_was_not_done(host: DemoHost, clock: ManualClock) -> None:
    reverter = Reverter(host)
    await reverter.arm(plan(), "op1")
    clock.advance(61)
    found = await reverter.outcome("op1")
    assert found is not None
    assert found.ok
    assert "step 1 (it's a rule): was not done" in found.output
    assert await host.read(SAVED, instance=SYSTEM) != b"old\n"


async def test_kept_is_kept(host: DemoHost, clock: ManualClock) -> None:
    reverter = Reverter(host)
    await reverter.arm(plan(), "op1")
    await change(host)
    (armed,) = await reverter.pending()
    assert armed.state == "armed"
    assert armed.at == datetime.fromtimestamp(int(clock.now()) + 60, UTC)
    assert await reverter.disarm("op1") is None
    clock.advance(1000)
    assert await has_rule(host)
    assert await reverter.pending() == ()


async def test_renewing_gives_more_time(host: DemoHost, clock: ManualClock) -> None:
    reverter = Reverter(host)
    await reverter.arm(plan(), "op1")
    await change(host)
    clock.advance(50)
    await reverter.renew("op1", 60)
    clock.advance(50)
    assert await has_rule(host)
    clock.advance(11)
    assert not await has_rule(host)


async def test_reverting_at_once(host: DemoHost) -> None:
    reverter = Reverter(host)
    await reverter.arm(plan(), "op1")
    await change(host)
    assert (await reverter.now("op1")).ok
    assert not await has_rule(host)
    found = await reverter.disarm("op1")
    assert found is not None
    assert found.ok


async def test_one_holder_at_a_time(host: DemoHost) -> None:
    async with lock.hold(host, user="ada", operation="firewall.accept-loopback", op_id="op1") as held:
        assert not held.lost
        with pytest.raises(Refused, match=r"ada runs firewall\.accept-loopback"):
            async with lock.hold(host, user="bob", operation="x", op_id="op2"):
                pass
        found = await lock.holder(host)
        assert found is not None
        assert found.user == "ada"
    assert await lock.holder(host) is None
    async with lock.hold(host, user="bob", operation="x", op_id="op3"):
        pass
