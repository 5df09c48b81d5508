from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, GbtuiError, Malformed, MissingTool, NotFound
from gbtui.facts.bans import Ban, Bans, BansReader
from gbtui.facts.bans_parse import (
    ASK,
    BANNED,
    CLOCK,
    MOST_JAILS,
    PROMPT,
    STATUS,
    banip_of,
    parse_answers,
    parse_banned,
    parse_bans,
    parse_clock,
    parse_jails,
    parse_status,
    status_of,
)
from gbtui.hosts.base import Command, Completed
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


class Fail2banHost(FakeHost):
    """Answers `ASK` as the client's interactive mode does; `asked` remembers each start of it."""

    def __init__(self, answers: Mapping[tuple[str, ...], Answer] | None = None) -> None:
        super().__init__(answers)
        self.asked: list[tuple[str, tuple[tuple[str, ...], ...]]] = []

    async def run(self, command: Command) -> Completed:
        where, argv = (
            ("host", command.argv) if command.argv[0] == "sh" else (command.argv[2], command.argv[5:])
        )
        assert argv[:4] == ("sh", "-c", ASK, "gbtui-bans")
        questions = tuple(("fail2ban-client", *shlex.split(question)) for question in argv[4:])
        self.asked.append((where, questions))
        if (where, *BANNED) not in self.answers:
            return Completed(command, 127, b"", b"fail2ban-client: not found\n", 0.0)
        clock = self.answers.get((where, *CLOCK), NOW)
        assert isinstance(clock, bytes)
        out, err = clock + b"Fail2Ban v1.0.2 reads log file\n\n", b""
        for question in questions:
            answer = self.answers[where, *question]
            if isinstance(answer, GbtuiError):
                raise answer
            said = answer if isinstance(answer, tuple) else (0, answer, b"")
            out, err = out + PROMPT + said[1], err + said[2]
        return Completed(command, 0, out + PROMPT, err, 0.0)


async def read(host: FakeHost, *containers: str) -> Bans:
    return await BansReader(host, PROFILE, containers).read()


async def test_real_jails_with_time_left() -> None:
    found = await read(Fail2banHost(place("host")))
    sshd, caddy, quiet = found.jails
    assert (sshd.where, sshd.jail, sshd.currently_failed, sshd.total_banned) == ("host", "sshd", 0, 3)
    assert sshd.banned == (Ban("203.0.113.5", 599.0), Ban("2001:db8::1", 599.0), Ban("not an ip", 599.0))
    assert caddy.banned == (Ban("198.51.100.23", None),)
    assert (quiet.banned, quiet.total_failed) == ((), 0)
    assert (found.notes, found.malformed) == ((), 0)


async def test_no_more_client_starts_than_needed() -> None:
    host = Fail2banHost(place("host"))
    reader = BansReader(host, PROFILE)
    first = await reader.read()
    details = (
        status_of("sshd"),
        banip_of("sshd"),
        status_of("caddy-http-flood"),
        banip_of("caddy-http-flood"),
        status_of("quiet"),
    )
    assert host.asked == [("host", (BANNED,)), ("host", details)]
    host.asked.clear()
    assert await reader.read() == first
    assert host.asked == [("host", (BANNED, *details))], "one start once the jails are known"


async def test_a_jail_that_is_new_is_asked_for_at_once() -> None:
    host = Fail2banHost(place("host") | {("host", *BANNED): b"[{'quiet': []}]\n"})
    reader = BansReader(host, PROFILE)
    assert [jail.jail for jail in (await reader.read()).jails] == ["quiet"]
    host.answers |= place("host")
    assert [jail.jail for jail in (await reader.read()).jails] == ["sshd", "caddy-http-flood", "quiet"]


async def test_without_an_interactive_mode_each_question_is_a_start() -> None:
    class Plain(Fail2banHost):
        async def run(self, command: Command) -> Completed:
            done = await super().run(command)
            return replace(done, status=255, stdout=NOW, stderr=b"Readline not available\n")

    plain = Plain(place("host"))
    assert await read(plain) == await read(Fail2banHost(place("host")))
    assert plain.batches[0] == ("host", (CLOCK, BANNED))


def test_prompts_that_do_not_fit_the_questions_are_malformed() -> None:
    assert parse_answers(b"now\nbanner\nfail2ban> a\nfail2ban> ", 1) == (b"now", (b"a\n",))
    with pytest.raises(Malformed, match="prompts"):
        parse_answers(b"now\nfail2ban> a\nfail2ban> b\nfail2ban> ", 1)


async def test_only_instances_whose_role_bans_are_asked() -> None:
    host = Fail2banHost(place("host") | place("acme-proxy"))
    reader = BansReader(host, PROFILE, lambda: ["acme-proxy", "acme-system", "other"])
    found = await reader.read()
    assert {jail.where for jail in found.jails} == {"host", "acme-proxy"}
    assert {where for where, _ in host.asked} == {"host", "acme-proxy"}


@pytest.mark.parametrize(("answer", "words"), [(DOWN, "Is fail2ban running"), (DENIED, "must be root")])
async def test_a_place_that_cannot_be_read_costs_a_note(answer: Answer, words: str) -> None:
    host = Fail2banHost(place("host") | {("acme-proxy", *BANNED): answer})
    found = await read(host, "acme-proxy", "acme-email")
    assert {jail.where for jail in found.jails} == {"host"}
    notes = dict(found.notes)
    assert words in notes["acme-proxy"]
    assert "not installed" in notes["acme-email"]


async def test_when_all_places_fail_the_error_is_the_hosts() -> None:
    with pytest.raises(MissingTool):
        await read(Fail2banHost(), "acme-proxy")
    with pytest.raises(Denied):
        await read(Fail2banHost({("host", *BANNED): DENIED}))
    gone = {("acme-proxy", *BANNED): NotFound("acme-proxy stopped")}
    found = await read(Fail2banHost(place("host") | gone), "acme-proxy")
    assert found.notes == (("acme-proxy", "acme-proxy stopped"),)


@pytest.mark.parametrize("answer", [(255, b"", b"NOK: ('Invalid command',)"), b"[{'sshd': ['a'\n"])
async def test_without_banned_the_status_names_the_jails(answer: Answer) -> None:
    host = Fail2banHost(place("host") | {("host", *BANNED): answer})
    found = await read(host)
    assert [jail.jail for jail in found.jails] == ["caddy-http-flood", "quiet", "sshd"]
    assert [len(jail.banned) for jail in found.jails] == [1, 0, 3]


async def test_a_jail_that_stops_meanwhile_and_a_clock_that_cannot_be_read() -> None:
    gone = (255, b"Sorry but the jail 'quiet' does not exist\n", b"")
    host = Fail2banHost(place("host") | {("host", *status_of("quiet")): gone, ("host", *CLOCK): b"?"})
    found = await read(host)
    assert [jail.jail for jail in found.jails] == ["sshd", "caddy-http-flood"]
    assert "time left is not known" in dict(found.notes)["host"]
    assert found.jails[0].banned[0].left is None


async def test_nothing_configured_is_a_good_reading() -> None:
    host = Fail2banHost({("host", *BANNED): b"[]\n"})
    assert await read(host) == Bans(())
    assert len(host.asked) == 1


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
