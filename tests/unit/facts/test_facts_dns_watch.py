"""CoreDNS as the checks see it, from the script's answers: files, snippets, questions."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.dns_watch import Answer, DnsLook, parse_look

COREFILE = b"""(guard) {
    acl {
        allow type A
        block
    }
}
acme.test:53 other.test {
    file /data/acme.test.zone
    import guard
}
. {
    forward . 9.9.9.9
}
"""
ZONE = b"acme.test. 300 IN SOA ns1 host 2026031801 7200 900 1209600 300\n"


def said(corefile: bytes = COREFILE, *rows: bytes) -> bytes:
    return b"\n".join((b"corefile " + b64encode(corefile), *rows, b""))


def test_files_and_answers_by_zone() -> None:
    rows = (
        b"zone acme.test 700 /data/acme.test.zone " + b64encode(ZONE),
        b"answer acme.test SOA 0 1 2026031801",
        b"answer acme.test TXT 5 0 0",
        b"answer acme.test ANY silent 0 0",
        b"answer acme.test MX 9 0 0",
    )
    look = parse_look(said(COREFILE, *rows))
    assert (look.files["acme.test"].serial, look.files["acme.test"].age) == (2026031801, 700)
    assert look.answers["acme.test"] == {
        "SOA": Answer("NOERROR", 1, 2026031801),
        "TXT": Answer("REFUSED"),
        "ANY": Answer("silent"),
        "MX": Answer("rcode 9"),
    }


def test_an_acl_may_stand_in_a_snippet() -> None:
    look = parse_look(said())
    zone, forward = look.servers
    rules = look.rules(zone)
    assert rules is not None
    assert [one.action for one in rules] == ["allow", "block"]
    assert look.rules(forward) is None


@pytest.mark.parametrize(
    "corefile",
    [b"a.test {\n import files/*.conf\n}\n", b"a.test {\n acl {\n  allow nonsense\n }\n}\n"],
)
def test_what_is_not_understood_is_said_and_never_taken_for_an_acl(corefile: bytes) -> None:
    look = parse_look(said(corefile))
    with pytest.raises(Malformed):
        look.rules(look.servers[0])


@given(st.binary(max_size=300))
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    for whole in (data, said(COREFILE, data)):
        try:
            assert isinstance(parse_look(whole), DnsLook)
        except GbtuiError:
            continue
