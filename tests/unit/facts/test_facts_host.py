"""The host's own facts out of one script's sections: release, snap, sshd, ufw, units, the operator."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.checks.host_asks import FACTS
from gbtui.config import HostConfig
from gbtui.errors import Malformed, TimedOut
from gbtui.facts.host import HOST_FACTS, OPERATOR, parse_host, parse_operator, parse_sections
from gbtui.facts.host_sshd import parse_sshd
from gbtui.facts.survey import THE_HOST
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.local import LocalHost
from gbtui.profiles import load

SAID = b"""noise
== os 0
 PRETTY_NAME="Ubuntu 24.04.1 LTS"
 ID=ubuntu
 VERSION_ID="24.04"
== snap 0
 Name  Version         Rev    Tracking     Publisher    Notes
 lxd   5.21.2-084c8c8  29619  5.21/stable  canonical**  disabled,held
== sshd 0
 permitrootlogin no
 passwordauthentication no
 kbdinteractiveauthentication no
== sshd-files 0
 /etc/ssh/sshd_config:57:PasswordAuthentication no
 == os 0
== ufw-default 0
 DEFAULT_FORWARD_POLICY="DROP"
 DEFAULT_FORWARD_POLICY="ACCEPT"
== ufw-conf 0
 ENABLED=yes
== forward-lines 0
 /etc/systemd/system/lxd-forward.service:ExecStart=/usr/sbin/iptables -I FORWARD -i lxdbr0 -j ACCEPT
== cron 1
== timer-lines 1
== units 0
 Id=lxd-forward.service
 LoadState=loaded
 ActiveState=active
 UnitFileState=enabled
 Id=nosuch.timer
 LoadState=not-found
 ActiveState=inactive
 UnitFileState=
"""


def test_every_section_is_read_and_a_file_cannot_fake_one() -> None:
    found = parse_host(SAID)
    assert (found.release["ID"], found.release["VERSION_ID"]) == ("ubuntu", "24.04")
    assert found.snap is not None
    assert (found.snap.version, found.snap.tracking, found.snap.held) == (
        "5.21.2-084c8c8",
        "5.21/stable",
        True,
    )
    assert (found.sshd.passwords, found.sshd.why) == ((), "")
    assert (found.ufw, found.forward_policy) == (True, "ACCEPT")
    assert len(found.forward_lines) == 1
    unit = found.unit("lxd-forward.service")
    assert unit is not None
    assert (unit.active, unit.enabled) == ("active", "enabled")
    assert found.unit("nosuch.timer") is None


def test_what_is_not_there_is_told_from_what_is_off() -> None:
    without = SAID.replace(b"== ufw-conf 0\n ENABLED=yes", b"== ufw-conf 2\n grep: no such file")
    assert parse_host(without).ufw is None
    assert parse_host(SAID.replace(b"ENABLED=yes", b"ENABLED=no")).ufw is False
    assert parse_host(SAID.replace(b"== snap 0", b"== snap 127")).snap is None
    assert parse_host(SAID.replace(b"== units 0", b"== units 1")).no_systemd
    with pytest.raises(Malformed, match="no section cron"):
        parse_host(SAID.replace(b"== cron 1", b""))


@pytest.mark.parametrize(
    ("effective", "files", "open_"),
    [
        (["passwordauthentication yes"], [], ("passwordauthentication yes",)),
        (["kbdinteractiveauthentication yes"], [], ("kbdinteractiveauthentication yes",)),
        (
            ["passwordauthentication no"],
            ["/etc/ssh/x.conf:7:Match User backup", "/etc/ssh/x.conf:8:  PasswordAuthentication yes"],
            ("/etc/ssh/x.conf:8: PasswordAuthentication yes",),
        ),
        (
            ["passwordauthentication no"],
            ["/etc/ssh/a.conf:1:Match User x", "/etc/ssh/b.conf:1:PasswordAuthentication yes"],
            (),
        ),
        (
            ["passwordauthentication no"],
            ["/a:1:Match User x", "/a:2:Match all", "/a:3:PasswordAuthentication=yes"],
            (),
        ),
    ],
)  # fmt: skip
def test_who_gets_in_without_a_key(effective: list[str], files: list[str], open_: tuple[str, ...]) -> None:
    assert parse_sshd(effective, files).passwords == open_


def test_an_sshd_that_says_nothing_is_not_one_without_passwords() -> None:
    assert parse_sshd(["sshd: not found"], []).why == "sshd: not found"


def test_the_operators_rights() -> None:
    ops = parse_operator(b"ops\n1000\nops sudo\nops,other\nsudo\n")
    assert (ops.root, ops.sudo, ops.member, ops.listed) == (False, "", False, True)
    refused = parse_operator(b"ops\n1000\nops lxd\n\nsudo: a password is required\n")
    assert (refused.sudo, refused.member) == ("sudo: a password is required", True)
    assert parse_operator(b"root\n0\nroot\n\nsudo\n").member
    with pytest.raises(Malformed):
        parse_operator(b"")


@pytest.mark.parametrize("name", ["snap", "sshd", "units"])
def test_who_did_not_answer_in_time_is_not_taken_for_absent(name: str) -> None:
    with pytest.raises(TimedOut, match=f"no answer from {name} within 2 s"):
        parse_host(SAID.replace(b"== %s 0" % name.encode(), b"== %s 124" % name.encode()))


def test_a_script_cut_off_is_late_and_not_malformed() -> None:
    command = Command(("sh", "-c", HOST_FACTS, "gbtui-host-facts"))
    cut = Completed(command, 124, SAID[:300], b"", 2.0)
    with pytest.raises(TimedOut):
        FACTS.read([cut], load(), THE_HOST)


@given(st.binary(max_size=400))
def test_no_bytes_break_a_reader(data: bytes) -> None:
    parse_sections(data)
    for read in (parse_host, parse_operator):
        with suppress(Malformed, TimedOut):
            read(data)


@given(st.lists(st.text(max_size=60), max_size=8), st.lists(st.text(max_size=60), max_size=8))
def test_no_words_break_sshds_reader(effective: list[str], files: list[str]) -> None:
    parse_sshd(effective, files)


async def test_the_scripts_run_where_half_of_it_is_missing() -> None:
    host = LocalHost(HostConfig("here", "local"))
    facts = ("sh", "-c", HOST_FACTS, "gbtui-host-facts", "lxdbr0", "lxd-forward.service")
    done = await host.run(Command(facts))
    assert done.status in (0, 1)
    assert "ID" in parse_host(done.stdout).release
    who = await host.run(Command(("sh", "-c", OPERATOR, "gbtui-operator", "lxd")))
    assert parse_operator(who.stdout).user
