"""`bans.ban` and `bans.unban` on the simulated host, through the real engine."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo.rules import Rule
from gbtui.demo.ruletext import parse_rule
from gbtui.errors import BadInput, GbtuiError
from gbtui.guard.plan import Danger
from gbtui.operations.catalog import find
from tests.unit.operations.bans_stage import FLOOD, PROXY, STRANGER, Stage, impatient, said, yes

HERE = {"container": PROXY, "jail": FLOOD}
RULE = f"-A f2b-{FLOOD} -s {STRANGER}/32 -j REJECT"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def slip_in(stage: Stage, *rules: Rule) -> None:
    """Rules of the jail's chain that fail2ban knows nothing of."""
    stage.host.state.places[PROXY].rules["ip"].table("filter")[f"f2b-{FLOOD}"].rules[:0] = rules


def reject(address: str) -> Rule:
    return parse_rule(["-s", address, "-j", "REJECT", "--reject-with", "icmp-port-unreachable"], {})


async def test_banned_in_the_packet_filter_and_taken_back(stage: Stage) -> None:
    before = await stage.rules()
    op_id = await stage.apply("bans.ban", **HERE, address=STRANGER)
    assert RULE in await stage.rules()
    assert STRANGER in await stage.banned()
    await stage.undo(op_id)
    assert await stage.rules() == before
    assert STRANGER not in await stage.banned()


async def test_on_the_host_and_over_ipv6_and_a_whole_network(stage: Stage) -> None:
    await stage.apply("bans.ban", container="host", jail="sshd", address="2001:DB8:0::7")
    assert await stage.banned("sshd", "host") != []
    assert "2001:db8::7" in await stage.banned("sshd", "host")
    await stage.apply("bans.ban", **HERE, address="2001:db8:5::/48")
    assert "-s 2001:db8:5::/48 -j REJECT" in await stage.rules(six=True)
    await stage.apply("bans.ban", **HERE, address="192.0.2.0/24")
    assert "-s 192.0.2.0/24 -j REJECT" in await stage.rules()


async def test_the_plan_says_what_and_for_how_long(stage: Stage) -> None:
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert made.danger is Danger.REVERSIBLE
    assert made.why == f"for 1 h, the ban time of {FLOOD}"
    assert said(made, "address-arrives")[0] == "warn"
    assert not made.refused
    again = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert again.fingerprint == made.fingerprint
    await stage.run("fail2ban-client", "set", FLOOD, "banip", "192.0.2.9")
    assert (await stage.plan("bans.ban", **HERE, address=STRANGER)).fingerprint == made.fingerprint


async def test_banned_meanwhile_makes_the_plan_stale(stage: Stage) -> None:
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    assert (await stage.engine.apply(made, yes(made))).result == "changed"
    noop = (await stage.plan("bans.ban", **HERE, address=STRANGER)).noop
    assert noop == f"already so: {FLOOD} lists {STRANGER}, and the packet filter turns it away"


@pytest.mark.parametrize(
    ("address", "guard", "words"),
    [
        ("198.51.100.2", "operator-peer", "logged in"),
        ("198.51.100.0/24", "operator-peer", "from 198.51.100.2"),
        ("203.0.113.10", "own-addresses", r"own address \(eth0\)"),
        ("203.0.113.0/24", "own-addresses", "own address"),
        ("203.0.113.1", "own-addresses", "gateway"),
        ("2001:db8:a::1", "own-addresses", "gateway"),
        ("2001:db8:a::/64", "own-addresses", "own address"),
        ("10.77.0.1", "public-address", r"10\.0\.0\.0/8"),
        ("10.77.0.30", "own-addresses", "lxdbr0|container acme-proxy"),
        ("127.0.0.1", "public-address", "proxy"),
        ("192.168.1.1", "public-address", "not of the public Internet"),
        ("172.31.255.255", "public-address", r"172\.16\.0\.0/12"),
        ("169.254.1.1", "public-address", "special|public"),
        ("100.64.0.1", "public-address", "public"),
        ("224.0.0.1", "public-address", "public"),
        ("255.255.255.255", "public-address", "public"),
        ("0.0.0.0/0", "prefix-width", "wider than /24"),
        ("198.18.0.0/15", "prefix-width", "wider than /24"),
        ("192.0.2.0/23", "prefix-width", "131,072|512"),
        ("2001:db8::/32", "prefix-width", "wider than /48"),
        ("::/0", "prefix-width", "wider than /48"),
        ("::1", "public-address", "public"),
        ("fe80::1", "public-address", "public"),
        ("fd00::1", "public-address", "public"),
        ("64:ff9b::c000:201", "public-address", "public"),
    ],
)
async def test_who_must_never_be_banned(stage: Stage, address: str, guard: str, words: str) -> None:
    made = await stage.plan("bans.ban", **HERE, address=address)
    verdict, reason = said(made, guard)
    assert verdict == "refuse"
    assert re.search(words, reason), reason
    assert made.steps == ()
    before = await stage.rules()
    assert (await stage.engine.apply(made, yes(made))).result == "refused"
    assert await stage.rules() == before


