"""The firewall operations on the twin, from the command line over SSH; their effect read by other means.

What is measured: curl from another container, `iptables -S`, a routed packet from the attacker's
namespace, a start of the unit after its rule is gone. Most of it runs with GBTUI_LAB_FULL only.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .test_twin import ping
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)

SYSTEM = "container=acme-system"
DROP = "-p tcp -m tcp --dport 9000 -j DROP"
FORWARD = "-A FORWARD -i lxdbr0 -j ACCEPT"
UNIT = "lxd-forward.service"


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def applied(operator: Operator, *words: str) -> str:
    """Apply and keep; the operation's id."""
    done = operator.sure("apply", *words, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    begun = [record["id"] for record in operator.json("journal")["records"] if record["record"] == "begin"]
    return str(begun[-1])


def taken_back(operator: Operator, op_id: str) -> None:
    done = operator.sure("undo", op_id, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr


def refused(operator: Operator, *words: str) -> str:
    done = operator.run("plan", *words)
    assert done.returncode == 3, done.stdout + done.stderr
    return done.stdout + done.stderr


def rehearsed(operator: Operator, *words: str) -> str:
    """The rehearsal's reason; it must have taken place."""
    verdicts = operator.json("plan", *words)["verdicts"]
    (found,) = [verdict for verdict in verdicts if verdict["guard"] == "rehearsed"]
    assert found["verdict"] == "allow", found
    return str(found["reason"])


def all_rules(lab: Lab, role: str = "system") -> str:
    script = "iptables -w -S; ip6tables -w -S; cat /etc/iptables/rules.v4 /etc/iptables/rules.v6 2>/dev/null"
    return lab.inside(role, "sh", "-c", script).stdout


def own(rules: str) -> list[str]:
    """Without comments and the policies of a table that was empty before."""
    return [line for line in rules.splitlines() if line.startswith("-A")]


def reached(lab: Lab, port: int) -> bool:
    """Whether the system container's port answers the alm container."""
    done = lab.inside("alm", "curl", "-s", "-m", "4", "-o", "/dev/null", f"http://10.77.0.185:{port}/health")
    return done.returncode == 0


@full
def test_a_dropped_port_answers_its_own_container_alone(fresh_lab: Lab, operator: Operator) -> None:
    lab, words = fresh_lab, ("firewall.drop-port", SYSTEM, "port=5859")
    before = own(all_rules(lab))
    assert reached(lab, 5859)
    op_id = applied(operator, *words)
    begun = operator.json("journal")["records"][0]
    assert "rehearsed" not in begun["acknowledged"], "it was rehearsed: there was nothing to acknowledge"
    assert not reached(lab, 5859)
    own_look = ("curl", "-fs", "-m", "4", "-o", "/dev/null", "http://127.0.0.1:5859/health")
    assert lab.inside("system", *own_look).returncode == 0
    assert ping(lab) == "PONG"
    assert own(all_rules(lab)).count("-A INPUT -p tcp -m tcp --dport 5859 -j DROP") == 4
    taken_back(operator, op_id)
    assert reached(lab, 5859)
    assert own(all_rules(lab)) == before


UDP = """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.settimeout(4); one.connect(("10.77.0.185", 9125)); one.send(b"x")
try: print("open" if one.recv(9) else "")
except ConnectionRefusedError: print("refused")
except TimeoutError: print("silent")
"""


@full
def test_a_udp_port_is_dropped_for_others(fresh_lab: Lab, operator: Operator) -> None:
    """Nobody listens there: before, the kernel says so to everybody; afterwards to the container alone."""
    lab, words = fresh_lab, ("firewall.drop-port", SYSTEM, "port=9125", "protocol=udp")
    rule = "-A INPUT -p udp -m udp --dport 9125 -j DROP"
    before = own(all_rules(lab))
    assert lab.inside("alm", "python3", "-c", UDP).stdout.strip() == "refused"
    assert "9125/udp is dropped" in rehearsed(operator, *words)
    op_id = applied(operator, *words)
    assert lab.inside("alm", "python3", "-c", UDP).stdout.strip() == "silent"
    own_look = lab.inside("system", "python3", "-c", UDP.replace("10.77.0.185", "127.0.0.1"))
    assert own_look.stdout.strip() == "refused"
    assert own(all_rules(lab)).count(rule) == 4
    assert ping(lab) == "PONG"
    taken_back(operator, op_id)
    assert lab.inside("alm", "python3", "-c", UDP).stdout.strip() == "refused"
    assert own(all_rules(lab)) == before
    exposed = refused(operator, "firewall.drop-port", "container=acme-dns", "port=53", "protocol=udp")
    assert "not-exposed" in exposed


@full
def test_the_guards_hold_on_the_twin(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    ssh = "-p tcp -m tcp --dport 22 -j ACCEPT"
    assert "ssh-stays" in refused(
        operator, "firewall.delete-rule", "container=host", "chain=ufw-user-input", f"rule={ssh}"
    )
    assert "loopback-stays" in refused(operator, "firewall.delete-rule", SYSTEM, "rule=-i lo -j ACCEPT")
    assert "not-exposed" in refused(operator, "firewall.drop-port", "container=acme-email", "port=993")
    lab.fault("valkey-loopback")
    more = ("-p", "tcp", "--dport", "9100", "-j", "ACCEPT")
    assert lab.inside("system", "iptables", "-w", "-A", "INPUT", *more).returncode == 0
    before = all_rules(lab)
    assert "behind-loopback" in refused(operator, "firewall.drop-port", SYSTEM, "port=9100")
    assert "worth-saving" in refused(operator, "firewall.save", SYSTEM)
    assert all_rules(lab) == before


@full
def test_a_rule_is_deleted_and_comes_back_to_its_place(fresh_lab: Lab, operator: Operator) -> None:
    before = all_rules(fresh_lab)
    op_id = applied(operator, "firewall.delete-rule", SYSTEM, f"rule={DROP}")
    assert DROP not in all_rules(fresh_lab)
    taken_back(operator, op_id)
    assert all_rules(fresh_lab) == before


@full
def test_saved_and_restored_around_fail2bans_rules(fresh_lab: Lab, operator: Operator) -> None:
    lab, words = fresh_lab, "container=acme-system"
    for argv in (
        ("-N", "f2b-x"),
        ("-A", "f2b-x", "-s", "203.0.113.7", "-j", "REJECT"),
        ("-I", "INPUT", "1", "-p", "tcp", "-j", "f2b-x"),
        ("-A", "INPUT", "-p", "tcp", "-m", "tcp", "--dport", "9100", "-j", "ACCEPT"),
    ):
        assert lab.inside("system", "iptables", "-w", *argv).returncode == 0
    before = all_rules(lab)
    op_id = applied(operator, "firewall.save", words)
    saved = lab.inside("system", "cat", "/etc/iptables/rules.v4").stdout
    assert "9100" in saved
    assert "f2b" not in saved
    taken_back(operator, op_id)
    assert all_rules(lab) == before
    op_id = applied(operator, "firewall.restore-saved", words)
    now = lab.inside("system", "iptables", "-w", "-S").stdout
    assert "9100" not in now
    assert "-A f2b-x -s 203.0.113.7/32" in now
    assert "-A INPUT -p tcp -j f2b-x" in now
    assert ping(lab) == "PONG"
    taken_back(operator, op_id)
    assert all_rules(lab) == before


def routed(lab: Lab) -> bool:
    """Whether a packet from the attacker's namespace is routed to a container."""
    done = lab.script(
        "ip netns exec attacker curl -s -m 5 -o /dev/null http://10.77.0.30/ || [ $? = 52 ]", seconds=60
    )
    return done.returncode == 0


@full
def test_the_host_forwards_again_under_ufw(fresh_lab: Lab, operator: Operator) -> None:
    lab, words = fresh_lab, ("firewall.host-forward-accept",)
    settings = "grep ^DEFAULT_FORWARD /etc/default/ufw; iptables -w -S FORWARD; ip6tables -w -S FORWARD"
    assert routed(lab)
    lab.script(
        "sed -i 's/^DEFAULT_FORWARD_POLICY=.*/DEFAULT_FORWARD_POLICY=\"DROP\"/' /etc/default/ufw; ufw reload"
    )
    before = lab.script(settings).stdout
    assert not routed(lab)
    assert "ufw started anew" in rehearsed(operator, *words)
    assert lab.script(settings).stdout == before, "a rehearsal changes nothing"
    op_id = applied(operator, *words)
    assert routed(lab)
    assert lab.script(settings).stdout.count("-P FORWARD ACCEPT") == 2
    taken_back(operator, op_id)
    assert lab.script(settings).stdout == before
    assert not routed(lab)


@full
def test_the_forward_rule_comes_back_with_the_unit(fresh_lab: Lab, operator: Operator) -> None:
    """Without a reboot: the rules are taken out, and multi-user.target's units are started as at boot."""
    lab, words = fresh_lab, ("firewall.persist-lxd-forward",)
    rules = "iptables -w -S FORWARD; ip6tables -w -S FORWARD"
    lab.script(f"systemctl disable --now {UNIT}; rm /etc/systemd/system/{UNIT}; systemctl daemon-reload")
    before = lab.script(rules).stdout
    assert FORWARD not in before
    assert "what comes from lxdbr0 is forwarded" in rehearsed(operator, *words)
    op_id = applied(operator, *words)
    assert lab.script(rules).stdout.count(FORWARD) == 2
    lab.script(f"systemctl stop {UNIT}")
    assert FORWARD not in lab.script(rules).stdout
    lab.script("systemctl start multi-user.target")
    assert lab.script(rules).stdout.count(FORWARD) == 2, "what multi-user.target wants is started again"
    lab.script(f"systemctl restart {UNIT}")
    assert lab.script(rules).stdout.count(FORWARD) == 2, "never twice"
    taken_back(operator, op_id)
    assert lab.script(rules).stdout == before
    assert lab.script(f"test -e /etc/systemd/system/{UNIT} || echo gone").stdout == "gone\n"


@full
def test_nobody_keeps_it_and_the_twin_puts_its_rules_back(fresh_lab: Lab, operator: Operator) -> None:
    before = all_rules(fresh_lab)
    done = operator.sure("apply", "firewall.delete-rule", SYSTEM, f"rule={DROP}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert DROP not in all_rules(fresh_lab)
    op_id = operator.json("journal")["records"][0]["id"]
    wait = f"until test -e /var/lib/gbtui/{op_id}/outcome; do read -t 1 _ </dev/zero || true; done"
    assert fresh_lab.run("sudo", "timeout", "150", "bash", "-c", wait, seconds=200).returncode == 0
    assert all_rules(fresh_lab) == before
