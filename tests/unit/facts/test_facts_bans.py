from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, Malformed, MissingTool, NotFound
from gbtui.facts.bans import Ban, Bans, BansReader
from gbtui.facts.bans_parse import (
    BANNED,
    CLOCK,
    MOST_JAILS,
    STATUS,
    banip_of,
    parse_banned,
    parse_bans,
    parse_clock,
    parse_jails,
    parse_status,
    status_of,
)
from gbtui.profiles import load
from gbtui.text import clean
from tests.unit.facts.fakehost import Answer, FakeHost, fixture

PROFILE = load()
NOW = b"2026-11-23 16:33:30 +0000\n"
DOWN: Answer = (
    255,
    b"",
    b"ERROR   Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?",
)
DENIED: Answer = (255, b"", b"ERROR   Permission denied to socket: /tmp/f2b/sock, (you must be root)")


def place(where: str) -> dict[tuple[str, ...], Answer]:
    found: dict[tuple[str, ...], Answer] = {
        (where, *BANNED): fixture("f2b-banned.txt"),
        (where, *STATUS): fixture("f2b-status.txt"),
        (where, *CLOCK): NOW,
    }
    for jail in ("sshd", "caddy-http-flood", "quiet"):
        found[(where, *status_of(jail))] = fixture(f"f2b-status-{jail}.txt")
        found[(where, *banip_of(jail))] = fixture(f"f2b-banip-{jail}.txt")
    return found


async def read(host: FakeHost, *containers: str) -> Bans:
    return await BansReader(host, PROFILE, containers).read()


async def test_real_jails_with_time_left() -> None:
    found = await read(FakeHost(place("host")))
    sshd, caddy, quiet = found.jails
    assert (sshd.where, sshd.jail, sshd.currently_failed, sshd.total_banned) == ("host", "sshd", 0, 3)
    assert sshd.banned == (Ban("203.0.113.5", 599.0), Ban("2001:db8::1", 599.0), Ban("not an ip", 599.0))
    assert caddy.banned == (Ban("198.51.100.23", None),)
    assert (quiet.banned, quiet.total_failed) == ((), 0)
    assert (found.notes, found.malformed) == ((), 0)


async def test_no_more_client_starts_than_needed() -> None:
    host = FakeHost(place("host"))
    await read(host)
    (_, first), (_, second) = host.batches
    assert first == (BANNED,)
    assert second == (
        CLOCK,
        status_of("sshd"),
        banip_of("sshd"),
        status_of("caddy-http-flood"),
        banip_of("caddy-http-flood"),
        status_of("quiet"),
    )


async def test_only_instances_whose_role_bans_are_asked() -> None:
    host = FakeHost(place("host") | place("acme-proxy"))
    reader = BansReader(host, PROFILE, lambda: ["acme-proxy", "acme-system", "other"])
    found = await reader.read()
    assert {jail.where for jail in found.jails} == {"host", "acme-proxy"}
    assert {where for where, _ in host.batches} == {"host", "acme-proxy"}


@pytest.mark.parametrize(("answer", "words"), [(DOWN, "Is fail2ban running"), (DENIED, "must be root")])
async def test_a_place_that_cannot_be_read_costs_a_note(answer: Answer, words: str) -> None:
    host = FakeHost(place("host") | {("acme-proxy", *BANNED): answer})
    found = await read(host, "acme-proxy", "acme-email")
    assert {jail.where for jail in found.jails} == {"host"}
    notes = dict(found.notes)
    assert words in notes["acme-proxy"]
    assert "not installed" in notes["acme-email"]


async def test_when_all_places_fail_the_error_is_the_hosts() -> None:
    with pytest.raises(MissingTool):
        await read(FakeHost(), "acme-proxy")
    with pytest.raises(Denied):
        await read(FakeHost({("host", *BANNED): DENIED}))
    gone = {("acme-proxy", *BANNED): NotFound("acme-proxy stopped")}
    found = await read(FakeHost(place("host") | gone), "acme-proxy")
    assert found.notes == (("acme-proxy", "acme-proxy stopped"),)


@pytest.mark.parametrize("answer", [(255, b"", b"NOK: ('Invalid command',)"), b"[{'sshd': ['a'\n"])
async def test_without_banned_the_status_names_the_jails(answer: Answer) -> None:
    host = FakeHost(place("host") | {("host", *BANNED): answer})
    found = await read(host)
    assert [jail.jail for jail in found.jails] == ["caddy-http-flood", "quiet", "sshd"]
    assert [len(jail.banned) for jail in found.jails] == [1, 0, 3]


async def test_a_jail_that_stops_meanwhile_and_a_clock_that_cannot_be_read() -> None:
    gone = (255, b"Sorry but the jail 'quiet' does not exist\n", b"")
    host = FakeHost(place("host") | {("host", *status_of("quiet")): gone, ("host", *CLOCK): b"?"})
    found = await read(host)
    assert [jail.jail for jail in found.jails] == ["sshd", "caddy-http-flood"]
    assert "time left is not known" in dict(found.notes)["host"]
    assert found.jails[0].banned[0].left is None


async def test_nothing_configured_is_a_good_reading() -> None:
    host = FakeHost({("host", *BANNED): b"[]\n"})
    assert await read(host) == Bans(())
    assert len(host.batches) == 1


def test_times_are_the_places_own() -> None:
    line = b"203.0.113.5 \t2026-11-23 16:33:29 + 600 = 2026-11-23 16:43:29\n"
    assert parse_bans(line, datetime(2026, 11, 23, 16, 44))[0][0].left == 0.0
    assert parse_clock(b"2026-11-23 16:33:30 -0330\n") == datetime(2026, 11, 23, 16, 33, 30)
    assert parse_bans(b"junk\n\t2026-11-23 16:33:29 + 600 = 2026-11-23 16:43:29\n\n", None) == ((), 2)


def test_jail_names_that_could_be_options_are_not_asked_for() -> None:
    assert parse_banned(b"[{'--help': []}, {'a\\x1b': []}, {'ok': []}, 3, {'x': 1}]") == ({"ok": 0}, 4)
    many = repr([{f"j{n}": []} for n in range(MOST_JAILS + 5)]).encode()
    assert parse_banned(many)[1] == 5
    assert parse_jails(b"`- Jail list:\t--x, ok") == ("ok",)


@pytest.mark.parametrize("data", [b"", b"(" * 100_000, b"__import__('os')", b"{}", b"[" + b"1," * 10**6])
def test_what_is_no_literal_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_banned(data)


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    with suppress(Malformed):
        parse_banned(data)
    parse_jails(data)
    parse_status(data)
    parse_clock(data)
    bans, malformed = parse_bans(data, None)
    assert len(bans) + malformed <= data.count(b"\n") + 1


ADDRESS = (
    st.text(st.characters(codec="utf-8", exclude_characters="\t\n"), min_size=1).map(clean).map(str.strip)
)


@given(st.lists(st.tuples(ADDRESS.filter(bool), st.integers(1, 10**6)), max_size=5))
def test_what_fail2ban_prints_comes_back(bans: list[tuple[str, int]]) -> None:
    now = datetime(2026, 11, 23, 7)
    printed = "".join(
        f"{address} \t{now} + {left} = {datetime.fromtimestamp(now.timestamp() + left)}\n"
        for address, left in bans
    )
    found, malformed = parse_bans(printed.encode(), now)
    assert malformed == 0
    assert [ban.address for ban in found] == [address for address, _ in bans]
