"""The simulated iptables against a session recorded from the real one (1.8, nf_tables), line by line."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from gbtui.demo.clock import ManualClock
from gbtui.demo.host import DemoHost
from gbtui.demo.rules import Packet, Ruleset
from gbtui.demo.ruletext import VERSION
from gbtui.demo.state import File
from gbtui.hosts.base import Command, inside
from gbtui.text import text

SESSION = Path(__file__).with_name("iptables-session.txt")
PLACE = "acme-dns"
FILES = {
    "f1": "*filter\n:INPUT ACCEPT [5:6]\n-A INPUT -i lo -j ACCEPT\n[7:8] -A INPUT -j DROP\nCOMMIT\n",
    "f2": "*filter\n:INPUT ACCEPT [5:6]\n-A INPUT --bogus lo -j ACCEPT\nCOMMIT\n",
    "f3": "*filter\n:INPUT ACCEPT [5:6]\n-A NOPE -j ACCEPT\nCOMMIT\n",
    "f4": "rubbish\n",
    "f5": "*filter\n-A INPUT -j ACCEPT\n",
}


@dataclass
class Said:
    """One recorded command, what it printed (both streams) and its status."""

    argv: tuple[str, ...]
    output: str
    status: int


def recorded() -> list[Said]:
    found: list[Said] = []
    for line in SESSION.read_text().splitlines():
        if line.startswith("$ "):
            found.append(Said(tuple(shlex.split(line[2:])), "", -1))
        elif line.startswith("rc="):
            found[-1].status = int(line[3:])
        else:
            found[-1].output += f"{line}\n"
    return found


def as_recorded(output: str) -> str:
    """Version and date as the record has them."""
    return re.sub(
        r" on \w{3} \w{3} .* 2026$",
        " on DATE",
        output.replace(VERSION, "VERSION (nf_tables)"),
        flags=re.MULTILINE,
    )


async def test_says_and_does_what_the_real_one_did() -> None:
    host = DemoHost(clock=ManualClock())
    place = host.state.places[PLACE]
    place.files |= {name: File(data.encode()) for name, data in FILES.items()}
    session = [said for said in recorded() if said.argv[0] != "nft"]
    assert len(session) > 40
    for said in session:
        done = await host.run(inside(PLACE, Command(said.argv)))
        got = as_recorded(text(done.stdout + done.stderr))
        assert (got, done.status) == (said.output, said.status), shlex.join(said.argv)


async def test_without_root_the_host_refuses() -> None:
    host = DemoHost(clock=ManualClock())
    done = await host.run(Command(("iptables-save",)))
    assert done.status == 4
    assert b"you must be root" in done.stderr


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (["-A INPUT -p tcp --dport 6379 -j DROP"], "DROP"),
        (["-A INPUT -i lo -j ACCEPT", "-A INPUT -p tcp --dport 6379 -j DROP"], "ACCEPT"),
        (["-A INPUT -p tcp --dport 6379 -j DROP", "-A INPUT -i lo -j ACCEPT"], "DROP"),
        (["-A INPUT ! -i lo -p tcp --dport 6379 -j DROP"], "ACCEPT"),
        (["-A INPUT -s 10.0.0.0/8 -p tcp --dport 6379 -j DROP"], "ACCEPT"),
        (["-A INPUT -p tcp --dport 6000:7000 -j REJECT"], "REJECT"),
        (["-P INPUT DROP"], "DROP"),
        (["-N own", "-A own -i lo -j RETURN", "-A own -j DROP", "-A INPUT -j own"], "ACCEPT"),
        (["-N own", "-A own -j DROP", "-A INPUT -j own", "-I INPUT 1 -i lo -j ACCEPT"], "ACCEPT"),
    ],
)
async def test_order_decides_what_loopback_gets(rules: list[str], verdict: str) -> None:
    host = DemoHost(clock=ManualClock())
    host.state.places[PLACE].rules["ip"] = Ruleset()
    for rule in rules:
        done = await host.run(inside(PLACE, Command(("iptables", *rule.split()))))
        assert done.ok, done.stderr
    assert host.state.places[PLACE].rules["ip"].judge(Packet("lo", "tcp", 6379, "127.0.0.1")) == verdict


async def test_counters_move_with_the_clock() -> None:
    clock = ManualClock()
    host = DemoHost(clock=clock)
    command = inside("acme-system", Command(("iptables-save", "-c")))
    before = await host.run(command)
    clock.advance(10)
    after = await host.run(command)
    loopback = re.compile(rb"\[(\d+):\d+\] -A INPUT -i lo -j ACCEPT")
    first, second = loopback.search(before.stdout), loopback.search(after.stdout)
    assert first is not None
    assert second is not None
    assert int(second[1]) - int(first[1]) == (64 + 31) * 10


async def test_what_was_saved_can_be_restored() -> None:
    host = DemoHost(clock=ManualClock())
    saved = await host.run(Command(("iptables-save", "-c"), root=True))
    restored = await host.run(Command(("iptables-restore", "-c"), root=True, stdin=saved.stdout))
    assert restored.ok, restored.stderr
    again = await host.run(Command(("iptables-save", "-c"), root=True))
    assert again.stdout == saved.stdout