async def test_whom_the_jail_must_never_ban(stage: Stage) -> None:
    stage.host.state.places[PROXY].jails[FLOOD].ignored = ("203.0.113.64/26", "::1")
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert said(made, "never-banned")[0] == "refuse"
    assert f"fail2ban-client set {FLOOD} delignoreip 203.0.113.64/26" in said(made, "never-banned")[1]


async def test_where_nobody_can_say_who_is_logged_in_nobody_is_banned(stage: Stage) -> None:
    stage.host.state.places["host"].missing.add("ss")
    with pytest.raises(GbtuiError, match="ss"):
        await stage.plan("bans.ban", **HERE, address=STRANGER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jail": "nosuch"}, f"has no jail nosuch; its jails: {FLOOD}"),
        ({"container": "acme-nowhere"}, "there is no container acme-nowhere"),
        ({"container": "acme-dns"}, "systemctl start fail2ban"),
    ],
)
async def test_a_jail_that_is_not_there(stage: Stage, changes: dict[str, str], words: str) -> None:
    for operation in ("bans.ban", "bans.unban"):
        made = await stage.plan(operation, **{**HERE, "address": STRANGER, **changes})
        assert words in said(made, "jail-exists")[1]
        assert made.steps == ()
    stage.host.state.places[PROXY].missing.add("fail2ban-client")
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert "not installed" in said(made, "jail-exists")[1]


async def test_a_stopped_container_is_refused(stage: Stage) -> None:
    await stage.run("lxc", "stop", PROXY, where="host")
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert said(made, "jail-exists") == ("refuse", f"{PROXY} is stopped: start it first")


@pytest.mark.parametrize(
    "value",
    [
        *("not-an-ip", "1.2.3", "1.2.3.4.5", "1.2.3.4/33", "1.2.3.4/24", "01.2.3.4", "1.2.3.4;reboot"),
        *("1.2.3.4 ", "-1.2.3.4", "--all", "fe80::1%eth0", "::ffff:198.51.100.2", "1.2.3.4/255.255.255.0"),
        *("", "2001:db8::/129", "localhost", "1.2.3.4\n", "１.2.3.4"),
    ],
)
def test_what_is_no_address_is_refused_at_the_edge(value: str) -> None:
    for operation in ("bans.ban", "bans.unban"):
        with pytest.raises(BadInput, match="expected IP address"):
            find(operation).checked({**HERE, "address": value})


async def test_listed_and_let_through_is_banned_anew(stage: Stage) -> None:
    """fail2ban's word is no proof: its action failed, and it goes on to list the address."""
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    await stage.run("iptables", "-w", "-D", f"f2b-{FLOOD}", "-s", STRANGER, "-j", "REJECT")
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert "lets it through" in made.why
    await stage.apply("bans.ban", **HERE, address=STRANGER)
    assert (await stage.rules()).count(RULE) == 1


