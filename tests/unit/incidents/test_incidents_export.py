"""The timeline's parts, and what leaves with an export and what does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gbtui.incidents.export import FORMS, exported
from gbtui.incidents.lines import encoded, incident
from gbtui.incidents.redact import Redactor
from gbtui.incidents.timeline import merged, spans
from gbtui.incidents.types import Entry, Incident, Kind
from tests.leaks import leaks

START = datetime(2026, 3, 18, 14, 0, tzinfo=UTC)
LEAKS = ("hunter2", "s.topsecret", "203.0.113.7", "2001:db8::7", "abc123")


def at(minutes: float, kind: Kind, word: str = "", subject: str = "", title: str = "", *lines: str) -> Entry:
    moment = START + timedelta(minutes=minutes)
    return Entry(f"{kind}{minutes}{word}{subject}", moment, "anna", kind, word, subject, title, lines)


STORY = (
    at(0, "begin", title="Valkey times out"),
    at(
        -4,
        "finding",
        "rang",
        "firewall.loopback-first acme-system",
        "acme-system: cut off",
        "-A INPUT -j DROP",
    ),
    at(2, "operation", "begin", "1", "Accept loopback", "acme-system $ iptables -w -I INPUT 1"),
    at(3, "operation", "done", "1", "Accept loopback", "done and verified"),
    at(3.5, "finding", "cleared", "firewall.loopback-first acme-system", "acme-system: cut off"),
    at(5, "end", title="a rule was put in by hand"),
)


def story(*more: Entry) -> Incident:
    return Incident("20260318T140000Z-0000", "demo", merged((*STORY, *more)))


def test_the_parts_of_an_incident_follow_from_its_timeline() -> None:
    found = {name: seconds for name, _, seconds in spans(story()).parts()}
    assert found == {"noticed": 240, "diagnosed": 120, "repaired": 60, "verified": 30}


def test_what_an_operator_says_of_a_part_counts() -> None:
    said = spans(story(at(1, "milestone", "diagnosed", title="diagnosed")))
    assert said.diagnosed == START + timedelta(minutes=1)


def test_nothing_is_verified_while_something_rings() -> None:
    parts = spans(story(at(4, "finding", "rang", "host.ssh host", "host: x")))
    assert parts.verified is None
    assert parts.repaired == START + timedelta(minutes=3)


def test_a_timeline_is_the_same_in_whatever_order_it_arrives() -> None:
    assert merged(reversed(STORY)) == merged((*STORY, *STORY)) == story().entries


@given(
    st.lists(
        st.builds(
            Entry,
            key=st.text(min_size=1, max_size=8),
            at=st.datetimes(timezones=st.just(UTC)),
            by=st.text(max_size=8),
            kind=st.sampled_from(("note", "finding", "ban", "operation", "step")),
            word=st.text(max_size=8),
            subject=st.text(max_size=30),
            title=st.text(max_size=60),
            lines=st.lists(st.text(max_size=80), max_size=4).map(tuple),
        ),
        max_size=6,
    )
)
def test_what_is_written_is_read_back_and_every_form_is_well_formed(entries: list[Entry]) -> None:
    begun = at(0, "begin", title="x")
    one = incident("20260318T140000Z-0000", "demo", encoded((begun, *entries)))
    assert one is not None
    assert one.malformed == 0
    again = incident(one.id, one.host, encoded(one.entries))
    assert again == one
    for form in FORMS:
        assert "\x1b" not in exported(one, form)
    rows = [json.loads(line) for line in exported(one, "jsonl").splitlines()]
    assert len(rows) == len(one.entries) + 1


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_query_or_address_leaves(form: str) -> None:
    lines = (
        'GET /login?token=abc123&user=1 HTTP/1.1" from 203.0.113.7',
        "password=hunter2 VAULT_TOKEN=s.topsecret",
        "client 2001:db8::7, ::ffff:203.0.113.7 and 203.0.113.7/32 on 10.77.0.30 by 127.0.0.1",
        "https://ops:hunter2@git.example/x?abc123",
    )
    told = exported(
        story(
            at(1, "note", title="password: hunter2 from 203.0.113.7"),
            at(1, "ban", "banned", "acme-proxy caddy-http-flood 203.0.113.7", "203.0.113.7 banned", *lines),
        ),
        "md" if form == "md" else "jsonl",
        hide_addresses=True,
    )
    assert [leak for leak in LEAKS if leak in told] == []
    assert leaks(told) == []
    assert "client-1" in told
    assert "client-2" in told
    assert "10.77.0.30" in told
    assert "/login?…" in told


def test_addresses_stay_where_nobody_asked_to_hide_them() -> None:
    told = exported(story(at(1, "note", title="from 203.0.113.7?")), "md")
    assert "203.0.113.7?" in told


@pytest.mark.parametrize("time", ["14:03:22", "12:00", "a:b", "1.2.3", "1.2.3.4.5", "::", "::1", "v1.2.3.4"])
def test_what_only_looks_like_an_address_stays(time: str) -> None:
    assert Redactor(addresses=True).text(f"at {time} there") == f"at {time} there"


def test_hostile_text_is_no_markup() -> None:
    hostile = "<script>x</script> [a](http://b) **c** `d` ``` | e"
    told = exported(story(at(1, "note", "", "", hostile, hostile, "```", "~~~")), "md")
    tokens = MarkdownIt("commonmark").parse(told)
    inline = [child.type for token in tokens for child in token.children or ()]
    assert not {"html_inline", "link_open"} & set(inline)
    assert inline.count("code_inline") == 1, "the incident's id alone"
    assert [token.type for token in tokens if token.type == "html_block"] == []
    assert sum(token.type == "fence" for token in tokens) == 4


def test_what_looks_for_leaks_finds_them() -> None:
    told = "password=hunter2 x from 203.0.113.7 GET /a?token=abc Bearer abcdefgh 10.0.0.1 127.0.0.1"
    assert set(leaks(told)) == {
        "a?token=abc",
        "203.0.113.7",
        "Bearer abcdefgh",
        "password=hunter2",
        "token=abc",
    }


def test_the_example_in_the_documentation_leaks_nothing() -> None:
    example = (Path(__file__).parents[3] / "docs" / "incident-valkey.md").read_text("utf-8")
    assert leaks(example) == []
    assert "| verified: an operator said so | 20" in example
    assert "Still ringing" not in example, "what the repair left is none of an example"


def test_an_export_does_not_say_that_nothing_rings_where_an_operator_said_it_was_verified() -> None:
    ringing = at(4, "finding", "rang", "host.ssh host", "host: x")
    told = exported(story(ringing, at(4.5, "milestone", "verified", title="verified")), "md")
    assert "nothing rings any more" not in told
    assert "| verified: an operator said so | 2026-03-18 14:04:30Z |" in told
    assert "verified: nothing rings any more | 2026-03-18 14:03:30Z" in exported(story(), "md")
