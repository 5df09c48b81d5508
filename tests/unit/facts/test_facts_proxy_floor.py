"""The learned floor: what the record and the backups beside the Caddyfile know of vhosts."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gbtui.facts.proxy_floor import Known, parse_known, plain, record, same

NOW = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
HOSTS = st.from_regex(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]{1,10}){1,3}", fullmatch=True)


def told(**files: bytes) -> bytes:
    """What the script prints: `_` in a name stands for what Python does not allow there."""
    lines = [name.encode() + b" " + b64encode(data) for name, data in files.items()]
    return b"\n".join(lines)


def site(*names: str) -> bytes:
    return b"".join(b"%s {\n\trespond ok\n}\n" % name.encode() for name in names)


@given(st.sets(HOSTS, min_size=1))
def test_a_record_says_again_what_was_remembered(names: set[str]) -> None:
    data = record(names, NOW, "proxy.remove-domain")
    known = parse_known(told(**{"config.vhosts": data}), NOW)
    assert known.record == data
    assert known.floor is not None
    assert known.floor.names == names
    assert known.floor.source == "config.vhosts, learned 2026-11-23T14:03:22Z by proxy.remove-domain"
    assert same(data, record(names, datetime(2030, 1, 1, tzinfo=UTC), "proxy.reload"))
    assert not same(data, record(names | {"other.test"}, NOW, "proxy.reload")) or "other.test" in names
    assert not same(None, data)


@given(st.binary(max_size=300))
def test_anything_else_is_no_floor_and_no_failure(output: bytes) -> None:
    known = parse_known(b"config.vhosts " + output, NOW)
    assert known.floor is None or known.floor.names
    parse_known(output, NOW)
    parse_known(told(**{"config.vhosts": output, "config.bak-20261122140322": output}), NOW)


def test_the_highest_of_record_and_backups_counts() -> None:
    files = {
        "config.vhosts": record({"a.test", "b.test"}, NOW, "proxy.reload"),
        "config.bak-202611221403": site("a.test, https://b.test:8443", "*.c.test", ":80", "{$NAME}.test"),
        "config.bak-20261123140000": site("a.test"),
    }
    known = parse_known(told(**files), NOW)
    assert known.floor is not None
    assert known.floor.names == {"a.test", "b.test", "*.c.test"}
    assert known.floor.source == "the backup config.bak-202611221403"
    assert known.floor.height({"b.test", "x.test"}) == 2


def test_old_backups_and_what_is_no_caddyfile_do_not_count() -> None:
    files = {
        "config.bak-202610231403": site("a.test"),
        "config.bak-20261122": site("a.test"),
        "config.bak-20261122140322": b"a.test {\n",
        "config.vhosts": b"# learned \x1b]0;x\n\xff\n",
    }
    assert parse_known(told(**files), NOW) == Known(files["config.vhosts"], None)
    assert parse_known(told(**{"config.bak-202610241403": site("a.test")}), NOW).floor is not None


def test_only_what_can_be_stated_counts() -> None:
    assert plain({"a.test", "*.a.test", ":80", "localhost", "a b.test", "-", "b\u202e.test", ""}) == {
        "a.test",
        "*.a.test",
    }
