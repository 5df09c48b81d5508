"""`firewall.drop-port` against the kernel: two "containers" on one wire, and real connections."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess  # noqa: TID251 - the namespaces are made and looked at from outside gbtui
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gbtui.guard.plan import Plan
from gbtui.hosts.base import LxdReply
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers, Rig, build, end_timers
from tests.unit.operations.firewall_rig import word

NEEDED = ("ip", "iptables", "ip6tables", "unshare", "bash")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, NEEDED)), reason=f"needs root and {', '.join(NEEDED)}"
)
BOX, OTHER, PORT = "acme-tables", "acme-alm", "9191"
ADDRESSES = {BOX: ("10.123.7.1", "fd00:7::1"), OTHER: ("10.123.7.2", "fd00:7::2")}
YES = Answers(acknowledged=("survives-reboot", "undo-warning", "in-use"))
LXC = """#!/bin/sh
[ "$1" = exec ] || exit 2
name=$2; shift 4
exec ip netns exec "{prefix}-$name" "$@"
"""


class Lxd:
    """What a plan asks LXD: who runs, and where."""

    async def get(self, path: str, params: object = None) -> LxdReply:
        if path == "instances":
            return LxdReply([{"name": name, "status": "Running"} for name in ADDRESSES])
        if path.endswith("/state"):
            entries = [
                {"family": "inet6" if ":" in address else "inet", "address": address, "scope": "global"}
                for address in ADDRESSES[path.split("/")[1]]
            ]
            return LxdReply({"network": {"eth0": {"addresses": entries}}})
        return LxdReply({"status": "Running"})


@dataclass
class Wire:
    """Both containers; `rig` is the host."""

    rig: Rig
    prefix: str
    saved: Path

    def run(self, name: str, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        words = ["ip", "netns", "exec", f"{self.prefix}-{name}", *argv]
        return subprocess.run(words, capture_output=True, text=True, check=check)

    def reaches(self, name: str, address: str) -> bool:
        code = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5)"
        return self.run(name, sys.executable, "-c", code, address, PORT, check=False).returncode == 0

    def reached(self) -> list[bool]:
        """From elsewhere over IPv4 and IPv6, then from itself."""
        own = [self.reaches(BOX, address) for address in ("127.0.0.1", "::1")]
        return [*(self.reaches(OTHER, address) for address in ADDRESSES[BOX]), *own]

    def asked(self, name: str, address: str) -> str:
        """What comes back over UDP, without gbtui: an answer, word that nobody listens, or nothing."""
        code = (
            "import socket,sys\n"
            "family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET\n"
            "one = socket.socket(family, socket.SOCK_DGRAM)\n"
            "one.settimeout(1); one.connect((sys.argv[1], int(sys.argv[2]))); one.send(b'x')\n"
            "try: print('open' if one.recv(9) else '')\n"
            "except ConnectionRefusedError: print('refused')\n"
            "except TimeoutError: print('silent')\n"
        )
        return self.run(name, sys.executable, "-c", code, address, PORT).stdout.strip()

    def heard(self) -> list[str]:
        """As `reached`, over UDP."""
        own = [self.asked(BOX, address) for address in ("127.0.0.1", "::1")]
        return [*(self.asked(OTHER, address) for address in ADDRESSES[BOX]), *own]

    async def plan(self, **more: str) -> Plan:
        profile = replace(load(), saved_rules=str(self.saved))
        given = {"container": BOX, "port": PORT, **more}
        return await find("firewall.drop-port").plan(Context(self.rig.host, profile), given)


def sh(line: str) -> None:
    subprocess.run(shlex.split(line), check=True, capture_output=True)


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    prefix = f"gbw{os.getpid() % 100000}"
    names = [f"{prefix}-{name}" for name in ADDRESSES]
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here")
    listener: subprocess.Popen[bytes] | None = None
    try:
        sh(f"ip netns add {names[1]}")
        sh(f"ip -n {names[0]} link add eth0 type veth peer name eth0 netns {names[1]}")
        for name, (four, six) in zip(names, ADDRESSES.values(), strict=True):
            sh(f"ip -n {name} addr add {four}/24 dev eth0")
            sh(f"ip -n {name} addr add {six}/64 dev eth0 nodad")
            for link in ("lo", "eth0"):
                sh(f"ip -n {name} link set {link} up")
        build(tmp_path)
        (tmp_path / "bin/lxc").write_text(LXC.format(prefix=prefix))
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        found = Wire(Rig(tmp_path), prefix, tmp_path / "etc/rules.v4")
        found.rig.host.lxd = Lxd()  # type: ignore[assignment]  # the calls that are made
        found.run(BOX, "iptables", "-w", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
        code = (
            "import socket,sys\n"
            "at = ('::', int(sys.argv[1]))\n"
            "one = socket.create_server(at, family=socket.AF_INET6, dualstack_ipv6=True)\n"
            "print('up', flush=True)\n"
            "while True: one.accept()[0].close()\n"
        )
        argv = ["ip", "netns", "exec", names[0], sys.executable, "-c", code, PORT]
        listener = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"up\n"
        yield found
    finally:
        end_timers(tmp_path)
        if listener is not None:
            listener.kill()
            listener.communicate()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
async def test_others_meet_silence_and_the_container_itself_does_not(wire: Wire) -> None:
    assert wire.reached() == [True] * 4
    engine = wire.rig.engine()
    made = await wire.plan()
    assert word(made, "rehearsed").verdict == "allow"
    done = await engine.apply(made, YES)
    assert done.result == "done", done.message
    assert wire.reached() == [False, False, True, True]
    assert (await wire.plan()).noop
    for program, path in (("iptables", wire.saved), ("ip6tables", wire.saved.with_name("rules.v6"))):
        wire.run(BOX, program, "-F")
        wire.run(BOX, f"{program}-restore", str(path))
    assert wire.reached() == [False, False, True, True], "the saved files hold it, too"
    undone = await engine.undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert wire.reached() == [True] * 4


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
async def test_a_rule_that_lets_it_in_before_is_found_in_the_rehearsal(wire: Wire) -> None:
    wire.run(BOX, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "9000:9999", "-j", "ACCEPT")
    assert "rule 2 of INPUT lets it in before (IPv4)" in word(await wire.plan(), "rehearsed").reason


LISTENER = """
import socket, sys
one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
one.bind(('::', int(sys.argv[1])))
print('up', flush=True)
while True:
    data, peer = one.recvfrom(99)
    if sys.argv[2] == 'open': one.sendto(data, peer)
