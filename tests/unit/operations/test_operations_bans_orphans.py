"""`bans.clear-orphans` on the simulated host: what no jail has goes, what a jail has stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.rules import Chain
from gbtui.demo.ruletext import parse_rule
from gbtui.guard.plan import Exec
from gbtui.operations import bans_orphans
from tests.unit.operations.bans_stage import FLOOD, PROXY, STRANGER, Stage, impatient, said, yes

REJECT = ("-j", "REJECT", "--reject-with", "icmp-port-unreachable")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def slip_in(stage: Stage, address: str, chain: str = f"f2b-{FLOOD}") -> None:
    done = await stage.run("iptables", "-w", "-I", chain, "1", "-s", address, *REJECT)
    assert done.ok, done.stderr


async def test_orphans_go_bans_stay_and_both_come_back(stage: Stage) -> None:
    healthy = await stage.rules()
    await slip_in(stage, STRANGER)
    await slip_in(stage, "192.0.2.44")
    broken, banned = await stage.rules(), await stage.banned()
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    assert made.why == f"turned away without a ban: 192.0.2.44 in {FLOOD}, {STRANGER} in {FLOOD}"
    op_id = await stage.apply("bans.clear-orphans", container=PROXY)
    assert await stage.rules() == healthy
    assert await stage.banned() == banned
    assert (await stage.plan("bans.clear-orphans", container=PROXY)).noop.startswith(
        "nothing to clear: 5 bans"
    )
    await stage.undo(op_id)
    assert sorted((await stage.rules()).splitlines()) == sorted(broken.splitlines())


async def test_a_second_rule_of_a_banned_address_goes_the_first_stays(stage: Stage) -> None:
    """It would outlive the ban: fail2ban takes away one."""
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    await slip_in(stage, STRANGER)
    await slip_in(stage, STRANGER)
    await stage.apply("bans.clear-orphans", container=PROXY)
    assert (await stage.rules()).count(f"-s {STRANGER}/32") == 1
    await stage.apply("bans.unban", container=PROXY, jail=FLOOD, address=STRANGER)
    assert STRANGER not in await stage.rules()


async def test_a_chain_whose_jail_is_gone(stage: Stage) -> None:
    chains = stage.host.state.places[PROXY].rules["ip"].table("filter")
    chains["f2b-old"] = Chain("f2b-old", rules=[parse_rule(["-j", "RETURN"], chains)])
    await slip_in(stage, STRANGER, "f2b-old")
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    assert made.why.endswith("there is no jail old any more")
    await stage.apply("bans.clear-orphans", container=PROXY)
    assert STRANGER not in await stage.rules()


async def test_the_guides_unban_all_leaves_an_orphan_behind(stage: Stage) -> None:
    await stage.run("fail2ban-client", "set", FLOOD, "banip", "not-an-ip")
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    assert "'not-an-ip' in caddy-http-flood" in said(made, "entries-are-addresses")[1]
    assert made.noop


async def test_without_fail2bans_list_nothing_is_cleared(stage: Stage) -> None:
    await slip_in(stage, STRANGER)
    stage.host.state.places[PROXY].units["fail2ban.service"].active = False
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    assert said(made, "fail2ban-answers")[0] == "refuse"
    assert (await stage.engine.apply(made, yes(made))).result == "refused"
    assert STRANGER in await stage.rules()


async def test_banned_after_the_plan_it_is_no_orphan_any_more(stage: Stage) -> None:
    await slip_in(stage, STRANGER)
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    assert (await stage.engine.apply(impatient(made), yes(made))).result == "changed"
    assert STRANGER in await stage.rules()


async def test_many_are_cleared_in_turns(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans_orphans, "MOST", 2)
    for last in range(1, 4):
        await slip_in(stage, f"192.0.2.{last}")
    made = await stage.plan("bans.clear-orphans", container=PROXY)
    assert len(made.steps) == 2
    assert made.why.endswith("1 more remain for the next time")


async def test_on_a_host_without_orphans_nothing_is_done(stage: Stage) -> None:
    made = await stage.plan("bans.clear-orphans", container="host")
    assert made.noop == "nothing to clear: 3 bans in host, and no rule without one"


async def test_an_unban_leaves_fail2bans_own_rule_to_fail2ban(stage: Stage) -> None:
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    await stage.run("iptables", "-w", "-I", f"f2b-{FLOOD}", "1", "-s", STRANGER, "-j", "DROP")
    made = await stage.plan("bans.unban", container=PROXY, jail=FLOOD, address=STRANGER)
    deleted = made.steps[0].does
    assert isinstance(deleted, Exec)
    assert deleted.argv[-2:] == ("-j", "DROP")
    await stage.apply("bans.unban", container=PROXY, jail=FLOOD, address=STRANGER)
    assert STRANGER not in await stage.rules()
