"""The twin is what the guide describes, its incident is real, and reset brings it back."""

import re
import time
from pathlib import Path

import pytest

from .twin import faults
from .twin.fixtures import FULL, Lab

ROLES = ("proxy", "system", "alm", "alm-ci", "email", "dns", "drive", "tables", "table-editor", "webmail")
VALKEY = "/opt/gbo/bin/botserver-stack/bin/cache/bin/valkey-cli"
CADDYFILE = Path(__file__).parent / "guest" / "roles" / "Caddyfile"
SITES = re.findall(r"^(https?)://(\S+) \{", CADDYFILE.read_text(encoding="utf-8"), re.MULTILINE)
PROBES = {
    "system": ["http://127.0.0.1:5858/health", "http://127.0.0.1:5859/health"],
    "drive": ["http://127.0.0.1:9000/minio/health/live"],
    "alm": ["http://127.0.0.1:3000/api/healthz"],
    "table-editor": ["http://127.0.0.1:8080/"],
    "webmail": ["http://127.0.0.1:80/"],
}

pytestmark = pytest.mark.timeout(600)


def statuses(lab: Lab, role: str, *arguments: str) -> list[str]:
    """HTTP statuses of one curl run inside a container."""
    done = lab.inside(role, "curl", "-sk", "-m", "10", "-w", "%{http_code}\\n", *arguments)
    return done.stdout.split()


def ping(lab: Lab) -> str:
    """What the guide's own command says, within ten seconds (an emulated guest beside other work is slow)."""
    done = lab.inside("system", "timeout", "10", VALKEY, "ping")
    return "timeout" if done.returncode == 124 else done.stdout.strip()


def health(lab: Lab) -> str:
    """The botserver's status code."""
    return statuses(lab, "system", "-o", "/dev/null", PROBES["system"][0])[0]


def test_ten_containers_run(lab: Lab) -> None:
    rows = lab.run("lxc", "list", "-f", "csv", "-c", "ns").stdout.split()
    assert sorted(rows) == sorted(f"acme-{role},RUNNING" for role in ROLES)


def test_addresses_are_static(lab: Lab) -> None:
    rows = lab.run("lxc", "list", "-f", "csv", "-c", "n4").stdout
    assert "acme-proxy,10.77.0.30 (eth0)" in rows
    assert "acme-system,10.77.0.185 (eth0)" in rows


def test_twenty_five_sites_are_served(lab: Lab) -> None:
    arguments = []
    for scheme, name in SITES:
        port = 443 if scheme == "https" else 80
        arguments += ["-o", "/dev/null", "--resolve", f"{name}:{port}:127.0.0.1", f"{scheme}://{name}/"]
    answers = statuses(lab, "proxy", *arguments)
    unexpected = {
        name: answer
        for (_, name), answer in zip(SITES, answers, strict=True)
        if answer not in ("200", "302") and name not in ("git.acme.test", "broken.acme.test", "api.acme.test")
    }
    assert (len(answers), unexpected) == (25, {})


def test_valkey_answers_through_the_path_of_the_guide(lab: Lab) -> None:
    assert ping(lab) == "PONG"


@pytest.mark.parametrize("role", PROBES)
def test_health_probes_answer_200(lab: Lab, role: str) -> None:
    for url in PROBES[role]:
        assert statuses(lab, role, "-o", "/dev/null", url) == ["200"], url


def test_database_command_of_the_guide_works(lab: Lab) -> None:
    words = ["-h", "localhost", "-U", "gbuser", "-d", "botserver", "-tAc"]
    psql = "/opt/gbo/bin/botserver-stack/bin/tables/bin/psql"
    done = lab.inside("system", psql, *words, "SELECT name FROM bots ORDER BY name")
    assert done.stdout.split() == ["default", "sales"]


def test_both_kinds_of_snapshots_exist(lab: Lab) -> None:
    names = lab.run(
        "sudo", "zfs", "list", "-Ho", "name,userrefs", "-t", "snapshot", "-r", "default/containers"
    ).stdout
    assert "acme-proxy@snapshot-daily-" in names
    assert re.search(r"acme-system@daily-\S+\t1$", names, re.MULTILINE), "a held snapshot"
    assert "acme-webmail@snapshot-orphan" not in names
    assert "orphan" in lab.run("lxc", "info", "acme-webmail").stdout


def test_incident_of_the_guide_is_real_and_heals(fresh_lab: Lab) -> None:
    lab = fresh_lab
    lab.fault("valkey-loopback")
    assert (ping(lab), health(lab)) == ("timeout", "503")
    log = lab.inside("system", "tail", "-n", "3", "/opt/gbo/logs/error.log").stdout
    assert "Connection timed out (os error 110)" in log
    lab.undo("valkey-loopback")
    assert (ping(lab), health(lab)) == ("PONG", "200")


def test_reset_puts_things_back(lab: Lab) -> None:
    lab.fault("container-stop")
    lab.script("touch /root/left-behind")
    lab.reset()
    rows = lab.run("lxc", "list", "acme-webmail", "-f", "csv", "-c", "s").stdout
    assert rows.strip() == "RUNNING"
    assert lab.run("ls", "/root/left-behind", user="root").returncode != 0
    assert abs(float(lab.run("date", "+%s.%N").stdout) - time.time()) < 5, "the guest's clock"


def test_flood_is_banned_in_the_proxy(fresh_lab: Lab) -> None:
    lab = fresh_lab
    lab.run("traffic.sh", "130", "direct", "/flood", "git.acme.test", user="root")
    script = "until lxc exec acme-proxy -- fail2ban-client banned </dev/null | grep -q 10.99.0.2; do :; done"
    assert lab.run("timeout", "60", "sh", "-c", script, user="root").returncode == 0


@pytest.mark.parametrize("name", faults.names() if FULL else ["container-stop", "log-noise"])
def test_every_fault_can_be_undone(fresh_lab: Lab, name: str) -> None:
    fresh_lab.fault(name)
    fresh_lab.undo(name)
    rows = fresh_lab.run("lxc", "list", "-f", "csv", "-c", "s").stdout.split()
    assert rows == ["RUNNING"] * len(ROLES)
