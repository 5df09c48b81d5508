"""Corefiles and zone files: read whole or not at all, changed in one place and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts.dns import acl_rules, decides, parse_corefile, with_acl
from gbtui.facts.dns_zone import zone_serial, zone_types

GUIDE = b"""# our zones { not a brace
(common) {
    errors
}
acme.test:53, dns://Other.test. {
    file /opt/gbo/data/acme.test.zone
    acl {
        allow type ANY net 10.0.0.0/8 127.0.0.0/8
        allow type A net 0.0.0.0/0
        block
    }
    transfer {
        to 192.0.2.53
    }
    cache 30 {
        success 1000
    }
    log . "{remote} said"
}

.:53 {
\tforward . 9.9.9.9
}
"""


def test_blocks_directives_and_keys() -> None:
    snippet, zones, rest = parse_corefile(GUIDE)
    assert snippet.keys == ("(common)",)
    assert zones.serves("acme.test")
    assert zones.serves("other.test")
    assert not zones.serves("test")
    assert [one.name for one in zones.directives] == ["file", "acl", "transfer", "cache", "log"]
    assert zones.all("transfer")[0].body == (("to", "192.0.2.53"),)
    assert rest.directives[0].arguments == (".", "9.9.9.9")


def test_the_guides_acl_refuses_what_mail_needs() -> None:
    rules = acl_rules(parse_corefile(GUIDE)[1].all("acl"))
    assert rules is not None
    assert decides(rules, "A", "203.0.113.1") == "allow"
    assert decides(rules, "A", "2001:db8::1") == "block", "0.0.0.0/0 is IPv4 alone"
    assert decides(rules, "TXT", "10.1.2.3") == "block", "ANY is one type, and not all of them"
    assert decides(rules, "ANY", "127.0.0.1") == "allow"
    assert decides((), "ANY", "203.0.113.1") == "allow"


def test_only_the_acl_changes() -> None:
    zones = parse_corefile(GUIDE)[1]
    new = with_acl(GUIDE, zones, ("allow net 10.0.0.0/8", "block"))
    before, _, after = GUIDE.partition(b"    acl {\n")
    rest = after.partition(b"    }\n")[2]
    assert new == before + b"    acl {\n        allow net 10.0.0.0/8\n        block\n    }\n" + rest
    again = parse_corefile(new)[1]
    assert with_acl(new, again, ("allow net 10.0.0.0/8", "block")) == new


def test_an_acl_goes_first_where_there_is_none() -> None:
    last = parse_corefile(GUIDE)[2]
    assert with_acl(GUIDE, last, ("block",)).endswith(
        b".:53 {\n\tacl {\n\t\tblock\n\t}\n\tforward . 9.9.9.9\n}\n"
    )


def test_two_acls_become_one() -> None:
    data = b"a.test {\n  acl {\n    block\n  }\n  errors\n  acl {\n    block\n  }\n}\n"
    assert with_acl(data, parse_corefile(data)[0], ("block",)) == (
        b"a.test {\n  acl {\n    block\n  }\n  errors\n}\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"a.test {\n errors\n",
        b"a.test {\n acl { block }\n}\n",
        b"}\n",
        b"a.test\n",
        b"a.test {\n {\n }\n}\n",
        b'a.test {\n log "no end\n}\n',
        b"a.test { errors }\n",
    ],
)
def test_what_is_not_understood_is_said_with_its_line(data: bytes) -> None:
    with pytest.raises(Malformed, match="line"):
        parse_corefile(data)


@pytest.mark.parametrize("line", ["allow type A net nonsense", "permit type A", "allow A"])
def test_an_acl_that_is_not_understood(line: str) -> None:
    data = f"a.test {{\n acl {{\n  {line}\n }}\n}}\n".encode()
    assert acl_rules(parse_corefile(data)[0].all("acl")) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    try:
        blocks = parse_corefile(data)
    except Malformed:
        return
    for block in blocks:
        again = parse_corefile(with_acl(data, block, ("block",)))
        assert len(again) == len(blocks)


@pytest.mark.parametrize(
    ("zone", "serial"),
    [
        ("acme.test. 300 IN SOA ns1.acme.test. h.acme.test. 2026031801 7200 900 1209600 300\n", 2026031801),
        ("$TTL 300\n@ IN SOA ns h (\n 2026031802 ; serial, not 7\n 7200 900 1209600 300 )\n", 2026031802),
        ("$ORIGIN acme.test.\n  3600 soa ns h ( 7 1 1 1 1 )\n", 7),
        ('x IN TXT "SOA a b 5"\n', None),
        ("@ IN SOA ns h nonsense 1 1 1 1\n", None),
        ("", None),
    ],
)
def test_the_serial_of_a_zone_file(zone: str, serial: int | None) -> None:
    assert zone_serial(zone.encode()) == serial


def test_the_types_a_zone_holds() -> None:
    zone = b'@ 300 IN A 192.0.2.1\n IN 60 TLSA 3 1 1 ab\nmail MX 10 x ; IN NAPTR\n$TTL 3\ny TXT "a b"\n'
    assert zone_types(zone) == {"A", "TLSA", "MX", "TXT"}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_zone_file_of_sorts(data: bytes) -> None:
    serial = zone_serial(data)
    assert serial is None or 0 <= serial < 10**10
    assert all(kind.isalnum() for kind in zone_types(data))
