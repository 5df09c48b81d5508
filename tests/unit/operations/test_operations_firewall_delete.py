"""`firewall.delete-rule` on the simulated host, through the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.plan import Danger, Plan
from gbtui.operations.catalog import find
from gbtui.operations.firewall_delete import RULE
from tests.unit.guard.rig import Answers
from tests.unit.operations.firewall_rig import BOX, V4, YES, rules, saved, sh, word
from tests.unit.operations.hurried import engine, hurried
from tests.unit.operations.hurried import plan as planned

DROP = "-p tcp -m tcp --dport 9000 -j DROP"
SSH = "-p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT"
SURE = Answers(acknowledged=(*YES.acknowledged, "opens", "not-others"))


async def plan(host: DemoHost, rule: str = DROP, container: str = BOX, **more: str) -> Plan:
    given = {"container": container, "rule": rule, **more}
    return await planned(host, "firewall.delete-rule", given)


async def test_gone_running_and_saved_and_back_at_its_place(tmp_path: Path) -> None:
    host = hurried()
    before, files = await rules(host), await saved(host)
    done = await engine(host, tmp_path).apply(await plan(host), SURE)
    assert done.result == "done", done.message
    assert DROP not in await rules(host)
    assert DROP.encode() not in ((await saved(host))[0] or b"")
    assert "no rule of filter INPUT" in word(await plan(host), "exactly-one").reason
    undone = await engine(host, tmp_path).undo(done.id, SURE)
    assert undone.result == "done", undone.message
    assert (await rules(host), await saved(host)) == (before, files)


async def test_a_saved_rule_written_by_hand_goes_as_well(tmp_path: Path) -> None:
    host = hurried()
    file = host.state.places[BOX].files[V4]
    file.data = file.data.replace(b"-p tcp -m tcp --dport 9000", b"-p tcp --dport 9000")
    done = await engine(host, tmp_path).apply(await plan(host), SURE)
    assert done.result == "done", done.message
    assert b"9000" not in ((await saved(host))[0] or b"")


async def test_who_takes_out_a_drop_has_read_what_it_opens(tmp_path: Path) -> None:
    host = hurried()
    assert (await engine(host, tmp_path).apply(await plan(host), Answers())).result == "refused"
    assert DROP in await rules(host)


@pytest.mark.parametrize(
    ("given", "guard"),
    [
        ({"rule": "-i lo -j ACCEPT"}, "loopback-stays"),
        ({"rule": "-A INPUT -i lo -j ACCEPT"}, "loopback-stays"),
        ({"rule": "-p tcp -m tcp --dport 900 -j DROP"}, "exactly-one"),
        ({"rule": DROP, "chain": "NOSUCH"}, "exactly-one"),
        ({"rule": DROP, "chain": "FORWARD"}, "exactly-one"),
        ({"rule": DROP, "family": "ip6"}, "exactly-one"),
        ({"rule": SSH, "container": "host", "chain": "ufw-user-input"}, "ssh-stays"),
        ({"rule": "-j ufw-before-input", "container": "host"}, "ssh-stays"),
        ({"rule": "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "container": "host",
          "chain": "ufw-before-input"}, "ssh-stays"),
        ({"rule": "-i lo -j ACCEPT", "container": "host", "chain": "ufw-before-input"}, "loopback-stays"),
    ],
)  # fmt: skip
async def test_what_must_stay_is_refused(tmp_path: Path, given: dict[str, str], guard: str) -> None:
    host = hurried()
    made = await plan(host, **given)
    assert guard in [verdict.guard for verdict in made.refused]
    before = await rules(host, "host") + await rules(host)
    assert (await engine(host, tmp_path).apply(made, SURE)).result == "refused"
    assert await rules(host, "host") + await rules(host) == before


async def test_who_takes_out_an_accept_has_read_which_ports_it_closes(tmp_path: Path) -> None:
    host = hurried()
    rule = "-p tcp -m tcp --dport 5858 -j ACCEPT"
    for words in (("-A", "INPUT", *rule.split()), ("-P", "INPUT", "DROP")):
        await sh(host, BOX, "iptables", "-w", *words)
    made = await plan(host, rule)
    assert made.dark == ("tcp :5858 of acme-system from elsewhere, until it is undone",)
    assert made.danger is Danger.DISRUPTIVE
    assert "tcp :5858" in word(made, "closes").reason
    before = await rules(host)
    assert (await engine(host, tmp_path).apply(made, SURE)).result == "refused"
    assert await rules(host) == before
    sure = Answers(acknowledged=(*SURE.acknowledged, "closes"))
    assert (await engine(host, tmp_path).apply(made, sure)).result == "done"


@pytest.mark.parametrize(
    "rule", ["-p tcp -m tcp --dport 5999 -j ACCEPT", "-p tcp -m tcp --dport 6379 -j ACCEPT"]
)
async def test_a_port_where_nobody_listens_or_only_loopback_does_is_none_that_closes(rule: str) -> None:
    host = hurried()
    for words in (("-A", "INPUT", *rule.split()), ("-P", "INPUT", "DROP")):
        await sh(host, BOX, "iptables", "-w", *words)
    made = await plan(host, rule)
    assert made.dark == ()
    assert made.danger is Danger.REVERSIBLE
    assert word(made, "closes").verdict == "allow"


async def test_an_accept_for_one_source_closes_the_port_for_it() -> None:
    host = hurried()
    rule = "-s 10.77.0.30/32 -p tcp -m tcp --dport 5858 -j ACCEPT"
    for words in (("-A", "INPUT", *rule.split()), ("-P", "INPUT", "DROP")):
        await sh(host, BOX, "iptables", "-w", *words)
    assert "tcp :5858" in (await plan(host, rule)).dark[0]


async def test_the_containers_way_out_is_named() -> None:
    host = hurried()
    await sh(host, "host", "iptables", "-w", "-P", "FORWARD", "DROP")
    listed = await sh(host, "host", "iptables", "-w", "-S", "FORWARD")
    rule = next(line for line in listed.splitlines() if "-i lxdbr0" in line).removeprefix("-A FORWARD ")
    made = await plan(host, rule, "host", chain="FORWARD")
    assert made.dark == ("the way out of the containers on lxdbr0, until it is undone",)


async def test_a_rule_that_leads_a_port_into_a_container_is_named() -> None:
    host = hurried()
    rule = "-p tcp -m tcp --dport 8443 -j DNAT --to-destination 10.77.0.30:443"
    await sh(host, "host", "iptables", "-w", "-t", "nat", "-A", "PREROUTING", *rule.split())
    made = await plan(host, rule, "host", chain="PREROUTING", table="nat")
    assert "tcp :8443, which a rule leads to 10.77.0.30:443" in made.dark[0]


async def test_without_ss_it_says_that_it_cannot_see_who_listens() -> None:
    host = hurried()
    host.state.places[BOX].missing.add("ss")
    assert "has no ss" in word(await plan(host), "closes").reason
    assert word(await plan(host), "closes").verdict == "warn"


async def test_two_equal_rules_are_refused() -> None:
    host = hurried()
    await sh(host, BOX, "iptables", "-w", "-A", "INPUT", *DROP.split())
    assert "2 rules of" in word(await plan(host), "exactly-one").reason


async def test_fail2bans_own_rule_is_left_to_it() -> None:
    host = hurried()
    listed = await sh(host, "acme-proxy", "iptables", "-w", "-S", "INPUT")
    jump = next(line for line in listed.splitlines() if "f2b-" in line)
    assert word(await plan(host, jump, "acme-proxy"), "not-others").verdict == "refuse"


async def test_the_hosts_policy_needs_the_operators_rule_also_where_nobody_is_known() -> None:
    """Neither `ss` nor SSH_CONNECTION says who is there: whoever comes to port 22 counts."""
    host = hurried()
    host.state.host.missing |= {"ss", "printenv"}
    made = await plan(host, SSH, "host", chain="ufw-user-input")
    assert word(made, "ssh-stays").verdict == "refuse"


async def test_a_rule_with_quotes_in_it_is_found_and_comes_back(tmp_path: Path) -> None:
    host = hurried()
    comment = 'say "x" $(y)'
    await sh(host, BOX, "iptables", "-w", "-A", "INPUT", "-m", "comment", "--comment", comment, "-j", "DROP")
    before = await rules(host)
    spec = before.splitlines()[6].removeprefix("-A INPUT ")
    assert "say" in spec
    done = await engine(host, tmp_path).apply(await plan(host, spec), SURE)
    assert done.result == "done", done.message
    assert await rules(host) != before
    assert (await engine(host, tmp_path).undo(done.id, SURE)).result == "done"
    assert await rules(host) == before


@pytest.mark.parametrize(
    "rule", ["-rf", "--help", "1", "-j", "-i lo -j ACCEPT\n", "INPUT -j DROP", "-j ä", "-jx " * 200]
)
def test_what_is_no_rule_is_refused_with_the_form(rule: str) -> None:
    with pytest.raises(BadInput, match="as iptables -S shows it"):
        find("firewall.delete-rule").checked({"container": BOX, "rule": rule})


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_refused(value: str) -> None:
    if not RULE.check(value):
        assert value.isascii()
        assert value.startswith(("-", "!", " ", '"', "'"))
