"""The proxy's operations on the twin, over SSH: real Caddy, its admin API, requests from outside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
READ = ("--acknowledge", "names-resolve,secrets-in-file,file-is-running")
CONFIG = "/opt/gbo/conf/config"
ADDRESS = "10.77.0.30"
PATIENT = ("-sSk", "-m", "60", "--retry", "20", "--retry-delay", "1", "--retry-connrefused")
NEW = 'http://new.acme.test {\n\trespond "new ok"\n}\n'


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def page(lab: Lab, name: str, scheme: str = "http") -> str:
    """What a request from another container gets."""
    port = 443 if scheme == "https" else 80
    resolve = f"{name}:{port}:{ADDRESS}"
    done = lab.inside("drive", "curl", *PATIENT, "--resolve", resolve, f"{scheme}://{name}/")
    return done.stdout + done.stderr


def certificate(lab: Lab, name: str) -> str:
    """The certificate that a client is shown."""
    command = f"openssl s_client -connect {ADDRESS}:443 -servername {name} </dev/null 2>/dev/null"
    return lab.script(f"{command} | openssl x509 -noout -fingerprint -sha256").stdout


def config(lab: Lab) -> str:
    return lab.inside("proxy", "cat", CONFIG).stdout


def served(lab: Lab) -> set[str]:
    printed = lab.inside("proxy", "curl", "-fsS", "http://localhost:2019/config/apps/http/servers").stdout
    matches = [m for one in json.loads(printed).values() for r in one["routes"] for m in r.get("match", [])]
    return {name for match in matches for name in match["host"]}


def owners(lab: Lab) -> str:
    """Who owns Caddy's data and logs: nothing there may become root's."""
    return lab.inside("proxy", "sh", "-c", "find /opt/gbo/logs /opt/gbo/data/caddy -user root").stdout


def done(operator: Operator, *words: str) -> str:
    """Carry an operation out; its id."""
    ended = operator.sure("apply", *words, "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return str(operator.json("journal")["records"][-1]["id"])


def taken_back(operator: Operator, op_id: str) -> None:
    ended = operator.sure("undo", op_id, "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@full
def test_a_file_is_applied_served_and_taken_back(fresh_lab: Lab, operator: Operator, tmp_path: Path) -> None:
    lab, before = fresh_lab, config(fresh_lab)
    file = tmp_path / "Caddyfile"
    file.write_text(before.replace("https://members.acme.test", "https://gone.acme.test"))
    plan = operator.json("plan", "proxy.apply-config", f"file={file}")
    refused = {v["guard"]: v["reason"] for v in plan["verdicts"] if v["verdict"] == "refuse"}
    assert "members.acme.test" in refused["no-shrink"]
    file.write_text(before + NEW)
    op_id = done(operator, "proxy.apply-config", f"file={file}")
    assert page(lab, "new.acme.test") == "new ok"
    assert page(lab, "shop.acme.test") == "shop ok"
    assert owners(lab) == ""
    taken_back(operator, op_id)
    assert config(lab) == before
    assert "new ok" not in page(lab, "new.acme.test")


@full
def test_a_dead_domain_goes_and_comes_back(fresh_lab: Lab, operator: Operator) -> None:
    lab, before, names = fresh_lab, config(fresh_lab), served(fresh_lab)
    op_id = done(operator, "proxy.remove-domain", "domain=members.acme.test")
    assert served(lab) == names - {"members.acme.test"}
    assert page(lab, "shop.acme.test") == "shop ok"
    after = config(lab).splitlines()
    left = [line for line in before.splitlines() if line not in after]
    assert left == ["https://members.acme.test {", '\trespond "members ok"']
    pid = lab.inside("proxy", "systemctl", "show", "-p", "MainPID", "--value", "proxy").stdout.strip()
    log = lab.inside("proxy", "journalctl", "-q", "--no-pager", "-o", "cat", f"_PID={pid}").stdout
    assert "serving initial configuration" in log
    assert "members.acme.test" not in log
    taken_back(operator, op_id)
    assert (config(lab), served(lab)) == (before, names)
    assert page(lab, "members.acme.test", "https") == "members ok"


@full
def test_the_storage_moves_and_no_certificate_is_issued_anew(fresh_lab: Lab, operator: Operator) -> None:
    lab, before = fresh_lab, config(fresh_lab)
    shown = certificate(lab, "secure.acme.test")
    assert "Fingerprint" in shown
    op_id = done(operator, "proxy.set-storage", "root=/opt/gbo/data/certificates")
    assert certificate(lab, "secure.acme.test") == shown
    kept = lab.inside(
        "proxy", "sh", "-c", "cd /opt/gbo/data/certificates && find . -name '*.key' -user caddy"
    )
    assert "secure.acme.test" in kept.stdout
    lab.inside("proxy", "systemctl", "restart", "proxy")
    assert "secure ok" in page(lab, "secure.acme.test", "https")
    assert certificate(lab, "secure.acme.test") == shown
    taken_back(operator, op_id)
    assert config(lab) == before
    assert certificate(lab, "secure.acme.test") == shown


@full
def test_what_caddy_refuses_to_load_is_put_back(fresh_lab: Lab, operator: Operator, tmp_path: Path) -> None:
    """Caddy can read it and cannot run it: its listener is another program's."""
    lab, before = fresh_lab, config(fresh_lab)
    file = tmp_path / "Caddyfile"
    file.write_text(before + 'http://late.acme.test:2019 {\n\trespond "late"\n}\n')
    ended = operator.sure("apply", "proxy.apply-config", f"file={file}", "--keep")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "undone" in ended.stdout
    assert config(lab) == before
    assert page(lab, "shop.acme.test") == "shop ok"
    assert owners(lab) == ""


