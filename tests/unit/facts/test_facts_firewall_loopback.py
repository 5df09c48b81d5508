from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import parse_save
from tests.unit.facts.fakehost import fixture

LO = "-i lo -j ACCEPT"
DROP = "-p tcp -m tcp --dport 6379 -j DROP"


def marked(
    *rules: str, policy: str = "ACCEPT", family: str = "ip", **chains: list[str]
) -> list[tuple[str, int]]:
    """(chain, rule) of every mark on INPUT with `rules`, `chains` being what it may jump to."""
    named = {name.replace("_", "-"): specs for name, specs in chains.items()}
    rows = ["*filter", f":INPUT {policy} [0:0]", *(f":{name} - [0:0]" for name in named)]
    rows += [f"-A INPUT {spec}" for spec in rules]
    rows += [f"-A {name} {spec}" for name, specs in named.items() for spec in specs]
    tables = parse_save("\n".join([*rows, "COMMIT"]).encode(), "host", family)
    assert tables.malformed == 0
    marks, note = loopback_marks(tables.chains)
    assert note == ""
    return [(mark.chain, mark.rule) for mark in marks]


@pytest.mark.parametrize("name", ["ufw-iptables-save.txt", "f2b-iptables-save.txt", "incident-after.txt"])
def test_healthy_real_hosts_have_no_mark(name: str) -> None:
    assert loopback_marks(parse_save(fixture(name), "host", "ip").chains) == ([], "")
    six = parse_save(fixture("ufw-ip6tables-save.txt"), "host", "ip6")
    assert loopback_marks(six.chains) == ([], "")


@pytest.mark.parametrize(
    "rules",
    [
        (LO, DROP),
        ("-i lo -m comment --comment \"keep me\" -j ACCEPT", DROP),
        ("-s 127.0.0.0/8 -j ACCEPT", DROP),
        ("-i lo+ -j ACCEPT", DROP),
        ("-i eth0 -p tcp --dport 6379 -j DROP",),
        ("! -i lo -p tcp --dport 6379 -j DROP",),
        ("-s 203.0.113.7/32 -j DROP",),
        ("! -s 127.0.0.0/8 -p tcp --dport 6379 -j DROP",),
        ("-d 10.77.0.185/32 -p tcp --dport 6379 -j DROP",),
        ("-m conntrack --ctstate INVALID -j DROP", LO),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP", LO),
        ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP", LO),
        ("-m set --match-set blocklist src -j DROP", LO),
        ("-m addrtype --dst-type BROADCAST -j DROP", LO),
        ("-f -j DROP", LO),
        ("-i lo -p tcp -m tcp --dport 6379 -j ACCEPT", DROP),
        ("-j LOG --log-prefix \"-j DROP \"", LO, DROP),
    ],
)  # fmt: skip
def test_what_does_not_reach_loopback_is_not_marked(rules: tuple[str, ...]) -> None:
    assert marked(*rules) == []


@pytest.mark.parametrize(
    ("rules", "at"),
    [
        ((DROP, LO), [0]),
        ((DROP,), [0]),
        (("-p tcp --dport 22 -j ACCEPT", "-j REJECT --reject-with icmp-port-unreachable"), [1]),
        (("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", DROP), [1]),
        (("-i eth0 -j ACCEPT", DROP), [1]),
        (("-i lo -p udp -j ACCEPT", DROP), [1]),
        (("-i lo -m limit --limit 3/min -j ACCEPT", DROP), [1]),
        (("-m strange --wonder yes -j DROP", LO), [0]),
        (("-d 127.0.0.1/32 -p tcp --dport 6379 -j DROP", LO), [0]),
        (("! -s 10.0.0.0/8 -p tcp --dport 6379 -j DROP", LO), [0]),
        (("-i lo -j DROP",), [0]),
        ((DROP, "-p tcp --dport 9000 -j DROP", LO, "-j DROP"), [0, 1]),
    ],
)
def test_what_cuts_loopback_off_is_marked_where_it_stands(rules: tuple[str, ...], at: list[int]) -> None:
    assert marked(*rules) == [("INPUT", number) for number in at]


def test_a_policy_without_loopback_accept() -> None:
    assert marked("-p tcp --dport 22 -j ACCEPT", policy="DROP") == [("INPUT", -1)]
    assert marked(LO, policy="DROP") == []
    assert marked(policy="ACCEPT") == []
    assert marked("-p tcp --dport 6379 -j RETURN", LO, policy="DROP") == [("INPUT", -1)]


def test_jumps_gotos_and_returns_are_followed() -> None:
    assert marked("-j before", DROP, before=[LO]) == []
    assert marked("-j before", DROP, before=["-i lo -j deep"], deep=["-j ACCEPT"]) == []
    assert marked("-j before", LO, before=[DROP]) == [("before", 0)]
    assert marked("-j before", DROP, before=["-i lo -j RETURN", "-j DROP"]) == [("INPUT", 1)]
    assert marked("-j before", LO, before=["-i lo -j RETURN", "-j DROP"]) == []
    assert marked("-g before", DROP, before=[]) == []
    assert marked("-p tcp --dport 80 -j f2b-x", LO, f2b_x=["-s 203.0.113.7/32 -j REJECT"]) == []
    assert marked("-m addrtype --dst-type LOCAL -j mine", LO, mine=["-j DROP"]) == [("mine", 0)]


def test_a_loop_of_jumps_ends() -> None:
    assert marked("-j a", LO, a=["-j b", "-j b"], b=["-j a", "-j a"]) == []


def test_ipv6_has_its_own_loopback() -> None:
    assert marked("-s ::1/128 -j ACCEPT", "-j DROP", family="ip6") == []
    assert marked("-p ipv6-icmp -j DROP", LO, family="ip6") == [("INPUT", 0)]


MATCHES = st.lists(
    st.sampled_from(
        ["-p tcp", "--dport 6379", "-s 127.0.0.0/8", "-s 10.0.0.0/8", "! -i lo", "-i eth0", "-i lo",
         "-m conntrack --ctstate NEW", "-m limit --limit 3/min", "-m what --ever 1", '--comment "-j DROP"']
    ),
    max_size=3,
).map(" ".join)  # fmt: skip
TARGET = st.sampled_from(
    ["-j DROP", "-j REJECT --reject-with tcp-reset", "-j ACCEPT", "-j LOG", "-j RETURN", ""]
)
RULES = st.lists(st.tuples(MATCHES, TARGET).map(" ".join), max_size=6)


@given(RULES)
def test_after_an_unconditional_accept_nothing_is_ever_marked(rules: list[str]) -> None:
    assert marked(LO, *rules, policy="DROP") == []


@given(RULES)
def test_a_mark_is_always_a_rule_that_blocks(rules: list[str]) -> None:
    for chain, number in marked(*rules, policy="DROP"):
        assert chain == "INPUT"
        assert number == -1 or "-j DROP" in rules[number] or "-j REJECT" in rules[number]


@given(RULES)
def test_a_certain_drop_before_everything_is_always_marked(rules: list[str]) -> None:
    assert ("INPUT", 0) in marked("-j DROP", *rules)


@given(RULES, RULES)
def test_rules_for_other_interfaces_change_nothing(before: list[str], after: list[str]) -> None:
    here = marked(*before, *after)
    moved = marked(*before, "-i eth0 -j DROP", *after)
    assert len(here) == len(moved)


@given(st.text(max_size=60))
def test_any_spec_is_survived(spec: str) -> None:
    data = f"*filter\n:INPUT DROP [0:0]\n-A INPUT {spec}\nCOMMIT\n".encode()
    loopback_marks(parse_save(data, "host", "ip").chains)
