"""What has to survive a reboot: the forward rule of LXD's bridge, and the saved rules of a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, OPERATION, Operator, loopback_first
from .test_ops_firewall import FORWARD, UNIT, applied
from .test_twin import ping
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(1800), full]
BOOTED = """
for try in $(seq 300); do
  state=$(systemctl is-system-running || true)
  up=$(lxc list -c s --format csv | grep -c RUNNING || true)
  [ "$up" = 10 ] && case $state in running|degraded) exit 0;; esac
  sleep 2
done
exit 1
"""


def test_what_was_made_to_last_is_there_after_a_reboot(fresh_lab: Lab, tmp_path: Path) -> None:
    lab, operator = fresh_lab, Operator(fresh_lab, tmp_path)
    lab.script(f"systemctl disable --now {UNIT}; rm /etc/systemd/system/{UNIT}; systemctl daemon-reload")
    lab.fault("valkey-loopback")
    assert ping(lab) == "timeout"
    applied(operator, "firewall.persist-lxd-forward")
    applied(operator, OPERATION, CONTAINER)
    lab.reboot()
    assert lab.script(BOOTED, seconds=1200).returncode == 0
    rules = lab.script("iptables -w -S FORWARD; ip6tables -w -S FORWARD").stdout
    assert rules.count(FORWARD) == 2
    assert lab.run("systemctl", "is-active", UNIT).stdout == "active\n"
    assert loopback_first(lab)
    assert ping(lab) == "PONG"
