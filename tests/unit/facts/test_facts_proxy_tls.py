"""Names that Caddy keeps certificates for, its storage, its attempts: as Caddy writes them, and otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo import certificate
from gbtui.errors import Malformed
from gbtui.facts.proxy_tls import Store, managed, parse_attempts, parse_stores


def route(*hosts: str) -> dict[str, Any]:
    return {"match": [{"host": list(hosts)}], "handle": [{"handler": "subroute"}]}


def config(**servers: Any) -> bytes:
    return json.dumps({"apps": {"http": {"servers": servers}}}).encode()


def test_names_with_tls_and_no_others() -> None:
    found = managed(
        config(
            tls={"listen": [":443"], "routes": [route("a.example", "B.example"), route("*.c.example")]},
            plain={"listen": [":80"], "routes": [route("d.example")]},
            off={"listen": [":8443"], "automatic_https": {"disable": True}, "routes": [route("e.example")]},
            some={
                "listen": [":444"],
                "automatic_https": {"skip": ["f.example"]},
                "routes": [route("f.example")],
            },
        ),
        "x",
    )
    assert found.names == {"a.example", "b.example", "*.c.example"}
    assert found.sure


@pytest.mark.parametrize(
    "tls",
    [
        {"certificates": {"load_files": [{"certificate": "/a.crt", "key": "/a.key"}]}},
        {"automation": {"policies": [{"on_demand": True}]}},
    ],
)
def test_certificates_of_another_hand_make_it_unsure(tls: dict[str, Any]) -> None:
    assert not managed(json.dumps({"apps": {"tls": tls}}).encode(), "x").sure


@given(
    st.recursive(st.none() | st.booleans() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3))
)
def test_any_shape_of_document_is_read_or_refused(inner: Any) -> None:
    document = {"apps": {"http": {"servers": {"s": {"listen": inner, "routes": inner}}}, "tls": inner}}
    assert managed(json.dumps(document).encode(), "x").names == frozenset()
    with pytest.raises(Malformed):
        managed(json.dumps([inner]).encode(), "x")


def test_a_storage_is_taken_apart_by_roots_and_names() -> None:
    pem, folder = certificate.pem("a.example", 0, 86400), "certificates/ca"
    said = b"root /data\nfile /data/%s/a.example/a.example.crt\n%s" % (folder.encode(), pem)
    said += b"file /data/certificates/ca/w/wildcard_.b.example.crt\n" + pem
    said += b"file /data/certificates/ca/x/bad.example.crt\ngarbage\nroot /home/.local/share/caddy\n"
    data, home = parse_stores(said)
    assert (data.root, home.root, home.certificates) == ("/data", "/home/.local/share/caddy", {})
    assert set(data.certificates) == {"a.example", "*.b.example", "bad.example"}
    assert data.covers("c.b.example") == data.certificates["*.b.example"]
    assert data.covers("bad.example") is None
    assert data.covers("other.example") == ""


@given(st.binary(max_size=200))
def test_any_output_of_the_storage_is_bounded(data: bytes) -> None:
    assert all(isinstance(store, Store) for store in parse_stores(data))


RETRY = {"level": "error", "ts": 1.5, "logger": "tls.obtain", "msg": "will retry"}


def lines(*records: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def test_attempts_are_counted_by_name_and_since_the_last_load() -> None:
    loaded = {"level": "info", "logger": "admin.api", "msg": "load complete"}
    failed = {**RETRY, "error": "[old.example] Obtain: [old.example] solving challenges: no such host"}
    other = {**RETRY, "msg": "could not get certificate from issuer", "identifier": "b.example", "error": "x"}
    info = {"level": "info", "logger": "tls.obtain", "msg": "acquiring lock", "identifier": "fine.example"}
    found = parse_attempts(lines(failed, other, info, loaded, failed) + b"\nnot json \x1b[31m\n")
    assert [(one.name, one.failures, one.lately) for one in found] == [
        ("b.example", 1, 0),
        ("old.example", 2, 1),
    ]
    assert "no such host" in found[1].error


def test_a_try_that_a_reload_has_ended_does_not_go_on() -> None:
    """As the twin's Caddy told it after the site was removed (2.6.2)."""
    loaded = {"level": "info", "logger": "admin.api", "msg": "load complete"}
    failed = {**RETRY, "error": "[old.example] Obtain: dial tcp: server misbehaving", "retrying_in": 60}
    ended = {"level": "error", "logger": "tls", "msg": "job failed"}
    ended["error"] = "old.example: obtaining certificate: context canceled"
    issuer = {**RETRY, "msg": "could not get certificate from issuer", "identifier": "old.example"}
    issuer["error"] = 'registering account: Get "https://ca.example/directory": context canceled'
    (found,) = parse_attempts(lines(failed, loaded, issuer, ended))
    assert (found.name, found.failures, found.lately) == ("old.example", 1, 0)


@given(st.binary(max_size=300))
def test_any_journal_is_read(data: bytes) -> None:
    assert parse_attempts(data) == () or parse_attempts(data)
