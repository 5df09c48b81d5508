"""The same questions put to a real kernel, in a network namespace of the test's own."""

from __future__ import annotations

import os
import random
import shlex
import shutil

import pytest

from gbtui.config import HostConfig
from gbtui.facts.firewall import saved_text, with_rule_first
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import parse_save
from gbtui.hosts.base import Command
from gbtui.hosts.local import LocalHost

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("iptables-restore") or not shutil.which("unshare"),
    reason="needs root and iptables for a namespace of its own",
)
SEED = 7
MATCHES = (
    "",
    "-p tcp",
    "-p tcp -m tcp --dport 6379",
    "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
    "-s 127.0.0.0/8",
    "-s 10.0.0.0/8",
    "! -s 127.0.0.0/8",
    "-i lo",
    "-i eth0",
    "! -i lo",
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctstate RELATED,ESTABLISHED",
    "-m conntrack --ctstate INVALID",
    "-m addrtype --dst-type LOCAL",
)
TARGETS = ("DROP", "DROP", "ACCEPT", "RETURN", "mine")


def rule_set(dice: random.Random) -> str:
    rows = ["*filter", f":INPUT {dice.choice(('ACCEPT', 'ACCEPT', 'DROP'))} [0:0]"]
    rows += [":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":mine - [0:0]"]
    for chain, targets, longest in (("INPUT", TARGETS, 5), ("mine", TARGETS[:-1], 3)):
        for _ in range(dice.randint(0, longest)):
            rows.append(" ".join(f"-A {chain} {dice.choice(MATCHES)} -j {dice.choice(targets)}".split()))
    return "\n".join([*rows, "COMMIT", ""])


async def in_namespace(script: str) -> bytes:
    host = LocalHost(HostConfig("here", "local"))
    try:
        done = await host.run(Command(("unshare", "-n", "bash", "-ec", script), timeout=100))
    finally:
        await host.close()
    if not done.ok and b"Operation not permitted" in done.stderr:
        pytest.skip("network namespaces are not allowed here")
    assert done.ok, done.stderr
    return done.stdout


async def test_where_nothing_is_marked_the_kernel_lets_loopback_through() -> None:
    """A closed port answers at once when packets pass, and never when they are dropped."""
    dice = random.Random(SEED)
    sets = [rule_set(dice) for _ in range(30)]
    script = "ip link set lo up\n"
    for rules in sets:
        # 1: refused, so the packets came through · 124: nothing came back
        probe = "r=0; timeout 0.3 bash -c ': </dev/tcp/127.0.0.1/6379' 2>/dev/null || r=$?; echo $r\n"
        script += f"printf %s {shlex.quote(rules)} | iptables-restore\n{probe}"
    answers = (await in_namespace(script)).split()
    assert set(answers) == {b"1", b"124"}
    for rules, answer in zip(sets, answers, strict=True):
        marks, _ = loopback_marks(parse_save(rules.encode(), "host", "ip").chains)
        if answer == b"124":
            assert marks, rules
        if not marks:
            assert answer == b"1", rules


async def test_what_is_saved_comes_back_the_same() -> None:
    rules = (
        "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n"
        "-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n"
        '-A INPUT -m comment --comment "evil \\"q\\" $(x)  [/]" -j DROP\n'
        "-A f2b-sshd -s 203.0.113.7/32 -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"
    )
    mine = with_rule_first(saved_text(rules.encode()), "INPUT", "-i lo -j ACCEPT")
    assert b"f2b" not in mine
    feed = f"printf %s {shlex.quote(rules)} | iptables-restore\n"
    script = f"{feed}iptables -I INPUT 1 -i lo -j ACCEPT\niptables-save -c"
    assert saved_text(await in_namespace(script)) == mine
    octal = "".join(f"\\{byte:03o}" for byte in mine)
    again = await in_namespace(f"printf '{octal}' | iptables-restore\niptables-save -c")
    assert saved_text(again) == mine
