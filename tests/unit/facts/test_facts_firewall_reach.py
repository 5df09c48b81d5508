"""What the rules do to one packet, and whose SSH goes through which of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.facts.firewall_edit import batch, with_rule_last, without_rule
from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.firewall_reach import Sample, way
from gbtui.facts.firewall_ssh import UNKNOWN, Login, cut_off, lets_in, parse_logins
from gbtui.facts.firewall_types import Chain

HEAD = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:mine - [0:0]\n"
ME = Login("198.51.100.2", 22, "ip")


def chains(*rules: str) -> tuple[bytes, tuple[Chain, ...]]:
    text = (HEAD + "".join(f"-A {rule}\n" for rule in rules) + "COMMIT\n").encode()
    return text, parse_save(text, "x", "ip").chains


@pytest.mark.parametrize(
    ("rules", "sure", "hoped"),
    [
        (("INPUT -p tcp -m tcp --dport 22 -j ACCEPT",), "ACCEPT", "ACCEPT"),
        (("INPUT -p tcp -m tcp --dport 20:30 -j ACCEPT",), "ACCEPT", "ACCEPT"),
        (("INPUT -p tcp -m multiport --dports 80,22 -j ACCEPT",), "ACCEPT", "ACCEPT"),
        (("INPUT ! -s 198.51.100.0/24 -j ACCEPT",), "DROP", "DROP"),
        (("INPUT -i eth9 -p tcp -j ACCEPT",), "DROP", "ACCEPT"),
        (("INPUT -i lo -j ACCEPT",), "DROP", "DROP"),
        (("INPUT -m limit --limit 3/min -j DROP", "INPUT -j ACCEPT"), "DROP", "ACCEPT"),
        (
            ("INPUT -j mine", "mine -p udp -j ACCEPT", "mine -p tcp -j RETURN", "INPUT -j ACCEPT"),
            "ACCEPT",
            "ACCEPT",
        ),
        (("INPUT -m set --match-set bad src -j REJECT", "INPUT -j ACCEPT"), "REJECT", "ACCEPT"),
    ],
)
def test_the_way_of_a_connection(rules: tuple[str, ...], sure: str, hoped: str) -> None:
    _, found = chains(*rules)
    packet = Sample("tcp", "NEW", 22, None, "198.51.100.2")
    assert way(found, "ip", "INPUT", packet, hopeful=False).verdict == sure
    assert way(found, "ip", "INPUT", packet, hopeful=True).verdict == hoped


def test_every_rule_on_the_way_in_counts() -> None:
    _, found = chains("INPUT -j mine", "mine -p tcp -m tcp --dport 22 -j ACCEPT", "INPUT -p tcp -j ACCEPT")
    through = lets_in(found, [ME])
    assert ("ip", ("INPUT", 0)) in through
    assert ("ip", ("mine", 0)) in through
    assert ("ip", ("INPUT", 1)) not in through


def test_worse_than_before_is_said() -> None:
    _, before = chains("INPUT -p tcp -m tcp --dport 22 -j ACCEPT")
    _, after = chains("INPUT -p tcp -m tcp --dport 2222 -j ACCEPT")
    assert "port 22 from 198.51.100.2" in cut_off(before, after, [ME])
    assert not cut_off(after, after, [ME])


def test_who_is_logged_in() -> None:
    rows = (
        b'0 0 10.0.2.15:22 10.0.2.2:50000 users:(("sshd-session",pid=1,fd=4))\n'
        b'0 0 [::ffff:10.0.2.15]:2222 [::ffff:10.0.2.3]:50000 users:(("sshd",pid=1,fd=4))\n'
        b'0 0 10.0.2.15:443 10.0.2.9:1 users:(("caddy",pid=1,fd=4))\n'
    )
    found = parse_logins(rows, b"2001:db8::7 1 2001:db8::1 22\n")
    assert found == (
        Login("10.0.2.2", 22, "ip"),
        Login("10.0.2.3", 2222, "ip"),
        Login("2001:db8::7", 22, "ip6"),
    )
    assert parse_logins(b"", b"") == UNKNOWN


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_any_listing_is_read(rows: bytes, own: bytes) -> None:
    assert parse_logins(rows, own)


def test_a_rule_comes_last_of_its_chain_and_goes_again() -> None:
    text, _ = chains("INPUT -i lo -j ACCEPT", "mine -j RETURN")
    more = with_rule_last(text, "INPUT", "-p tcp -j DROP")
    assert more == text.replace(b"-A mine", b"-A INPUT -p tcp -j DROP\n-A mine")
    assert with_rule_last(more, "INPUT", "-p tcp -j DROP") == more
    assert without_rule(more, "filter", "INPUT", "-p tcp -j DROP") == text
    assert without_rule(more, "nat", "INPUT", "-p tcp -j DROP") == more
    assert b"-A INPUT -j DROP" in with_rule_last(b"", "INPUT", "-j DROP")


@given(st.binary(max_size=300))
def test_taking_nothing_out_changes_nothing(file: bytes) -> None:
    assert without_rule(file, "filter", "INPUT", "-j NEVER") == file


def test_the_batch_leaves_fail2ban_alone_and_its_jump_first() -> None:
    running = (
        HEAD
        + ":f2b-x - [0:0]\n:old - [0:0]\n-A INPUT -p tcp -j f2b-x\n-A INPUT -j old\n"
        + "-A f2b-x -j RETURN\nCOMMIT\n"
    )
    tables = parse_save((HEAD + "-A INPUT -i lo -j ACCEPT\nCOMMIT\n").encode(), "x", "ip")
    lines = batch(tables, parse_save(running.encode(), "x", "ip")).splitlines()
    assert lines.index("-A INPUT -p tcp -j f2b-x") < lines.index("-A INPUT -i lo -j ACCEPT")
    assert "-X old" in lines
    assert not [line for line in lines if line.startswith((":f2b", "-F f2b", "-X f2b"))]
