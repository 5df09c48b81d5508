"""Services on the twin: restarted by who owns the port, and botui's address where it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, Operator
from .test_twin import health
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
RIGHT, WRONG = "http://localhost:5858", "https://system.acme.test"
BY_HAND = """
systemctl stop system.service
cd /opt/gbo/bin
setsid ./botserver -B -m standin botserver </dev/null >/dev/null 2>&1 &
until curl -fs -m 2 -o /dev/null http://127.0.0.1:5858/; do read -t 0.5 _ </dev/zero || true; done
"""


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def process(lab: Lab, unit: str) -> str:
    return lab.inside("system", "systemctl", "show", "-p", "MainPID", "--value", unit).stdout.strip()


def address(lab: Lab) -> list[str]:
    """BOTSERVER_URL of the process that really listens on botui's port."""
    find = r"ss -Hltnp 'sport = :5859' | grep -o 'pid=[0-9]*' | cut -d= -f2"
    script = f"xargs -0 -n1 </proc/$({find})/environ | grep ^BOTSERVER_URL="
    return lab.inside("system", "bash", "-c", script).stdout.split()


@full
def test_restarts_both_and_sees_them_run(fresh_lab: Lab, operator: Operator) -> None:
    before = [process(fresh_lab, unit) for unit in ("system.service", "ui.service")]
    done = operator.sure("apply", "services.restart", CONTAINER)
    assert done.returncode == 0, done.stdout + done.stderr
    after = [process(fresh_lab, unit) for unit in ("system.service", "ui.service")]
    assert not set(before) & set(after)
    assert health(fresh_lab) == "200"


@full
def test_points_botui_to_loopback_and_back(fresh_lab: Lab, operator: Operator) -> None:
    path = "/etc/systemd/system/ui.service"
    edit = f"sed -i s,{RIGHT},{WRONG}, {path}; systemctl daemon-reload; systemctl restart ui.service"
    fresh_lab.inside("system", "sh", "-c", edit)
    assert address(fresh_lab) == [f"BOTSERVER_URL={WRONG}"]
    unit = fresh_lab.inside("system", "cat", path).stdout

    done = operator.sure("apply", "services.set-botserver-url", CONTAINER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert address(fresh_lab) == [f"BOTSERVER_URL={RIGHT}"]
    assert fresh_lab.inside("system", "cat", path).stdout == unit

    op_id = operator.json("journal")["records"][0]["id"]
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert address(fresh_lab) == [f"BOTSERVER_URL={WRONG}"]
    assert fresh_lab.inside("system", "ls", f"{path}.d").returncode != 0


@full
def test_a_copy_started_by_hand_is_left_alone_and_named(fresh_lab: Lab, operator: Operator) -> None:
    fresh_lab.inside("system", "bash", "-c", BY_HAND)
    done = operator.sure("apply", "services.restart", CONTAINER)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "5858 in acme-system is held by process" in done.stdout + done.stderr
    assert "started by hand" in done.stdout + done.stderr
    assert health(fresh_lab) == "200"


@full
def test_flapping_is_not_taken_for_a_restart(fresh_lab: Lab, operator: Operator) -> None:
    unit = "[Service]\\nExecStart=/bin/sleep 1\\nRestart=always\\nRestartSec=1\\n"
    write = f"printf '{unit}' >/etc/systemd/system/flap.service; systemctl daemon-reload"
    fresh_lab.inside("system", "sh", "-c", write)
    done = operator.sure("apply", "services.restart", CONTAINER, "unit=flap")
    assert done.returncode != 0
    assert "flapping" in done.stdout + done.stderr
