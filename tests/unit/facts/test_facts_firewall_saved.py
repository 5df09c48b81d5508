from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import BadInput, Malformed
from gbtui.facts.firewall import saved_text, with_rule_first
from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.firewall_saved import compare, is_others
from tests.unit.facts.fakehost import fixture

LXD = '-A FORWARD -o lxdbr0 -m comment --comment "generated for LXD network lxdbr0" -j ACCEPT\n'
OWN = '-A INPUT -m comment --comment "not \\"-j f2b-sshd\\" nor generated for LXD" -j ACCEPT\n'


def test_the_incidents_rules_as_they_must_be_saved() -> None:
    assert saved_text(fixture("incident-after.txt")) == (
        b"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        b"-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 6379 -j DROP\nCOMMIT\n"
    )


def test_fail2bans_and_lxds_rules_are_not_saved_and_nothing_else_is_lost() -> None:
    data = fixture("f2b-iptables-save.txt").replace(b"COMMIT\n", LXD.encode() + OWN.encode() + b"COMMIT\n")
    assert saved_text(data) == (
        b"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        b"-A INPUT -i lo -j ACCEPT\n" + OWN.encode() + b"COMMIT\n"
    )


def test_dockers_noise_stays() -> None:
    rule = "-A FORWARD -o docker0 -j DOCKER\n"
    data = f"*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n[5:6] {rule}COMMIT\n".encode()
    assert rule.encode() in saved_text(data)


@pytest.mark.parametrize("cut", [b"*filter\n:INPUT ACCEPT [0:0]\n", b"*filter\nwhat\nCOMMIT\n", b"COMMIT\n"])
def test_what_is_cut_or_strange_must_not_be_written(cut: bytes) -> None:
    with pytest.raises(Malformed):
        saved_text(cut)


def test_bytes_that_are_no_text_survive() -> None:
    rule = b'-A INPUT -m comment --comment "caf\xe9 \xff" -j ACCEPT\n'
    assert rule in saved_text(b"*filter\n:INPUT ACCEPT [0:0]\n[1:2] " + rule + b"COMMIT\n")


def test_a_rule_put_first() -> None:
    before = saved_text(fixture("incident-before.txt"))
    assert with_rule_first(before, "INPUT", "-i lo -j ACCEPT") == saved_text(fixture("incident-after.txt"))
    after = with_rule_first(before, "INPUT", "-i lo -j ACCEPT")
    assert with_rule_first(after, "INPUT", "-i lo -j ACCEPT") == after


def test_a_first_rule_where_there_was_none() -> None:
    made = with_rule_first(b"", "INPUT", "-i lo -j ACCEPT")
    assert made.endswith(b":OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n")
    nat = b"*nat\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n"
    assert with_rule_first(nat, "INPUT", "-i lo -j ACCEPT") == nat + made
    grouped = b"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j DROP\nCOMMIT\n"
    assert with_rule_first(grouped, "INPUT", "-i lo -j ACCEPT").split(b"\n")[3:5] == [
        b"-A INPUT -i lo -j ACCEPT",
        b"-A FORWARD -j DROP",
    ]


@pytest.mark.parametrize(("chain", "spec"), [("IN PUT", "x"), ("INPUT", ""), ("INPUT", "-j ACCEPT\nCOMMIT")])
def test_what_cannot_stand_in_the_file_is_refused(chain: str, spec: str) -> None:
    with pytest.raises(BadInput):
        with_rule_first(b"", chain, spec)


def test_a_chain_that_is_not_there() -> None:
    with pytest.raises(Malformed, match="no chain ufw"):
        with_rule_first(saved_text(fixture("incident-after.txt")), "ufw", "-j ACCEPT")


def differing(running: str, saved: str) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
    def tables(text: str) -> bytes:
        return f"*filter\n:INPUT ACCEPT [0:0]\n{text}COMMIT\n".encode()

    ours, file = parse_save(tables(running), "host", "ip"), parse_save(tables(saved), "host", "ip")
    found, _ = compare(ours, file, "rules.v4")
    return found.state, found.only_in_memory, found.only_in_file, found.why


def test_order_and_number_count_and_others_rules_do_not() -> None:
    one, two = "-A INPUT -i lo -j ACCEPT\n", "-A INPUT -j DROP\n"
    assert differing(one + two, one + two)[0] == "same"
    assert differing(one + two, two + one) == ("differs", (), (), "order differs in filter INPUT")
    assert differing(one + one, one)[:2] == ("differs", ("filter -A INPUT -i lo -j ACCEPT",))
    assert differing(one, one + two)[2] == ("filter -A INPUT -j DROP",)
    assert differing(one + "-A INPUT -p tcp -j f2b-sshd\n" + LXD, one)[0] == "same"
    assert differing(one, one + "strange\n")[0] == "differs"


def test_a_policy_counts() -> None:
    ours = parse_save(b"*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "host", "ip")
    found, marks = compare(ours, parse_save(b"", "host", "ip"), "rules.v4")
    assert found.only_in_memory == ("filter -P INPUT DROP",)
    assert [(mark.kind, mark.rule) for mark in marks] == [("only-in-memory", -1)]


LXDS, QUOTED = '--comment "generated for LXD x"', '--comment "a  \\" b"'
SPECS = st.lists(
    st.sampled_from(["-i lo", "-p tcp", "-j DROP", "-j f2b-x", LXDS, QUOTED]), min_size=1, max_size=4
).map(" ".join)
CHAIN = st.sampled_from(["INPUT", "FORWARD", "f2b-x", "mine"])
RULES = st.lists(st.tuples(CHAIN, SPECS), max_size=8)


def printed(rules: list[tuple[str, str]]) -> bytes:
    heads = "".join(f":{name} - [3:4]\n" for name in ("INPUT", "FORWARD", "f2b-x", "mine"))
    added = "".join(f"[1:2] -A {chain} {spec}\n" for chain, spec in rules)
    return f"# x\n*filter\n{heads}{added}COMMIT\n".encode()


@given(RULES)
def test_saving_keeps_exactly_ones_own_rules_in_order(rules: list[tuple[str, str]]) -> None:
    output = printed(rules)
    saved = saved_text(output)
    assert saved_text(saved) == saved
    kept = [(c.chain, r.spec) for c in parse_save(saved, "host", "ip").chains for r in c.rules]
    own = [rule for rule in rules if not is_others(*rule)]
    assert kept == sorted(own, key=lambda rule: ["INPUT", "FORWARD", "mine"].index(rule[0]))
    found, marks = compare(parse_save(output, "h", "ip"), parse_save(saved, "h", "ip"), "p")
    assert (found.state, marks) == ("same", [])


@given(RULES)
def test_the_rule_put_first_is_first_and_alone_is_new(rules: list[tuple[str, str]]) -> None:
    saved = saved_text(printed(rules))
    after = with_rule_first(saved, "INPUT", "-i lo -j ACCEPT")
    chains = {c.chain: [r.spec for r in c.rules] for c in parse_save(after, "h", "ip").chains}
    before = {c.chain: [r.spec for r in c.rules] for c in parse_save(saved, "h", "ip").chains}
    assert chains["INPUT"][0] == "-i lo -j ACCEPT"
    assert {**chains, "INPUT": 0} == {**before, "INPUT": 0}
    assert before["INPUT"] in (chains["INPUT"], chains["INPUT"][1:])


@given(st.binary(max_size=200))
def test_any_bytes_are_saved_or_refused(data: bytes) -> None:
    try:
        saved = saved_text(data)
    except Malformed:
        return
    assert saved_text(saved) == saved
