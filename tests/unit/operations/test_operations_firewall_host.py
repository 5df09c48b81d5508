"""`firewall.host-forward-accept` on the simulated host, through the real engine."""

from __future__ import annotations

from pathlib import Path

from gbtui.demo import ufw_tool
from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Danger, Exec, Plan, Replace
from tests.unit.guard.rig import Answers
from tests.unit.operations.firewall_rig import YES, rules, sh, word
from tests.unit.operations.hurried import engine, hurried
from tests.unit.operations.hurried import plan as planned

DEFAULTS = ufw_tool.DEFAULTS
SURE = Answers(acknowledged=(*YES.acknowledged, "containers-reached", "ufw-active"))


async def plan(host: DemoHost) -> Plan:
    return await planned(host, "firewall.host-forward-accept", {})


async def closed() -> DemoHost:
    """The state ufw comes in."""
    host = hurried()
    file = host.state.host.files[DEFAULTS]
    file.data = file.data.replace(b'FORWARD_POLICY="ACCEPT"', b'FORWARD_POLICY="DROP"')
    await sh(host, "host", "ufw", "reload")
    assert "-P FORWARD DROP" in await rules(host, "host")
    return host


async def test_forwarding_is_accepted_by_the_setting_and_by_the_rules(tmp_path: Path) -> None:
    host = await closed()
    before, file = await rules(host, "host"), await host.read(DEFAULTS)
    made = await plan(host)
    assert [type(step.does) for step in made.steps] == [Replace, Exec]
    assert made.danger is Danger.REVERSIBLE
    assert all(step.armed for step in made.steps)
    done = await engine(host, tmp_path).apply(made, SURE)
    assert done.result == "done", done.message
    assert (await rules(host, "host")).count("-P FORWARD ACCEPT") == 2
    assert b'DEFAULT_FORWARD_POLICY="ACCEPT"' in await host.read(DEFAULTS)
    assert "allow (routed)" in await sh(host, "host", "ufw", "status", "verbose")
    assert (await plan(host)).noop
    undone = await engine(host, tmp_path).undo(done.id, SURE)
    assert undone.result == "done", undone.message
    assert (await rules(host, "host"), await host.read(DEFAULTS)) == (before, file)


async def test_nobody_keeps_it_and_the_host_reverts(tmp_path: Path) -> None:
    host = await closed()
    before, file = await rules(host, "host"), await host.read(DEFAULTS)
    answers = Answers(keeps="revert", acknowledged=SURE.acknowledged)
    outcome = await engine(host, tmp_path).apply(await plan(host), answers)
    assert outcome.result == "reverted", outcome.message
    assert (await rules(host, "host"), await host.read(DEFAULTS)) == (before, file)


async def test_set_and_never_loaded_is_only_loaded(tmp_path: Path) -> None:
    host = await closed()
    file = host.state.host.files[DEFAULTS]
    file.data = file.data.replace(b'FORWARD_POLICY="DROP"', b'FORWARD_POLICY="ACCEPT"')
    before = await sh(host, "host", "iptables", "-w", "-S", "FORWARD")
    made = await plan(host)
    assert [step.title for step in made.steps] == ["Reload ufw"]
    done = await engine(host, tmp_path).apply(made, SURE)
    assert done.result == "done", done.message
    assert (await engine(host, tmp_path).undo(done.id, SURE)).result == "done"
    assert await sh(host, "host", "iptables", "-w", "-S", "FORWARD") == before


async def test_ufw_inactive_is_said_and_nothing_is_loaded() -> None:
    host = await closed()
    host.state.host.files[ufw_tool.CONF].data = b"ENABLED=no\n"
    made = await plan(host)
    assert word(made, "ufw-active").verdict == "warn"
    assert [type(step.does) for step in made.steps] == [Replace]


async def test_without_ufw_it_is_refused() -> None:
    host = hurried()
    del host.state.host.files[DEFAULTS]
    assert "apt install ufw" in word(await plan(host), "ufw-active").reason


async def test_a_kernel_that_does_not_forward_is_said() -> None:
    host = await closed()
    host.state.host.files["/proc/sys/net/ipv4/ip_forward"].data = b"0\n"
    assert word(await plan(host), "kernel-forwards").verdict == "warn"


async def test_a_file_without_the_line_gets_it(tmp_path: Path) -> None:
    host = await closed()
    host.state.host.files[DEFAULTS].data = b"IPV6=yes"
    done = await engine(host, tmp_path).apply(await plan(host), SURE)
    assert done.result == "done", done.message
    assert await host.read(DEFAULTS) == b'IPV6=yes\nDEFAULT_FORWARD_POLICY="ACCEPT"\n'
