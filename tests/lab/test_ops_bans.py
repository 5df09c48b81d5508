"""Bans on the twin, seen from the attacker's side: a request that comes through, or does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)

STRANGER, NEIGHBOUR = "203.0.113.77", "203.0.113.78"
FLOOD, WHERE, JAIL = "caddy-http-flood", "container=acme-proxy", "jail=caddy-http-flood"
ADDRESS = f"address={STRANGER}"
ADDRESSES = f"""
for at in {STRANGER} {NEIGHBOUR}; do
  ip -n attacker addr replace $at/32 dev eth0
  ip route replace $at/32 dev attacker0
done
"""
ASK = 'ip netns exec attacker curl -s -o /dev/null -w "%{http_code}" -m 5 --interface "$1" -H "Host: $2" "$3"'
SHOP = "http://10.77.0.30/"
GUESS = 'ip netns exec attacker curl -s -m 5 --interface "$1" -u ada:wrong imap://10.77.0.50/'


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    assert fresh_lab.run("sh", "-c", ADDRESSES, user="root").returncode == 0
    return Operator(fresh_lab, tmp_path)


def asked(lab: Lab, source: str = STRANGER, url: str = SHOP, host: str = "www.acme.test") -> str:
    """What a client at `source` gets of the proxy: a status, or 000 where it is turned away."""
    return lab.run("sh", "-c", ASK, "ask", source, host, url, user="root").stdout


def done(operator: Operator, *words: str) -> str:
    """`gbtui apply …` that ends well; the id of the operation."""
    ended = operator.sure("apply", *words, "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    begun = [record for record in operator.json("journal")["records"] if record["record"] == "begin"]
    return str(begun[-1]["id"])


def undone(operator: Operator, op_id: str) -> None:
    ended = operator.sure("undo", op_id, "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def soon(lab: Lab, holds: Callable[[], bool], tries: int = 60) -> bool:
    """Whether it becomes so; each look takes the twin its time."""
    return any(holds() for _ in range(tries))


@full
def test_a_stranger_is_turned_away_and_comes_back(fresh_lab: Lab, operator: Operator) -> None:
    assert asked(fresh_lab) == "200"
    op_id = done(operator, "bans.ban", WHERE, JAIL, ADDRESS)
    assert asked(fresh_lab) == "000"
    assert asked(fresh_lab, NEIGHBOUR) == "200"
    undone(operator, op_id)
    assert asked(fresh_lab) == "200"
    for words, said in (
        (("container=host", "jail=sshd", "address=10.0.2.2"), "logged in"),
        (("container=host", "jail=nosuch", ADDRESS), "its jails: sshd"),
    ):
        refused = operator.sure("apply", "bans.ban", *words)
        assert (refused.returncode, said in refused.stdout + refused.stderr) == (3, True), refused


@full
def test_unban_and_orphans(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    done(operator, "bans.ban", WHERE, JAIL, ADDRESS)
    lab.inside("proxy", "iptables", "-w", "-I", f"f2b-{FLOOD}", "1", "-s", NEIGHBOUR, "-j", "DROP")
    lab.inside("proxy", "iptables", "-w", "-I", f"f2b-{FLOOD}", "1", "-s", STRANGER, "-j", "DROP")
    assert (asked(lab), asked(lab, NEIGHBOUR)) == ("000", "000")
    lifted = done(operator, "bans.unban", WHERE, JAIL, ADDRESS)
    assert (asked(lab), asked(lab, NEIGHBOUR)) == ("200", "000")
    cleared = done(operator, "bans.clear-orphans", WHERE)
    assert (asked(lab), asked(lab, NEIGHBOUR)) == ("200", "200")
    undone(operator, cleared)
    assert (asked(lab), asked(lab, NEIGHBOUR)) == ("200", "000")
    undone(operator, lifted)
    assert asked(lab) == "000"


@full
def test_the_host_bans_over_its_own_jail(fresh_lab: Lab, operator: Operator) -> None:
    op_id = done(operator, "bans.ban", "container=host", "jail=sshd", ADDRESS)
    rules = fresh_lab.run("iptables", "-w", "-S", user="root").stdout
    tables = fresh_lab.run("nft", "list", "ruleset", user="root").stdout
    assert f"f2b-sshd -s {STRANGER}/32" in rules or STRANGER in tables
    undone(operator, op_id)
    assert STRANGER not in fresh_lab.run("iptables", "-w", "-S", user="root").stdout


@full
def test_the_flood_jail_is_installed_only_where_clients_are_seen(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    files = (f"/etc/fail2ban/jail.d/{FLOOD}.conf", f"/etc/fail2ban/filter.d/{FLOOD}.conf")
    lab.inside("proxy", "rm", "-f", *files)
    lab.inside("proxy", "fail2ban-client", "reload")
    assert FLOOD not in lab.inside("proxy", "fail2ban-client", "status").stdout
    lab.inside("proxy", "truncate", "-s", "0", "/opt/gbo/logs/access.log")
    lab.run("traffic.sh", "20", "device", user="root")
    refused = operator.sure("apply", "bans.install-flood-jail", WHERE)
    assert (refused.returncode, "ban the host's own address" in refused.stdout + refused.stderr) == (3, True)
    for source in (STRANGER, NEIGHBOUR):
        asked(lab, source, f"{SHOP}missing", "git.acme.test")
        asked(lab, source)
    op_id = done(operator, "bans.install-flood-jail", WHERE)
    asked(lab, STRANGER, f"{SHOP}flood?n=[1-110]", "git.acme.test")
    assert soon(lab, lambda: asked(lab) == "000")
    assert asked(lab, NEIGHBOUR) == "200"
    undone(operator, op_id)
    assert FLOOD not in lab.inside("proxy", "fail2ban-client", "status").stdout
    assert asked(lab) == "200"


@full
def test_the_mail_jail_bans_who_guesses(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    for source in (STRANGER, NEIGHBOUR):
        lab.run("sh", "-c", GUESS, "guess", source, user="root")
    log = lab.inside("email", "cat", "/opt/gbo/logs/email.log").stdout
    assert STRANGER in log
    op_id = done(operator, "bans.install-mail-jail", "container=acme-email")
    for _ in range(6):
        lab.run("sh", "-c", GUESS, "guess", STRANGER, user="root")
    assert soon(lab, lambda: STRANGER in lab.inside("email", "fail2ban-client", "banned").stdout)
    assert STRANGER in lab.inside("email", "iptables", "-w", "-S").stdout
    undone(operator, op_id)
