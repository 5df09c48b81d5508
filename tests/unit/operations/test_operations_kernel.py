"""`firewall.accept-loopback` against the kernel: real iptables in a network namespace of our own.

The namespace is the container; files are this machine's, below one directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess  # noqa: TID251 - the namespace is made and looked at from outside gbtui
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.facts.firewall_saved import is_others
from gbtui.guard.plan import Plan
from gbtui.hosts.base import LxdReply
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers, Rig, build, end_timers

NEEDED = ("ip", "iptables", "iptables-save", "iptables-restore")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, NEEDED)), reason=f"needs root and {', '.join(NEEDED)}"
)
BOX = "acme-tables"
DROP = ("-A", "INPUT", "-p", "tcp", "-m", "tcp", "--dport", "6379", "-j", "DROP")
FIRST = "-A INPUT -i lo -j ACCEPT"
YES = Answers(acknowledged=("survives-reboot", "undo-warning"))


class Running:
    """The one LXD call a plan makes: the container runs."""

    async def get(self, path: str, params: object = None) -> LxdReply:
        return LxdReply({"status": "Running"})


class Box:
    """A "container" with rules of its own in the kernel."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.rig = Rig(root)
        self.rig.host.lxd = Running()  # type: ignore[assignment]  # the only call that is made
        self.saved = root / "etc/rules.v4"
        self.profile = replace(load(), saved_rules=str(self.saved))

    def run(self, *argv: str) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *argv], capture_output=True, text=True, check=True
        )
        return done.stdout

    def rules(self) -> list[str]:
        return self.run("iptables", "-w", "-S", "INPUT").splitlines()[1:]

    async def plan(self) -> Plan:
        context = Context(self.rig.host, self.profile)
        return await find("firewall.accept-loopback").plan(context, {"container": BOX})


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    name = f"gbtui-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {made.stderr!r}")
    build(tmp_path)
    (tmp_path / "instances" / BOX).mkdir()
    (tmp_path / "wrap").write_text(f"ip netns exec {name}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    try:
        found = Box(tmp_path, name)
        found.run("iptables", "-w", *DROP)
        found.saved.write_text(found.run("iptables-save"))
        yield found
    finally:
        end_timers(tmp_path)
        subprocess.run(["ip", "netns", "del", name], check=True)


async def test_repaired_saved_restorable_and_taken_back(box: Box) -> None:
    before, file = box.rules(), box.saved.read_bytes()
    engine = box.rig.engine()
    done = await engine.apply(await box.plan(), YES)
    assert done.result == "done", done.message
    assert box.rules() == [FIRST, *before]
    box.run("iptables-restore", str(box.saved))
    assert box.rules() == [FIRST, *before], "what was saved is what runs after a reboot"
    assert (await box.plan()).noop
    undone = await engine.undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert box.rules() == before
    assert box.saved.read_bytes() == file


async def test_the_hosts_own_script_takes_it_back(box: Box) -> None:
    before, file = box.rules(), box.saved.read_bytes()
    outcome = await box.rig.engine().apply(await box.plan(), replace(YES, keeps="revert"))
    assert outcome.result == "reverted", outcome.message
    assert box.rules() == before
    assert box.saved.read_bytes() == file


async def test_fail2bans_rules_run_on_and_are_not_saved(box: Box) -> None:
    for argv in (("-N", "f2b-sshd"), ("-A", "f2b-sshd", "-s", "203.0.113.7", "-j", "REJECT")):
        box.run("iptables", "-w", *argv)
    box.run("iptables", "-w", "-I", "INPUT", "1", "-p", "tcp", "-j", "f2b-sshd")
    made = await box.plan()
    box.run("iptables", "-w", "-A", "f2b-sshd", "-s", "203.0.113.8", "-j", "REJECT")
    outcome = await box.rig.engine().apply(made, YES)
    assert outcome.result == "done", outcome.message
    assert b"f2b" not in box.saved.read_bytes()
    assert "203.0.113.8" in box.run("iptables", "-w", "-S", "f2b-sshd"), (
        "a ban meanwhile is no reason to stop"
    )
    assert next(rule for rule in box.rules() if not is_others("INPUT", rule)) == FIRST


async def test_fail2ban_putting_itself_first_hides_nothing_from_undo(box: Box) -> None:
    before = box.rules()
    outcome = await box.rig.engine().apply(await box.plan(), replace(YES, keeps="leave"))
    box.run("iptables", "-w", "-N", "f2b-sshd")
    box.run("iptables", "-w", "-I", "INPUT", "1", "-p", "tcp", "-j", "f2b-sshd")
    reverted = await box.rig.engine().revert(outcome.id)
    assert reverted.result == "reverted", reverted.message
    assert box.rules() == ["-A INPUT -p tcp -j f2b-sshd", *before]


async def test_a_later_accept_is_left_where_it_was(box: Box) -> None:
    box.run("iptables", "-w", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
    before = box.rules()
    done = await box.rig.engine().apply(await box.plan(), YES)
    assert done.result == "done", done.message
    assert box.rules() == [FIRST, *before]
    assert (await box.rig.engine().undo(done.id, YES)).result == "done"
    assert box.rules() == before
