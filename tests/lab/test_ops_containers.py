"""Containers on the twin: ports, privilege, mounts, power and snapshots, each applied and taken back.

Effects are read by `lxc query`, `zfs list`, the kernel's own files and TCP connections. The gate runs the
first; `make lab-full` all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
OUTER = "10.0.2.15"


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def applied(operator: Operator, verb: str, *words: str, confirm: str = "") -> str:
    """The id of an operation that was done."""
    typed = ("--confirm", confirm) if confirm else ()
    done = operator.sure("apply", f"containers.{verb}", *words, "--keep", *typed)
    assert done.returncode == 0, done.stdout + done.stderr
    found: str = operator.json("journal")["records"][-1]["id"]
    return found


def undone(operator: Operator, op_id: str) -> None:
    done = operator.sure("undo", op_id, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr


def refused(operator: Operator, verb: str, *words: str) -> str:
    done = operator.sure("apply", f"containers.{verb}", *words, "--keep", "--confirm", words[0])
    assert done.returncode == 3, done.stdout + done.stderr
    return done.stdout + done.stderr


def instance(lab: Lab, name: str) -> Any:
    return json.loads(lab.run("lxc", "query", f"/1.0/instances/{name}").stdout)


def greeting(lab: Lab, port: int, address: str = OUTER) -> str:
    """What a server says first, through a port of the host."""
    script = 'exec 3<>"/dev/tcp/$1/$2" && timeout 10 head -n 1 <&3'
    return lab.run("timeout", "15", "bash", "-c", script, "greeting", address, str(port)).stdout


def writes(lab: Lab, role: str) -> bool:
    """Whether root inside can make a file in /opt/gbo and in all that is in it."""
    script = 'for f in /opt/gbo /opt/gbo/*/; do touch "$f/.lab" && rm "$f/.lab" || exit 1; done'
    return lab.inside(role, "sh", "-c", script).returncode == 0


def whole_map(lab: Lab, role: str) -> bool:
    """Whether root inside is the host's root, by the uid map in force."""
    return "4294967295" in lab.inside(role, "cat", "/proc/self/uid_map").stdout


def snapshots(lab: Lab, name: str) -> list[str]:
    """What ZFS lists of a container."""
    dataset = f"default/containers/{name}"
    words = ("zfs", "list", "-H", "-o", "name", "-t", "snapshot", "-d", "1", dataset)
    return [line.rpartition("@")[2] for line in lab.run("sudo", *words).stdout.splitlines()]


