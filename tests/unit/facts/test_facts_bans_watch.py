"""What the checks read of fail2ban: jails, bans, settings, dry runs; hostile and broken answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Failed, GbtuiError, Malformed
from gbtui.facts.bans_watch import parse_addresses, parse_logs, parse_trial, parse_watch, questions
from gbtui.hosts.base import Command, Completed

NAMES = ("maxretry", "findtime", "bantime")
STATUS = b"Status\n|- Number of jail:\t2\n`- Jail list:\tcaddy-http-flood, sshd\n"
BANNED = b"[{'caddy-http-flood': ['203.0.113.5', '2001:db8::1']}, {'sshd': []}]\n"


def done(stdout: bytes, status: int = 0, stderr: bytes = b"") -> Completed:
    return Completed(Command(("sh",)), status, stdout, stderr, 0.0)


def talked(*answers: bytes) -> bytes:
    return b"2026-11-23 14:00:00 +0000\nbanner\n" + b"".join(b"fail2ban> " + a for a in (*answers, b""))


def test_jails_bans_and_settings_of_one_start_of_the_client() -> None:
    watch = parse_watch(done(talked(STATUS, BANNED, b"100\n", b"60\n", b"3600\n")), NAMES)
    assert watch.jails == ("caddy-http-flood", "sshd")
    assert watch.banned == (("caddy-http-flood", "203.0.113.5"), ("caddy-http-flood", "2001:db8::1"))
    assert watch.settings == {"maxretry": "100", "findtime": "60", "bantime": "3600"}
    assert len(questions("caddy-http-flood", NAMES)) == 5


def test_a_jail_that_is_not_there_has_no_settings() -> None:
    sorry = b"Sorry but the jail 'caddy-http-flood' does not exist\n"
    assert parse_watch(done(talked(STATUS, BANNED, sorry, sorry, sorry)), NAMES).settings == {}


def test_a_client_without_a_server_is_down_and_no_error() -> None:
    words = b"ERROR   Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?\n"
    assert "Is fail2ban running" in parse_watch(done(b"2026\n", 255, words)).down
    missing = done(b"", 127, b"fail2ban-client: not found\n")
    assert parse_watch(missing).down == "fail2ban is not installed"
    assert parse_logs(missing) == ()


def test_silence_is_an_error_and_never_an_empty_list() -> None:
    with pytest.raises(Failed):
        parse_watch(done(b"", 1, b"no such container\n"))


@given(st.binary(max_size=300))
def test_any_list_of_bans_is_read_or_refused(data: bytes) -> None:
    try:
        found = parse_addresses(data)
    except Malformed:
        return
    assert all(isinstance(word, str) for pair in found for word in pair)


@given(st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(max_size=8), max_size=3)), max_size=3))
def test_bans_with_any_text_stay_on_their_line(entries: list[tuple[str, list[str]]]) -> None:
    found = parse_addresses(repr([{jail: addresses} for jail, addresses in entries]).encode())
    assert sum(len(addresses) for _, addresses in entries) == len(found)
    assert not any("\n" in address or "\x1b" in address for _, address in found)


def test_a_dry_run_tells_what_was_matched_and_what_should_not_have_been() -> None:
    said = b"jail=caddy-http-flood\nfilter=caddy\nfailures=61\nothers=60\nmatched=71\nright=61\n"
    trial = parse_trial(done(said))
    assert (trial.right, trial.wrong, trial.failures, trial.others) == (61, 10, 61, 60)
    assert (trial.jail, trial.filter, trial.error) == ("caddy-http-flood", "caddy", "")


def test_a_filter_that_does_not_compile_is_told_in_fail2bans_words() -> None:
    said = b"jail=j\nfilter=f\nfailures=1\nothers=0\nmatched=0\nright=0\nerror=re.error: redefinition\n"
    assert parse_trial(done(said)).error == "re.error: redefinition"


@pytest.mark.parametrize("said", [b"", b"failures=x\nothers=0\nmatched=0\nright=0\n", b"jail=j\n"])
def test_half_a_dry_run_is_refused(said: bytes) -> None:
    with pytest.raises(GbtuiError):
        parse_trial(done(said))


def test_logs_by_jail() -> None:
    found = parse_logs(done(b"stalwart\t/opt/gbo/logs/email.log /b\npostfix\t\n"))
    assert found == (("stalwart", ("/opt/gbo/logs/email.log", "/b")), ("postfix", ()))
