"""Bans against the real fail2ban and the kernel, in a network namespace of our own.

The namespace is the container: two jails, one over iptables and one over nft, and the two jails of
the guide as gbtui writes them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess  # noqa: TID251 - the namespace is made and looked at from outside gbtui
from collections.abc import Iterator
from pathlib import Path

import pytest

from gbtui.facts.bans_filter import parse_held
from gbtui.facts.bans_sample import parse_matched
from gbtui.hosts.base import LxdReply
from gbtui.operations import bans_scripts
from gbtui.operations.bans_jails import JailPlan, flood, mail
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers, Rig, build, end_timers

NEEDED = ("ip", "ss", "iptables", "ip6tables", "nft", "fail2ban-server", "fail2ban-client", "fail2ban-regex")
pytestmark = [
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(map(shutil.which, NEEDED)), reason=f"needs root and {', '.join(NEEDED)}"
    ),
    pytest.mark.timeout(120),
]
BOX = "acme-email"
FLOOD, MAIL = flood(load()), mail(load())
ALL = ("address-arrives", "undo-warning", "many-addresses", "entries-are-addresses")
JAILS = """[DEFAULT]
backend = polling
logpath = {root}/jail.log
filter = sshd
[ipt]
enabled = true
port = 22
banaction = iptables-multiport
[nftj]
enabled = true
port = 80,443
banaction = nftables
"""
SETTINGS = """[Definition]
logtarget = {root}/fail2ban.log
socket = {root}/f2b.sock
pidfile = {root}/f2b.pid
dbfile = :memory:
"""


class Running:
    """The LXD calls a plan makes: the container runs, and there is no other."""

    async def get(self, path: str, params: object = None) -> LxdReply:
        return LxdReply({"status": "Running"} if path.endswith(BOX) else [])


class Box:
    """A "container" with a fail2ban of its own."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.root = root
        self.rig = Rig(root)
        self.rig.host.lxd = Running()  # type: ignore[assignment]  # the only calls that are made

    def run(self, *argv: str, stdin: bytes = b"") -> str:
        done = subprocess.run([*self.wrap, *argv], input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout.decode()

    @property
    def wrap(self) -> list[str]:
        path = f"{self.root}/inner:{os.environ['PATH']}"
        return ["ip", "netns", "exec", self.name, "env", f"PATH={path}"]

    def script(self, text: str, *arguments: str, stdin: bytes = b"") -> str:
        return self.run("sh", "-c", text, "gbtui-test", *arguments, stdin=stdin)

    def install(self, jail: JailPlan, log: Path) -> None:
        """The jail as gbtui writes it, on another log."""
        etc = self.root / "f2b"
        (etc / f"filter.d/{jail.name}.conf").write_bytes(jail.filter_text())
        text = jail.jail_text("127.0.0.1/8 ::1", "iptables-multiport").decode()
        (etc / f"jail.d/{jail.name}.local").write_text(
            text.replace(f"logpath = {jail.log}", f"logpath = {log}")
        )
        self.run("fail2ban-client", "reload")

    async def apply(self, operation: str, **parameters: str) -> str:
        plan = await find(operation).plan(Context(self.rig.host, load()), {"container": BOX, **parameters})
        assert not plan.refused, plan.refused
        outcome = await self.rig.engine().apply(plan, Answers(acknowledged=ALL))
        assert outcome.result == "done", outcome.message
        return outcome.id

    async def undo(self, op_id: str) -> None:
        outcome = await self.rig.engine().undo(op_id, Answers(acknowledged=ALL))
        assert outcome.result == "done", outcome.message


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    name = f"gbtui-bans-{os.getpid()}"
    build(tmp_path)
    (tmp_path / f"instances/{BOX}").mkdir()
    made = Box(tmp_path, name)
    etc, inner = tmp_path / "f2b", tmp_path / "inner"
    shutil.copytree("/etc/fail2ban", etc, ignore=shutil.ignore_patterns("jail.d", "*.local"))
    (etc / "jail.d").mkdir()
    (etc / "jail.d/test.conf").write_text(JAILS.format(root=tmp_path))
    (etc / "fail2ban.local").write_text(SETTINGS.format(root=tmp_path))
    (tmp_path / "jail.log").touch()
    inner.mkdir()
    options = f"-c {etc} -s {tmp_path}/f2b.sock -p {tmp_path}/f2b.pid"
    (inner / "fail2ban-client").write_text(
        f'#!/bin/sh\nexec {shutil.which("fail2ban-client")} {options} "$@"\n'
    )
    (inner / "fail2ban-client").chmod(0o755)
    subprocess.run(["ip", "netns", "add", name], check=True)
    (tmp_path / "wrap").write_text(shlex.join(made.wrap))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    try:
        made.run("ip", "link", "set", "lo", "up")
        made.run("fail2ban-client", "start")
        yield made
    finally:
        subprocess.run([*made.wrap, "fail2ban-client", "stop"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=True)
        end_timers(tmp_path)


@pytest.mark.parametrize(("jail", "address"), [("ipt", "203.0.113.77"), ("nftj", "2001:db8::7")])
async def test_ban_undo_unban(box: Box, jail: str, address: str) -> None:
    def blocked() -> bool:
        return address in box.run("iptables", "-w", "-S") + box.run("nft", "list", "ruleset")

    op_id = await box.apply("bans.ban", jail=jail, address=address)
    assert blocked()
    await box.undo(op_id)
    assert not blocked()
    await box.apply("bans.ban", jail=jail, address=address)
    await box.apply("bans.unban", jail=jail, address=address)
    assert not blocked()
    assert address not in box.run("fail2ban-client", "banned")


async def test_orphans_of_the_guides_unban_all(box: Box) -> None:
    """An entry that is no address stops fail2ban's own clearing half-way: rules stay, the list is empty."""
    for address in ("203.0.113.5", "not-an-ip"):
        box.run("fail2ban-client", "set", "ipt", "banip", address)
    await box.apply("bans.ban", jail="nftj", address="203.0.113.6")
    box.run("iptables", "-w", "-I", "f2b-ipt", "1", "-s", "203.0.113.9", "-j", "DROP")
    box.run("nft", "add", "element", "inet", "f2b-table", "addr-set-nftj", "{ 203.0.113.8 }")
    op_id = await box.apply("bans.clear-orphans")
    rules = box.run("iptables", "-w", "-S") + box.run("nft", "list", "ruleset")
    assert ("203.0.113.9" in rules, "203.0.113.8" in rules) == (False, False)
    assert ("203.0.113.5" in rules, "203.0.113.6" in rules) == (True, True)
    await box.undo(op_id)
    rules = box.run("iptables", "-w", "-S") + box.run("nft", "list", "ruleset")
    assert ("-s 203.0.113.9/32 -j DROP" in rules, "203.0.113.8" in rules) == (True, True)


def test_what_is_held_is_read_from_real_tools(box: Box) -> None:
    for address in ("203.0.113.5", "2001:db8::7", "203.0.113.64/26", "not-an-ip"):
        box.run("fail2ban-client", "set", "ipt", "banip", address)
    for number in range(20):  # more than nft prints on one line
        box.run("fail2ban-client", "set", "nftj", "banip", f"192.0.2.{number}")
    wanted = {("ipt", "203.0.113.5/32"), ("ipt", "2001:db8::7/128"), ("ipt", "203.0.113.64/26")}
    wanted |= {("nftj", f"192.0.2.{number}/32") for number in range(20)}
    state = "until [ $(nft list ruleset | tr ',' '\\n' | grep -c 192.0.2.) -ge 20 ]; do sleep 0.1; done"
    box.run("timeout", "60", "sh", "-c", state)
    seen = parse_held(box.script(bans_scripts.RULES, "ipt", "nftj").encode())
    assert {(one.jail, str(one.network)) for one in seen.held if one.state == "blocked"} == wanted
    assert {(one.jail, str(one.network)) for one in seen.held if one.state == "listed"} == wanted
    assert seen.bogus == (("ipt", "not-an-ip"),)
    assert box.script(bans_scripts.STATE, "nosuch", "203.0.113.5/32") == "free\n"
    assert box.script(bans_scripts.STATE, "ipt", "203.0.113.5/32") == "listed fail2ban\nblocked iptables\n"


@pytest.mark.parametrize("jail", [FLOOD, MAIL], ids=lambda jail: jail.name)
def test_the_jails_of_the_guide_ban_who_fails_and_nobody_else(box: Box, jail: JailPlan) -> None:
    log = box.root / "log"
    log.touch()
    box.install(jail, log)
    sshd = "off" if jail.sshd_off else "any"
    assert box.script(bans_scripts.JAIL, jail.name, sshd, *jail.marks).strip() == jail.running()
    for number in range(len(jail.marks)):
        other = [part if at != number else f"{part}else" for at, part in enumerate(jail.marks)]
        assert "filter=other" in box.script(bans_scripts.JAIL, jail.name, sshd, *other)
    lines = "".join(_line(jail, client, bad) for client, bad in _traffic(jail))
    failures = sum(bad for _, bad in _traffic(jail))
    matched = box.script(bans_scripts.MATCH, jail.date, jail.regex, stdin=lines.encode())
    assert parse_matched(matched.encode()) == (lines.count("\n"), failures)
    log.write_text(lines)
    wait = f"until fail2ban-client get {jail.name} banip | grep -q 203.0.113.7; do sleep 0.1; done"
    box.run("timeout", "60", "sh", "-c", wait)
    assert box.run("fail2ban-client", "get", jail.name, "banip").split() == ["203.0.113.7"]


def _traffic(jail: JailPlan) -> list[tuple[str, bool]]:
    """One who fails as often as is too often, one who does well, one who fails now and then."""
    often = [("203.0.113.7", True)] * jail.maxretry
    return [*often, *[("203.0.113.8", False)] * (jail.maxretry + 5), *[("203.0.113.9", True)] * 2]


def _line(jail: JailPlan, client: str, bad: bool) -> str:
    now = subprocess.run(["date", "-u", "+%s.%N %Y-%m-%dT%H:%M:%SZ"], capture_output=True, check=True)
    epoch, stamp = now.stdout.decode().split()
    if jail is FLOOD:
        forged = '\\"remote_ip\\":\\"9.9.9.9\\" \\"status\\":404'
        return (
            f'{{"level":"info","ts":{epoch[:17]},"msg":"handled request","request":{{"remote_ip":"{client}",'
            f'"uri":"/{forged}"}},"status":{404 if bad else 200}}}\n'
        )
    words = "Authentication failed (auth.failed)" if bad else "Authentication successful (auth.success)"
    who = f'listenerId = "imaps", localPort = 993, remoteIp = {client}, remotePort = 4'
    return f'{stamp} INFO {words} {who}, accountName = "(auth.failed) x, remoteIp = 9.9.9.9"\n'