@full
def test_a_port_is_opened_and_the_guides_are_never_closed(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    assert greeting(lab, 8025) == ""
    words = ("container=acme-email", "listen=tcp:8025", "connect=tcp:25")
    op_id = applied(operator, "add-port", *words)
    assert greeting(lab, 8025).startswith("220")
    assert "is never removed" in refused(operator, "remove-port", "container=acme-email", "device=port-25")
    assert greeting(lab, 25).startswith("220")
    assert "offers nothing to the world" in refused(
        operator, "add-port", "container=acme-tables", "listen=tcp:5432"
    )
    undone(operator, op_id)
    assert greeting(lab, 8025) == ""
    assert "port-8025" not in instance(lab, "acme-email")["devices"]


@full
def test_a_snapshot_is_taken_and_deleted_by_its_name(fresh_lab: Lab, operator: Operator) -> None:
    lab, mine = fresh_lab, ("container=acme-dns", "snapshot=lab")
    applied(operator, "snapshot", *mine)
    assert "snapshot-lab" in snapshots(lab, "acme-dns")
    assert "acme-dns/lab" in refused(operator, "delete-snapshot", *mine)
    assert "snapshot-lab" in snapshots(lab, "acme-dns")
    applied(operator, "delete-snapshot", *mine, confirm="acme-dns/lab")
    assert "snapshot-lab" not in snapshots(lab, "acme-dns")
    assert "/lab" not in lab.run("lxc", "query", "/1.0/instances/acme-dns/snapshots").stdout


@full
def test_stop_start_restart_and_their_undo(fresh_lab: Lab, operator: Operator) -> None:
    lab, mail = fresh_lab, "container=acme-webmail"
    stopped = applied(operator, "stop", mail)
    assert instance(lab, "acme-webmail")["status"] == "Stopped"
    undone(operator, stopped)
    assert instance(lab, "acme-webmail")["status"] == "Running"
    before = instance(lab, "acme-webmail")["last_used_at"]
    applied(operator, "restart", mail)
    assert instance(lab, "acme-webmail")["last_used_at"] != before
    refused(operator, "force-stop", mail)
    applied(operator, "force-stop", mail, confirm="acme-webmail")
    assert instance(lab, "acme-webmail")["status"] == "Stopped"
    started = applied(operator, "start", mail)
    assert instance(lab, "acme-webmail")["status"] == "Running"
    undone(operator, started)
    assert instance(lab, "acme-webmail")["status"] == "Stopped"


@full
def test_restarting_system_and_proxy_names_what_goes_dark(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    plan = operator.json("plan", "containers.restart", "container=acme-proxy")
    dark = " ".join(plan["dark"])
    assert "tcp :443" in dark
    assert "chat.acme.test" in dark
    plan = operator.json("plan", "containers.restart", "container=acme-system")
    assert "api.acme.test" in " ".join(plan["dark"])
    assert "north.acme.example" not in " ".join(plan["dark"])
    applied(operator, "restart", "container=acme-system")
    health = ("curl", "-fsS", "-m", "5", "http://127.0.0.1:5858/health")
    assert '"ok"' in lab.inside("system", *health).stdout


@full
def test_a_stop_of_system_is_taken_back_with_a_botserver_that_works(
    fresh_lab: Lab, operator: Operator
) -> None:
    undone(operator, applied(operator, "stop", "container=acme-system"))
    health = ("curl", "-fsS", "--retry", "20", "--retry-all-errors", "--retry-delay", "1")
    assert '"ok"' in fresh_lab.inside("system", *health, "http://127.0.0.1:5858/health").stdout


@full
def test_privilege_is_set_in_effect_and_taken_back(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    assert "must be privileged" in refused(operator, "set-privileged", "container=acme-system", "value=false")
    assert whole_map(lab, "system")
    op_id = applied(operator, "set-privileged", "container=acme-webmail", "value=true")
    assert whole_map(lab, "webmail")
    assert writes(lab, "webmail")
    undone(operator, op_id)
    assert not whole_map(lab, "webmail")
    assert "security.privileged" not in instance(lab, "acme-webmail")["config"]
    assert writes(lab, "webmail")


@full
def test_nat_keeps_the_clients_address(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    words = ("container=acme-email", f"listen=tcp:{OUTER}:8026", "connect=tcp:25", "nat=true")
    op_id = applied(operator, "add-port", *words)
    assert greeting(lab, 8026).startswith("220")
    assert "tcp dport 8026 dnat" in lab.run("sudo", "nft", "list", "ruleset").stdout
    undone(operator, op_id)
    assert "dport 8026" not in lab.run("sudo", "nft", "list", "ruleset").stdout


@full
def test_a_port_is_removed_and_put_back(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    applied(operator, "add-port", "container=acme-email", "listen=tcp:8027", "connect=tcp:25")
    op_id = applied(operator, "remove-port", "container=acme-email", "device=port-8027")
    assert greeting(lab, 8027) == ""
    undone(operator, op_id)
    assert greeting(lab, 8027).startswith("220")


@full
def test_foreign_mounts_go_and_come_back(fresh_lab: Lab, operator: Operator) -> None:
    """One of its own, of another role's folder; and one that a profile brings."""
    lab = fresh_lab
    theirs = "/opt/gbo/tenants/acme/system/bin"
    lab.script(
        f"install -d {theirs}; touch {theirs}/theirs /srv/ci-cache/cached\n"
        f"lxc config device add acme-alm-ci deploy disk path=/mnt/bin source={theirs}\n"
    )
    for device, path, file in (("deploy", "/mnt/bin", "theirs"), ("cache", "/var/cache/ci", "cached")):
        assert file in lab.inside("alm-ci", "ls", path).stdout
        op_id = applied(operator, "remove-mount", "container=acme-alm-ci", f"device={device}")
        assert file not in lab.inside("alm-ci", "ls", path).stdout
        undone(operator, op_id)
        assert file in lab.inside("alm-ci", "ls", path).stdout


@full
def test_put_back_to_a_snapshot_and_back_again(fresh_lab: Lab, operator: Operator) -> None:
    lab, mine = fresh_lab, ("container=acme-dns", "snapshot=lab")
    applied(operator, "snapshot", *mine)
    lab.inside("dns", "sh", "-c", "echo later >/opt/gbo/data/later; sync")
    op_id = applied(operator, "restore-snapshot", *mine)
    assert "later" not in lab.inside("dns", "ls", "/opt/gbo/data").stdout
    assert "203.0.113.10" in lab.run("dig", "+short", "+timeout=5", f"@{OUTER}", "www.acme.test").stdout
    undone(operator, op_id)
    assert lab.inside("dns", "cat", "/opt/gbo/data/later").stdout == "later\n"
    assert snapshots(lab, "acme-dns") == ["snapshot-lab"]
    assert lab.run("sudo", "ls", "/var/lib/gbtui/restore").stdout == ""
    lab.run("sudo", "zfs", "snapshot", "default/containers/acme-dns@newer")
    assert "newer snapshots are in the way" in refused(operator, "restore-snapshot", *mine)