"""


@contextmanager
def listening(wire: Wire, service: str) -> Iterator[None]:
    """What is on the UDP port meanwhile: "open" an echo, "silent" one that never answers, "refused" none."""
    if service == "refused":
        yield
        return
    argv = ["ip", "netns", "exec", f"{wire.prefix}-{BOX}", sys.executable, "-c", LISTENER, PORT, service]
    listener = subprocess.Popen(argv, stdout=subprocess.PIPE)
    try:
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"up\n"
        yield
    finally:
        listener.kill()
        listener.communicate()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize(("service", "said"), [("open", "allow"), ("silent", "warn"), ("refused", "allow")])
async def test_udp_is_closed_to_others_whatever_the_service_says(wire: Wire, service: str, said: str) -> None:
    """The counters prove it each time, and loopback's answer where there is one."""
    yes = replace(YES, acknowledged=(*YES.acknowledged, "udp-proof"))
    with listening(wire, service):
        assert wire.heard() == [service] * 4
        made = await wire.plan(protocol="udp")
        assert word(made, "rehearsed").verdict == "allow", word(made, "rehearsed")
        assert word(made, "udp-proof").verdict == said
        engine = wire.rig.engine()
        done = await engine.apply(made, yes)
        assert done.result == "done", done.message
        assert wire.heard() == ["silent", "silent", service, service]
        assert wire.reached() == [True] * 4, "TCP is as it was"
        for program in ("iptables", "ip6tables"):
            rows = wire.run(BOX, f"{program}-save", "-c").stdout.splitlines()
            (row,) = [row for row in rows if row.endswith(f"-A INPUT -p udp -m udp --dport {PORT} -j DROP")]
            assert not row.startswith("[0:")
        assert (await wire.plan(protocol="udp")).noop
        undone = await engine.undo(done.id, yes)
        assert undone.result == "done", undone.message
        assert wire.heard() == [service] * 4


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
async def test_udp_that_is_dropped_on_its_way_is_not_taken_for_proven(wire: Wire) -> None:
    """Somebody drops it before INPUT: silence, and our rule has never met a packet."""
    wire.run(BOX, "iptables", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "-i", "eth0", "-j", "DROP")
    made = await wire.plan(protocol="udp")
    hasty = replace(made, verify=tuple(replace(wait, timeout=0.3) for wait in made.verify))
    yes = replace(YES, acknowledged=(*YES.acknowledged, "udp-proof"))
    outcome = await wire.rig.engine().apply(hasty, yes)
    assert outcome.result == "failed-undone", outcome.message
    assert "udp" not in wire.run(BOX, "iptables", "-S").stdout