async def test_a_chain_that_nothing_leads_to_blocks_nobody(stage: Stage) -> None:
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    chains = stage.host.state.places[PROXY].rules["ip"].table("filter")
    chains["INPUT"].rules[:] = [rule for rule in chains["INPUT"].rules if rule.target != f"f2b-{FLOOD}"]
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert "lets it through" in made.why


async def test_an_action_that_does_nothing_is_seen_and_taken_back(stage: Stage) -> None:
    """fail2ban answers 1 and lists the address; the packet filter does not hold it: undone."""
    stage.host.state.places[PROXY].jails[FLOOD].action = "nothing"
    made = impatient(await stage.plan("bans.ban", **HERE, address=STRANGER))
    outcome = await stage.engine.apply(made, yes(made))
    assert outcome.result == "failed-undone", outcome.message
    assert STRANGER not in await stage.banned()


async def test_a_rule_without_a_ban_goes_first(stage: Stage) -> None:
    slip_in(stage, reject(STRANGER))
    made = await stage.plan("bans.ban", **HERE, address=STRANGER)
    assert "bans.clear-orphans" in said(made, "no-orphan-rule")[1]
    assert made.steps == ()


async def test_unban_leaves_no_rule_and_can_be_taken_back(stage: Stage) -> None:
    await stage.run("fail2ban-client", "set", FLOOD, "banip", STRANGER)
    slip_in(stage, reject(STRANGER))
    assert (await stage.rules()).count(RULE) == 2
    made = await stage.plan("bans.unban", **HERE, address=STRANGER)
    assert made.why == f"{FLOOD} lists it, and iptables turns it away"
    op_id = await stage.apply("bans.unban", **HERE, address=STRANGER)
    assert RULE not in await stage.rules()
    assert STRANGER not in await stage.banned()
    await stage.undo(op_id)
    assert RULE in await stage.rules()
    assert STRANGER in await stage.banned()


async def test_unban_finds_a_rule_that_no_jail_knows(stage: Stage) -> None:
    slip_in(stage, reject(STRANGER))
    made = await stage.plan("bans.unban", **HERE, address=STRANGER)
    assert "no jail lists it" in made.why
    await stage.apply("bans.unban", **HERE, address=STRANGER)
    assert RULE not in await stage.rules()


async def test_unban_of_nobody_says_what_is_held_instead(stage: Stage) -> None:
    made = await stage.plan("bans.unban", **HERE, address=STRANGER)
    assert made.noop == f"nothing to do: {FLOOD} of {PROXY} does not list {STRANGER}, nor does a rule"
    await stage.run("fail2ban-client", "set", FLOOD, "banip", "203.0.113.0/24")
    made = await stage.plan("bans.unban", **HERE, address=STRANGER)
    assert made.noop.endswith(f"held is 203.0.113.0/24 in {FLOOD}")


async def test_a_packet_filter_that_cannot_be_read_is_an_error_not_an_answer(stage: Stage) -> None:
    stage.host.state.places[PROXY].units["fail2ban.service"] = replace(
        stage.host.state.places[PROXY].units["fail2ban.service"], active=False
    )
    made = await stage.plan("bans.unban", **HERE, address=STRANGER)
    assert said(made, "jail-exists")[0] == "refuse"


async def test_unbanning_oneself_is_never_taken_back(stage: Stage) -> None:
    """Undone, it would ban who is logged in: the guards of a ban hold for the undo of an unban, too."""
    await stage.run("fail2ban-client", "set", "sshd", "banip", "198.51.100.2", where="host")
    op_id = await stage.apply("bans.unban", container="host", jail="sshd", address="198.51.100.2")
    back = await stage.engine.plan_undo(op_id)
    assert back.refused
    assert any("would ban somebody logged in" in verdict.reason for verdict in back.verdicts)
    await stage.run("fail2ban-client", "set", "sshd", "banip", "10.77.0.1", where="host")
    stage.host.state.places["host"].missing.add("ss")
    made = await stage.plan("bans.unban", container="host", jail="sshd", address="10.77.0.1")
    assert made.steps[0].no_undo.startswith("it is not known whom it would hit")
