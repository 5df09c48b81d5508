"""The access log as the checks see it, from the script's answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts.log_watch import parse_log

SAID = b"""now 1795442602
kind file
changed 1795442600
open /opt/gbo/logs/access.log
ok 1795442599.25 203.0.113.7
bad raw escape \x1b]52;c;AAAA\x07
ok "2026-11-23T14:03:22Z" 10.0.0.1
ok 1795442600 2001:db8::7
"""


def test_clients_and_what_is_no_record() -> None:
    found = parse_log(SAID)
    assert (found.kind, found.now, found.changed) == ("file", 1795442602, 1795442600)
    assert found.newest == 1795442600
    assert [str(one) for one in found.clients] == ["203.0.113.7/32", "10.0.0.1/32", "2001:db8::7/128"]
    assert {str(one) for one in found.public} == {"203.0.113.7/32", "2001:db8::7/128"}
    assert found.opened == ("/opt/gbo/logs/access.log",)
    assert len(found.bad) == 1
    assert "\x1b" not in found.bad[0]


def test_the_line_that_is_being_written_is_no_bad_one() -> None:
    assert parse_log(SAID + b'bad {"level":"info","ts":17\n').bad == parse_log(SAID).bad


def test_a_folder_in_its_place() -> None:
    found = parse_log(b"now 1\nkind folder\nopen /opt/gbo/logs/access.log.away\n")
    assert (found.kind, found.clients, found.bad) == ("folder", (), ())


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data: bytes) -> None:
    if not data.startswith(b"now "):
        with pytest.raises(Malformed):
            parse_log(data)
    found = parse_log(b"now 5\n" + data)
    assert not any("\n" in one or "\x1b" in one for one in (*found.bad, *found.opened))
