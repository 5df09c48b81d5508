"""`firewall.persist-lxd-forward` on the simulated host, through the real engine."""

from __future__ import annotations

from pathlib import Path

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Danger, Plan
from gbtui.operations.firewall_lxd_unit import UNITS
from tests.operations_cases import no_forward_unit
from tests.unit.guard.rig import Answers
from tests.unit.operations.firewall_rig import YES, rules, sh, word
from tests.unit.operations.hurried import engine, hurried
from tests.unit.operations.hurried import plan as planned

UNIT = "lxd-forward.service"
PATH = f"{UNITS}/{UNIT}"
RULE = "-A FORWARD -i lxdbr0 -j ACCEPT"
SURE = Answers(acknowledged=(*YES.acknowledged, "unit-replaced"))


async def plan(host: DemoHost) -> Plan:
    return await planned(host, "firewall.persist-lxd-forward", {})


async def without() -> DemoHost:
    host = hurried()
    await no_forward_unit(host)
    assert RULE not in await rules(host, "host")
    return host


async def booted(host: DemoHost) -> None:
    """What a boot does: ufw's rules anew, then the units that are wanted."""
    for program in ("iptables", "ip6tables"):
        await sh(host, "host", program, "-w", "-D", "FORWARD", *RULE.split()[2:])
    host.state.host.units[UNIT].active = False
    if (await sh(host, "host", "systemctl", "is-enabled", UNIT)).strip() == "enabled":
        await sh(host, "host", "systemctl", "start", UNIT)


async def test_the_rule_is_there_now_and_after_a_boot(tmp_path: Path) -> None:
    host = await without()
    before = await rules(host, "host")
    made = await plan(host)
    assert made.danger is Danger.REVERSIBLE
    assert all(step.armed for step in made.steps)
    assert made.revert_after > 0
    done = await engine(host, tmp_path).apply(made, SURE)
    assert done.result == "done", done.message
    assert (await rules(host, "host")).count(RULE) == 2
    await booted(host)
    assert (await rules(host, "host")).count(RULE) == 2, "IPv4 and IPv6, each once"
    assert (await plan(host)).noop
    undone = await engine(host, tmp_path).undo(done.id, SURE)
    assert undone.result == "done", undone.message
    assert await rules(host, "host") == before
    assert PATH not in host.state.host.files


async def test_nobody_keeps_it_and_the_host_takes_it_back(tmp_path: Path) -> None:
    host = await without()
    before = await rules(host, "host")
    answers = Answers(keeps="revert", acknowledged=SURE.acknowledged)
    assert (await engine(host, tmp_path).apply(await plan(host), answers)).result == "reverted"
    assert await rules(host, "host") == before
    assert PATH not in host.state.host.files


async def test_a_rule_put_in_by_hand_is_taken_over_and_comes_back(tmp_path: Path) -> None:
    host = await without()
    await sh(host, "host", "iptables", "-w", "-I", "FORWARD", "1", *RULE.split()[2:])
    before = await rules(host, "host")
    done = await engine(host, tmp_path).apply(await plan(host), SURE)
    assert done.result == "done", done.message
    assert (await rules(host, "host")).count(RULE) == 2
    assert (await engine(host, tmp_path).undo(done.id, SURE)).result == "done"
    assert await rules(host, "host") == before


async def test_not_enabled_is_only_enabled() -> None:
    host = hurried()
    await sh(host, "host", "systemctl", "disable", UNIT)
    assert [step.title for step in (await plan(host)).steps] == [f"Enable {UNIT}"]


async def test_a_rule_that_is_gone_is_put_in_again(tmp_path: Path) -> None:
    host = hurried()
    await sh(host, "host", "iptables", "-w", "-D", "FORWARD", *RULE.split()[2:])
    before = await rules(host, "host")
    made = await plan(host)
    assert [step.title for step in made.steps] == [f"Restart {UNIT}"]
    done = await engine(host, tmp_path).apply(made, SURE)
    assert done.result == "done", done.message
    assert RULE in await rules(host, "host")
    assert (await engine(host, tmp_path).undo(done.id, SURE)).result == "done"
    assert await rules(host, "host") == before


async def test_somebody_elses_unit_is_only_replaced_knowingly(tmp_path: Path) -> None:
    host = hurried()
    host.state.host.files[
        PATH
    ].data = b"[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    made = await plan(host)
    assert word(made, "unit-replaced").verdict == "warn"
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"


async def test_without_a_bridge_there_is_nothing_to_forward() -> None:
    host = hurried()
    host.state.instances.clear()
    assert word(await plan(host), "bridge-known").verdict == "refuse"