@full
def test_restore_reload_restart(fresh_lab: Lab, operator: Operator) -> None:
    lab, before = fresh_lab, config(fresh_lab)
    make = f"cp -p {CONFIG} {CONFIG}.bak-202611010905; printf '%s' \"$1\" >>{CONFIG}"
    lab.inside("proxy", "sh", "-c", make, "x", NEW)
    done(operator, "proxy.reload")
    assert page(lab, "new.acme.test") == "new ok"
    refused = operator.sure("apply", "proxy.restore", "backup=config.bak-202611010905")
    assert (refused.returncode, "new.acme.test" in refused.stderr) == (3, True), refused
    words = ("proxy.restore", "backup=config.bak-202611010905", "domain=new.acme.test")
    op_id = done(operator, *words)
    assert config(lab) == before
    taken_back(operator, op_id)
    assert config(lab) == before + NEW
    assert page(lab, "new.acme.test") == "new ok"
    done(operator, *words)
    assert config(lab) == before
    started = ("systemctl", "show", "-p", "ActiveEnterTimestamp", "proxy")
    earlier = lab.inside("proxy", *started).stdout
    done(operator, "proxy.restart", "reason=a look at how it starts")
    assert lab.inside("proxy", *started).stdout != earlier
    lab.inside("proxy", "systemctl", "stop", "proxy")
    done(operator, "proxy.restart", "reason=it is down")
    assert page(lab, "shop.acme.test") == "shop ok"


@full
def test_the_file_is_edited_over_ssh(fresh_lab: Lab, operator: Operator, tmp_path: Path) -> None:
    lab, before = fresh_lab, config(fresh_lab)
    editor = tmp_path / "editor"
    editor.write_text(f"#!/bin/sh\ncat >>\"$1\" <<'END'\n{NEW}END\n")
    editor.chmod(0o755)
    ended = operator.run("edit", "proxy", "--yes", *READ, editor=str(editor))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert config(lab) == before + NEW
    assert page(lab, "new.acme.test") == "new ok"
    assert not list((tmp_path / "state/edited").iterdir())
    same = operator.run("edit", "proxy", "--yes", editor="touch")
    assert (same.returncode, "nothing was changed" in same.stdout) == (0, True), same
    cut = operator.run("edit", "proxy", "--yes", editor="sed -i /new.acme/,$d")
    assert (cut.returncode, "domain=new.acme.test" in cut.stderr) == (3, True), cut
    (kept,) = (tmp_path / "state/edited").glob("*/config")
    assert kept.read_text() == before
    done(operator, "proxy.apply-config", f"file={kept}", "domain=new.acme.test")
    assert config(lab) == before


@full
def test_the_floor_is_learned_on_the_host(fresh_lab: Lab, operator: Operator, tmp_path: Path) -> None:
    """One operator's gbtui learns it, somebody cuts the file by hand, another's gbtui is held to it."""
    lab, before, names = fresh_lab, config(fresh_lab), served(fresh_lab)
    done(operator, "proxy.restart", "reason=to learn")
    learned = lab.inside("proxy", "cat", f"{CONFIG}.vhosts").stdout.splitlines()
    assert {line for line in learned if not line.startswith("#")} == names
    cut = "sed -i '/^https:..members.acme.test {/,/^}/d' \"$1\" && systemctl restart proxy"
    lab.inside("proxy", "sh", "-c", cut, "x", CONFIG)
    assert served(lab) == names - {"members.acme.test"}
    (tmp_path / "other").mkdir()
    other = Operator(lab, tmp_path / "other")
    refused = other.sure("apply", "proxy.remove-domain", "domain=secure.acme.test")
    assert refused.returncode == 3, refused
    assert f"the learned floor is {len(names) - 1} (config.vhosts, learned 20" in refused.stderr
    assert "proxy.reload domain=members.acme.test" in refused.stderr
    op_id = done(other, "proxy.reload", "domain=members.acme.test")
    plan = other.json("plan", "proxy.remove-domain", "domain=secure.acme.test")
    assert not [v for v in plan["verdicts"] if v["verdict"] == "refuse"]
    taken_back(other, op_id)
    again = other.run("plan", "proxy.remove-domain", "domain=secure.acme.test")
    assert (again.returncode, "the learned floor" in again.stdout) == (3, True)
    assert config(lab) == re.sub(r"(?ms)^https://members\.acme\.test \{$.*?^\}$\n", "", before, count=1)
