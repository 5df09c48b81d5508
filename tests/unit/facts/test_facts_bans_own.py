"""Whom no ban may hit, and where a ban is really held: parsers against what real tools printed."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts import bans_own
from gbtui.facts.bans_filter import as_network, parse_held, shown
from gbtui.facts.bans_sample import parse_matched

#: From a Debian 13 guest (`ip -j -d addr show`), shortened to the members that are read, and a bridge.
ADDRESSES = json.dumps(
    [
        {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8}]},
        {"ifname": "eth0", "addr_info": [{"family": "inet", "local": "203.0.113.10", "prefixlen": 24}]},
        {
            "ifname": "lxdbr0",
            "linkinfo": {"info_kind": "bridge", "info_data": {}},
            "addr_info": [{"family": "inet", "local": "198.51.100.1", "prefixlen": 25}],
        },
        {"ifname": "veth9", "linkinfo": {"info_kind": "veth"}, "addr_info": []},
        {"ifname": "odd", "addr_info": [{"local": "?"}, None]},
    ]
).encode()
LOGINS = b"""\
0      0      10.0.2.15:22 10.0.2.2:47112 users:(("sshd-session",pid=8409,fd=7))
0      0      10.0.2.15:443 198.51.100.9:5 users:(("caddy",pid=1,fd=7))
0      0      [2001:db8::1]:22 [2001:db8::5%eth0]:47112 users:(("sshd",pid=9,fd=7))
0      0      [::ffff:10.0.2.15]:22 [::ffff:198.51.100.7]:1 users:(("sshd",pid=9,fd=7))
0      0      127.0.0.1:22 127.0.0.1:5 users:(("sshd",pid=9,fd=7))
"""


def names(found: tuple[bans_own.Own, ...]) -> list[str]:
    return [str(one.network) for one in found]


def test_addresses_of_the_host_and_the_networks_of_its_bridges() -> None:
    found = bans_own.parse_addresses(ADDRESSES)
    assert names(found) == ["127.0.0.1/32", "203.0.113.10/32", "198.51.100.1/32", "198.51.100.0/25"]
    assert found[-1].what == "the network of the bridge lxdbr0"


def test_gateways_in_every_form() -> None:
    routes = [
        {"dst": "default", "gateway": "10.0.2.2", "dev": "eth0"},
        {"dst": "default", "nexthops": [{"gateway": "203.0.113.1"}, {"gateway": "203.0.113.2"}]},
        {"dst": "default", "via": {"family": "inet6", "host": "fe80::1"}, "dev": "eth0"},
        {"dst": "default", "dev": "ppp0"},
    ]
    found = bans_own.parse_gateways(json.dumps(routes).encode())
    assert names(found) == ["10.0.2.2/32", "203.0.113.1/32", "203.0.113.2/32", "fe80::1/128"]
    assert bans_own.parse_gateways(b"") == ()


def test_who_is_logged_in() -> None:
    assert names(bans_own.parse_logins(LOGINS)) == ["10.0.2.2/32", "2001:db8::5/128", "198.51.100.7/32"]
    who = b"ada pts/0 2026-11-23 02:58 (198.51.100.2)\nbob pts/1 x (203.0.113.9 via mosh [12])\nx tty1 y\n"
    assert names(bans_own.parse_who(who)) == ["198.51.100.2/32", "203.0.113.9/32"]
    assert names(bans_own.parse_self(b"198.51.100.2 50022 203.0.113.10 22\n")) == ["198.51.100.2/32"]


@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer_or_words(data: bytes) -> None:
    for parse in (bans_own.parse_addresses, bans_own.parse_gateways, parse_held, parse_matched):
        with contextlib.suppress(Malformed):
            parse(data)
    bans_own.parse_logins(data)
    bans_own.parse_who(data)
    bans_own.parse_self(data)


def test_held_is_read_by_columns_and_what_is_no_address_is_kept_apart() -> None:
    seen = parse_held(
        b"bans\nipt 203.0.113.5/32 listed fail2ban\nipt not-an-ip/32 listed fail2ban\n"
        b"ipt 203.0.113.5/32 blocked iptables -s 203.0.113.5/32 -j REJECT --reject-with tcp-reset\n"
        b"old 2001:db8::7/128 unreached nft addr6-set-old\ngarbage\nx y strange z\n"
    )
    assert [(one.jail, shown(one.network), one.state, one.tool) for one in seen.held] == [
        ("ipt", "203.0.113.5", "listed", "fail2ban"),
        ("ipt", "203.0.113.5", "blocked", "iptables"),
        ("old", "2001:db8::7", "unreached", "nft"),
    ]
    assert seen.held[1].spec.endswith("-j REJECT --reject-with tcp-reset")
    assert seen.bogus == (("ipt", "not-an-ip"),)
    with pytest.raises(Malformed):
        parse_held(b"nonsense")


@given(st.ip_addresses())
def test_an_address_is_shown_as_it_is_written(value: object) -> None:
    network = as_network(str(value))
    assert network is not None
    assert shown(network) == str(value)
