"""The CI runner on the twin: its caches cleaned by age, every night, never under a job; its key let in."""

from __future__ import annotations

from pathlib import Path

import pytest

from .ci_stage import ssh_lent
from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(900), full]
RUNNER, UNIT = "container=acme-alm-ci", "alm-ci-runner.service"
HOME = "/home/gbuser"
CRATES, OBJECTS = f"{HOME}/.cargo/registry/cache/index", f"{HOME}/.cache/sccache/a/b/c"
FILL = f"""
lxc exec acme-alm-ci -- su - gbuser -c '
mkdir -p {CRATES} {OBJECTS}
for file in {CRATES}/old.crate {CRATES}/new.crate {OBJECTS}/old {OBJECTS}/new; do
  head -c 2000000 /dev/urandom >$file
done
touch -d "20 days ago" {CRATES}/old.crate {OBJECTS}/old' </dev/null
"""
#: A process of the runner's own: as a job is.
JOB = """
lxc exec acme-alm-ci -- sh -c '
setsid sleep 900 </dev/null >/dev/null 2>&1 &
echo $! >/sys/fs/cgroup/system.slice/alm-ci-runner.service/cgroup.procs
echo $!' </dev/null
"""


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def found(lab: Lab) -> set[str]:
    """What lies in the caches."""
    said = lab.inside("alm-ci", "find", f"{HOME}/.cargo/registry/cache", f"{HOME}/.cache", "-type", "f")
    return {line.rpartition("/")[2] for line in said.stdout.splitlines()}


def prepared(lab: Lab, script: str) -> str:
    done = lab.script(script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_old_entries_go_but_not_under_a_job(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    prepared(lab, FILL)
    words = ("apply", "ci.clean-cache", RUNNER, "--confirm", "acme-alm-ci")
    job = prepared(lab, JOB)
    done = operator.sure(*words)
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"sleep (process {job}, started by the runner)" in done.stdout + done.stderr
    assert len(found(lab)) == 4
    assert lab.inside("alm-ci", "kill", job).returncode == 0

    before = lab.inside("alm-ci", "systemctl", "show", "-p", "MainPID", UNIT).stdout
    done = operator.sure(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert found(lab) == {"new.crate", "new"}
    assert lab.inside("alm-ci", "systemctl", "is-active", UNIT).stdout.strip() == "active"
    assert lab.inside("alm-ci", "systemctl", "show", "-p", "MainPID", UNIT).stdout != before
    assert "already so" in operator.sure(*words).stdout


def test_every_night_also_after_a_restart(fresh_lab: Lab, operator: Operator) -> None:
    lab, timer = fresh_lab, "gbtui-ci-cleanup.timer"
    prepared(lab, FILL)
    done = operator.sure("apply", "ci.install-cleanup", RUNNER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(found(lab)) == 4, "nothing is removed now"
    op_id = operator.json("journal")["records"][0]["id"]

    assert lab.run("lxc", "restart", "acme-alm-ci", seconds=300).returncode == 0
    lab.inside("alm-ci", "systemctl", "is-system-running", "--wait", seconds=300)
    assert timer in lab.inside("alm-ci", "systemctl", "list-timers", "--no-pager").stdout
    job = lab.inside("alm-ci", "systemctl", "start", "gbtui-ci-cleanup.service")
    assert job.returncode == 0, job.stderr
    assert found(lab) == {"new.crate", "new"}
    assert "already so" in operator.sure("apply", "ci.install-cleanup", RUNNER).stdout

    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert timer not in lab.inside("alm-ci", "systemctl", "list-timers", "--all", "--no-pager").stdout
    assert lab.inside("alm-ci", "test", "-e", "/usr/local/sbin/gbtui-ci-cleanup").returncode == 1


def logged_in(lab: Lab, address: str) -> bool:
    """Whether the runner's user gets to the system container unasked, tried by its own shell."""
    ask = "cat /proc/sys/kernel/hostname"
    ssh = f"ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes gbuser@{address} {ask}"
    return lab.inside("alm-ci", "su", "-", "gbuser", "-c", ssh).stdout.strip() == "acme-system"


def test_let_in_by_its_key_and_out_again(fresh_lab: Lab, operator: Operator) -> None:
    lab, address = fresh_lab, "10.77.0.185"
    ssh_lent(lab)
    assert not logged_in(lab, address)
    done = operator.sure("apply", "ci.authorise-runner", RUNNER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert logged_in(lab, address)
    stat = lab.inside("system", "stat", "-c", "%a %U", f"{HOME}/.ssh", f"{HOME}/.ssh/authorized_keys").stdout
    assert stat.split() == ["700", "gbuser", "600", "gbuser"]
    assert "already so" in operator.sure("apply", "ci.authorise-runner", RUNNER).stdout

    op_id = operator.json("journal")["records"][0]["id"]
    lab.inside("system", "sh", "-c", f"echo '# somebody else' >>{HOME}/.ssh/authorized_keys")
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert not logged_in(lab, address)
    kept = lab.inside("system", "cat", f"{HOME}/.ssh/authorized_keys").stdout
    assert kept == "# somebody else\n"
