"""The firewall operations against the kernel: real iptables in a network namespace of our own."""

from __future__ import annotations

from dataclasses import replace

from gbtui.guard.plan import Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from tests.unit.guard.rig import Answers
from tests.unit.operations.firewall_rig import word
from tests.unit.operations.test_operations_kernel import BOX, Box, box, pytestmark

__all__ = ["box", "pytestmark"]

YES = Answers(acknowledged=("survives-reboot", "undo-warning", "opens"))
FILE = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp --dport 80 -j web
-A INPUT -p tcp --dport 6379 -j DROP
-A web -m comment --comment "say \\"x\\" $(y)" -j ACCEPT
COMMIT
"""


async def plan(box: Box, operation: str, **given: str) -> Plan:
    return await find(operation).plan(Context(box.rig.host, box.profile), {"container": BOX, **given})


def banned(box: Box) -> None:
    for argv in (("-N", "f2b-x"), ("-A", "f2b-x", "-s", "203.0.113.7", "-j", "REJECT"), ("-N", "old")):
        box.run("iptables", "-w", *argv)
    for target in ("f2b-x", "old"):
        box.run("iptables", "-w", "-I", "INPUT", "1", "-p", "tcp", "-j", target)


async def test_saved_rules_are_restored_around_fail2bans(box: Box) -> None:
    banned(box)
    box.saved.write_text(FILE)
    before = box.run("iptables", "-w", "-S")
    engine = box.rig.engine()
    made = await plan(box, "firewall.restore-saved")
    assert word(made, "rehearsed").verdict == "allow"
    done = await engine.apply(made, YES)
    assert done.result == "done", done.message
    now = box.run("iptables", "-w", "-S").splitlines()
    assert "-A f2b-x -s 203.0.113.7/32 -j REJECT --reject-with icmp-port-unreachable" in now
    inside = [line for line in now if line.startswith("-A INPUT")]
    assert inside[:2] == ["-A INPUT -p tcp -j f2b-x", "-A INPUT -i lo -j ACCEPT"]
    assert "-N old" not in now
    assert "-N web" in now
    assert (await plan(box, "firewall.restore-saved")).noop
    undone = await engine.undo(done.id, YES)
    assert undone.result == "done", undone.message
    assert box.run("iptables", "-w", "-S") == before


async def test_the_hosts_own_script_takes_a_restore_back(box: Box) -> None:
    banned(box)
    box.saved.write_text(FILE)
    before = box.run("iptables", "-w", "-S")
    made = await plan(box, "firewall.restore-saved")
    outcome = await box.rig.engine().apply(made, replace(YES, keeps="revert"))
    assert outcome.result == "reverted", outcome.message
    assert box.run("iptables", "-w", "-S") == before


async def test_a_jail_that_started_or_stopped_since_is_no_matter(box: Box) -> None:
    banned(box)
    box.saved.write_text(FILE)
    before = box.run("iptables", "-w", "-S", "INPUT").splitlines()
    engine = box.rig.engine()
    done = await engine.apply(await plan(box, "firewall.restore-saved"), YES)
    assert done.result == "done", done.message
    box.run("iptables", "-w", "-D", "INPUT", "-p", "tcp", "-j", "f2b-x")
    box.run("iptables", "-w", "-N", "f2b-new")
    for chain in ("INPUT", "FORWARD"):
        box.run("iptables", "-w", "-I", chain, "1", "-p", "udp", "-j", "f2b-new")
    undone = await engine.undo(done.id, YES)
    assert undone.result == "done", undone.message
    now = box.run("iptables", "-w", "-S", "INPUT").splitlines()
    own = [line for line in before[1:] if "f2b" not in line]
    assert now[1:] == ["-A INPUT -p udp -j f2b-new", *own]
    assert "-A FORWARD -p udp -j f2b-new" in box.run("iptables", "-w", "-S", "FORWARD")


async def test_a_file_that_jumps_nowhere_is_refused_by_the_rehearsal(box: Box) -> None:
    """`iptables-restore --test` would let it pass."""
    box.saved.write_text(FILE.replace("-j web", "-j nosuch"))
    assert word(await plan(box, "firewall.restore-saved"), "rehearsed").verdict == "refuse"


async def test_what_is_saved_restores_to_what_ran(box: Box) -> None:
    banned(box)
    box.run("iptables", "-w", "-I", "INPUT", "1", "-i", "lo", "-j", "ACCEPT")
    done = await box.rig.engine().apply(await plan(box, "firewall.save"), YES)
    assert done.result == "done", done.message
    file = box.saved.read_text()
    assert "f2b" not in file
    box.run("iptables", "-w", "-D", "INPUT", "-p", "tcp", "-j", "f2b-x")
    for verb in ("-F", "-X"):
        box.run("iptables", "-w", verb, "f2b-x")
    before = box.run("iptables", "-w", "-S")
    box.run("iptables-restore", str(box.saved))
    assert box.run("iptables", "-w", "-S") == before


async def test_a_rule_is_deleted_by_what_it_says_and_comes_back_to_its_place(box: Box) -> None:
    spec = (
        '-p tcp -m tcp --dport 81 -m comment --comment "it is \\"q\\" $x" -j REJECT --reject-with tcp-reset'
    )
    box.run("iptables", "-w", "-I", "INPUT", "1", *("-i", "lo", "-j", "ACCEPT"))
    box.run("sh", "-c", f"iptables -w -I INPUT 2 {spec.replace('$', chr(92) + '$')}")
    before = box.rules()
    assert f"-A INPUT {spec}" in before
    done = await box.rig.engine().apply(await plan(box, "firewall.delete-rule", rule=spec), YES)
    assert done.result == "done", done.message
    assert box.rules() == [line for line in before if spec not in line]
    assert (await box.rig.engine().undo(done.id, YES)).result == "done"
    assert box.rules() == before
