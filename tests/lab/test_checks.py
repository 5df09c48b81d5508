"""The checks on the twin: healthy it has no finding, and looking changes nothing on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
WAIVERS = Path(__file__).parent / "waivers.toml"
STATE = r"""
host() {
  find /etc /opt /root /usr/local /var/lib/gbtui /var/lib/fail2ban /var/snap/lxd/common/lxd/backup.yaml \
    -xdev -type f -printf '%p %m %u %g %T@ ' -exec sha256sum -- {} \; 2>/dev/null | sort
  iptables-save; ip6tables-save; nft list ruleset; systemctl list-unit-files --no-legend --plain
  zfs list -Hp -t all -o name,guid
  lxc query '/1.0/instances?recursion=1'; lxc query '/1.0/profiles?recursion=1'
}
inside() {
  find /etc /opt/gbo/bin /opt/gbo/conf /root /home /usr/local -xdev -type f \
    -printf '%p %m %u %g %T@ ' -exec sha256sum -- {} \; 2>/dev/null | sort
  systemctl list-unit-files --no-legend --plain; iptables-save 2>/dev/null; ip6tables-save 2>/dev/null; true
}
host | sed -E 's/^# (Generated|Completed).*//; s/ \[[0-9]+:[0-9]+\]$//' \
  | sed -E 's/counter packets [0-9]+ bytes [0-9]+//; /"(last_used_at|volatile\.)/d'
for name in $(lxc list -c n --format csv); do
  echo "== $name"
  lxc exec "$name" --mode=non-interactive -- sh -c "$(typeset -f inside); inside" </dev/null
done | sed -E 's/^# (Generated|Completed).*//; s/ \[[0-9]+:[0-9]+\]$//'
"""


@pytest.fixture
def operator(lab: Lab, tmp_path: Path) -> Operator:
    return Operator(lab, tmp_path)


@full
def test_a_healthy_twin_has_no_finding_but_those_of_the_stand_ins(fresh_lab: Lab, operator: Operator) -> None:
    operator.waive(WAIVERS)
    found = operator.json("check")
    assert [(one["check"], one["subject"], one["message"]) for one in found["findings"]] == []
    assert [(one["check"], one["where"], one["why"]) for one in found["unknown"]] == []


@full
def test_looking_changes_nothing(fresh_lab: Lab, operator: Operator) -> None:
    before = fresh_lab.script(STATE, seconds=600).stdout.splitlines()
    operator.json("check")
    after = fresh_lab.script(STATE, seconds=600).stdout.splitlines()
    assert len(before) > 1000
    assert sorted(set(before) ^ set(after)) == []
