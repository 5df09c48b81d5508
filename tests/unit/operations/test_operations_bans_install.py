"""The two jails on the simulated host: proven first, installed, taken back; refused where they would harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo import traffic
from gbtui.guard.plan import Danger
from gbtui.operations.bans_jails import DEBIAN, flood, mail, without_sshd
from gbtui.profiles import load
from tests.unit.operations.bans_stage import PROXY, Stage, said, yes

MAILBOX = "acme-email"
FLOOD, MAIL = flood(load()), mail(load())
SSHD_ON = b"[DEFAULT]\nbanaction = nftables\n[sshd]\nbackend = systemd\nenabled = true\n"
INSTALL = {PROXY: ("bans.install-flood-jail", FLOOD), MAILBOX: ("bans.install-mail-jail", MAIL)}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def bare(stage: Stage, where: str) -> dict[str, bytes]:
    """fail2ban as the package leaves it: no jail but sshd. The files that are there then."""
    place = stage.host.state.places[where]
    for name in [name for name in place.files if name.startswith("/etc/fail2ban/")]:
        del place.files[name]
    await stage.host.write(DEBIAN, SSHD_ON, instance=where)
    assert (await stage.run("fail2ban-client", "reload", where=where)).ok
    assert list(place.jails) == ["sshd"]
    return files(stage, where)


def files(stage: Stage, where: str) -> dict[str, bytes]:
    every = stage.host.state.places[where].files
    return {
        name: file.data
        for name, file in every.items()
        if name.startswith("/etc/fail2ban") and ".bak" not in name
    }


def access(*rows: tuple[str, int]) -> list[bytes]:
    """Lines of the access log: (client, status)."""
    return [
        json.dumps(
            {"ts": 1.0, "request": {"remote_ip": client}, "status": status}, separators=(",", ":")
        ).encode()
        + b"\n"
        for client, status in rows
    ]


def log_is(monkeypatch: pytest.MonkeyPatch, lines: list[bytes]) -> None:
    monkeypatch.setattr(traffic, "last", lambda state, count: lines[-count:])


@pytest.mark.parametrize("where", INSTALL)
async def test_installed_and_taken_back(stage: Stage, where: str) -> None:
    operation, jail = INSTALL[where]
    before = await bare(stage, where)
    made = await stage.plan(operation, container=where)
    assert made.danger is Danger.REVERSIBLE
    assert not made.refused
    assert made.why.endswith("there is no such jail")
    op_id = await stage.apply(operation, container=where)
    place = stage.host.state.places[where]
    running = place.jails[jail.name]
    assert (running.maxretry, running.findtime, running.lasts) == (jail.maxretry, jail.findtime, 3600.0)
    assert running.regex == (jail.regex,)
    assert running.ignored == ("127.0.0.1/8", "::1", "10.77.0.0/24")
    assert ("sshd" in place.jails) is not jail.sshd_off
    assert (await stage.plan(operation, container=where)).noop.startswith("already so: ")
    await stage.undo(op_id)
    assert files(stage, where) == before
    assert list(place.jails) == ["sshd"]


async def test_a_ban_in_the_new_jail_reaches_the_packet_filter(stage: Stage) -> None:
    await bare(stage, PROXY)
    await stage.apply("bans.install-flood-jail", container=PROXY)
    await stage.apply("bans.ban", container=PROXY, jail=FLOOD.name, address="203.0.113.77")
    assert "--dports 80,443 -j f2b-caddy-http-flood" in await stage.rules()


async def test_the_healthy_host_needs_nothing(stage: Stage) -> None:
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    assert made.noop == f"already so: {FLOOD.running()}"
    verdict, reason = said(made, "filter-matches")
    assert verdict == "allow"
    assert "4xx lines and 0 of" in reason


async def test_a_jail_with_other_numbers_is_put_right_and_keeps_its_bans(stage: Stage) -> None:
    path = "/etc/fail2ban/jail.d/caddy-http-flood.conf"
    old = await stage.host.read(path, instance=PROXY)
    await stage.host.write(path, old.replace(b"maxretry = 100", b"maxretry = 5"), instance=PROXY)
    await stage.run("fail2ban-client", "reload")
    banned = await stage.banned()
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    assert "now: caddy-http-flood maxretry=5" in made.why
    assert said(made, "one-definition")[0] == "warn"
    op_id = await stage.apply("bans.install-flood-jail", container=PROXY)
    assert stage.host.state.places[PROXY].jails[FLOOD.name].maxretry == 100
    assert await stage.banned() == banned
    await stage.undo(op_id)
    assert stage.host.state.places[PROXY].jails[FLOOD.name].maxretry == 5


@pytest.mark.parametrize(
    ("lines", "guard", "words"),
    [
        (
            access(("10.77.0.1", 404), ("10.77.0.1", 200)),
            "clients-are-seen",
            "all of the last 2 lines come from 10.77.0.1",
        ),
        (access(("127.0.0.1", 404)), "clients-are-seen", "nat=true"),
        (
            access(("203.0.113.7", 404), ("127.0.0.1", 200)),
            "clients-are-seen",
            "would ban the host's own address",
        ),
        ([b"no json\n"], "clients-are-seen", "no line of the log says who came"),
        ([], "clients-are-seen", "no line of the log says who came"),
        (access(("203.0.113.7", 200), ("203.0.113.8", 200)), "filter-matches", "page that does not exist"),
        (
            [
                row.replace(b'"status":', b'"status": ')
                for row in access(("203.0.113.7", 404), ("203.0.113.8", 404))
            ],
            "filter-matches",
            "matches 0 of 2 4xx lines and 0 of 0 others",
        ),
        (
            [
                *access(("203.0.113.7", 404)),
                b'{"request":{"remote_ip":"203.0.113.8"},"status":200,"x":{"status":404}}\n',
            ],
            "filter-matches",
            "matches 1 of 1 4xx lines and 1 of 1 others",
        ),
    ],
)
async def test_without_proof_nothing_is_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, lines: list[bytes], guard: str, words: str
) -> None:
    before = await bare(stage, PROXY)
    log_is(monkeypatch, lines)
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    verdict, reason = said(made, guard)
    assert (verdict, words in reason) == ("refuse", True), reason
    assert made.steps == ()
    assert (await stage.engine.apply(made, yes(made))).result == "refused"
    assert files(stage, PROXY) == before


async def test_clients_that_come_without_address_are_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bare(stage, PROXY)
    log_is(
        monkeypatch,
        access(("203.0.113.7", 404), ("203.0.113.8", 200), ("10.77.0.1", 200), ("10.77.0.1", 404)),
    )
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    assert said(made, "private-clients")[1].startswith("2 of 4 lines come from private addresses (10.77.0.1)")
    assert not made.refused


async def test_a_file_that_forces_sshd_on_is_named(stage: Stage) -> None:
    await bare(stage, PROXY)
    await stage.host.write("/etc/fail2ban/jail.local", b"[sshd]\nport = 22\nenabled = true\n", instance=PROXY)
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    assert said(made, "one-definition")[0] == "refuse"
    assert "/etc/fail2ban/jail.local" in said(made, "one-definition")[1]


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ("acme-email", "is no proxy container"),
        ("host", "is no proxy container"),
        ("acme-nowhere", "no proxy"),
    ],
)
async def test_only_in_the_role_it_is_for(stage: Stage, container: str, words: str) -> None:
    made = await stage.plan("bans.install-flood-jail", container=container)
    assert words in said(made, "fail2ban-answers")[1]
    assert made.steps == ()


async def test_without_fail2ban(stage: Stage) -> None:
    stage.host.state.places[PROXY].missing.add("fail2ban-client")
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    assert "apt install fail2ban" in said(made, "fail2ban-answers")[1]


async def test_a_jail_that_does_not_come_up_is_taken_back(stage: Stage) -> None:
    """The reload fails (a broken file of somebody else's): the files are as before."""
    before = await bare(stage, PROXY)
    made = await stage.plan("bans.install-flood-jail", container=PROXY)
    broken = {"/etc/fail2ban/jail.d/zz.conf": b"not a section\n"}
    await stage.host.write(*next(iter(broken.items())), instance=PROXY)
    outcome = await stage.engine.apply(made, yes(made))
    assert outcome.result.startswith("failed"), outcome.message
    assert files(stage, PROXY) == before | broken


def test_mail_lines_are_read_by_their_structure() -> None:
    when, who = "2026-11-23T10:00:00Z", 'listenerId = "imaps", localPort = 993, '
    head = f"{when} INFO Authentication failed (auth.failed) {who}"
    sample = MAIL.parse(
        f'{head}remoteIp = 203.0.113.7, remotePort = 1, accountName = "x, remoteIp = 9.9.9.9"\n'
        f"{head.replace('failed)', 'success)')}remoteIp = 2001:db8::5\n"
        f"{when} INFO Started (server.startup)\n".encode()
    )
    assert [(str(one.client), one.counts) for one in sample.lines] == [
        ("203.0.113.7/32", True),
        ("2001:db8::5/128", False),
    ]
    assert sample.malformed == 1


@given(st.binary(max_size=400))
def test_any_bytes_can_be_a_log(data: bytes) -> None:
    for jail in (FLOOD, MAIL):
        sample = jail.parse(data)
        assert len(sample.lines) + sample.malformed <= data.count(b"\n") + 1


@given(
    st.lists(
        st.sampled_from(["[sshd]", "[DEFAULT]", "enabled = true", "enabled=false", "port = 22", "# x", ""])
    )
)
def test_sshd_is_off_and_every_other_line_stays(lines: list[str]) -> None:
    before = "".join(f"{one}\n" for one in lines).encode()
    after = without_sshd(before)
    assert without_sshd(after) == after
    section, switches = "", []
    for one in after.decode().splitlines():
        section = one[1:-1] if one.startswith("[") else section
        switches += [one] if section == "sshd" and one.startswith("enabled") else []
    assert switches
    assert set(switches) == {"enabled = false"}
    kept = [one for one in after.decode().splitlines() if one not in ("enabled = false", "[sshd]")]
    missing = [one for one in lines if one not in kept and not one.startswith("enabled") and one != "[sshd]"]
    assert not missing


def test_the_files_say_what_the_guide_says() -> None:
    text = FLOOD.jail_text("127.0.0.1/8", "iptables-multiport").decode()
    for wanted in ("maxretry = 100", "findtime = 60", "bantime = 3600", "logpath = /opt/gbo/logs/access.log"):
        assert wanted in text.splitlines()
    assert "port = 25,465,587,993,995,143,110,4190" in MAIL.jail_text("", "nftables").decode()
    assert b"%%Y-%%m-%%dT" in MAIL.filter_text()
    assert without_sshd(None) == b"[sshd]\nenabled = false\n"
    assert without_sshd(b"[sshd]") == b"[sshd]\nenabled = false\n"
