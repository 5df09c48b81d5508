"""The checks on the twin: healthy it has no finding, and looking changes nothing on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gbtui.config import HostConfig
from gbtui.guard.journal import Journal
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from gbtui.session import Session

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
WAIVERS = Path(__file__).parent / "waivers.toml"
STATE = r"""
# A file's times and its bytes; of gbtui's own libraries in the guest the times alone.
files() {
  find "$@" -xdev -type f -printf '%p %m %u %g %s %T@ %C@\n' 2>/dev/null | sort
  find "$@" -xdev -path /opt/gbtui -prune -o -type f -print0 2>/dev/null | sort -z | xargs -0 -r sha256sum --
}
# fail2ban notes there how far it has read its logs, and does so by itself; whom it bans is compared.
bans() {
  python3 -c 'import sqlite3
database = sqlite3.connect("file:/var/lib/fail2ban/fail2ban.sqlite3?mode=ro", uri=True)
print(*database.execute("select jail, ip, timeofban, bantime from bips order by jail, ip"), sep="\n")'
}
host() {
  files /etc /opt /root /usr/local /var/lib/gbtui /var/lib/fail2ban /var/spool/cron \
    | grep -vF /fail2ban.sqlite3
  bans
  left
  zfs get -Hp -s local,received -o name,property,value all
  lxc query '/1.0/networks?recursion=1'; lxc query '/1.0/storage-pools?recursion=1'
  iptables-save; ip6tables-save; nft list ruleset; systemctl list-unit-files --no-legend --plain
  zfs list -Hp -t all -o name,guid
  lxc query '/1.0/instances?recursion=1'; lxc query '/1.0/profiles?recursion=1'
}
# What a probe might leave behind; systemd's own runtime files come and go by themselves.
left() {
  find /dev/shm /tmp /var/tmp -xdev -mindepth 1 -not -path '*/systemd-private-*' \
    -printf '%p %y %m %u\n' | sort
  find /run -xdev -name '*gbtui*' -printf '%p %y %m %u\n' | sort
}
# MinIO writes its own bookkeeping, Caddy notes when it cleaned up, logs grow: that is nobody's doing.
inside() {
  files /etc /opt/gbo/bin /opt/gbo/conf /opt/gbo/data /root /home /usr/local /var/spool/cron \
    | grep -vE '/\.minio\.sys/|/last_clean\.json|\.log( |$)'
  left
  systemctl list-unit-files --no-legend --plain; iptables-save 2>/dev/null; ip6tables-save 2>/dev/null; true
}
# LXD's lists have no order: no comma stands after the last of them.
host | sed -E 's/^# (Generated|Completed).*//; s/ \[[0-9]+:[0-9]+\]$//' \
  | sed -E 's/counter packets [0-9]+ bytes [0-9]+//; /"(last_used_at|volatile\.)/d; s/,$//'
for name in $(lxc list -c n --format csv); do
  echo "== $name"
  lxc exec "$name" --mode=non-interactive -- sh -c "$(typeset -f files left inside); inside" </dev/null
done | sed -E 's/^# (Generated|Completed).*//; s/ \[[0-9]+:[0-9]+\]$//'
"""


async def rounds(lab: Lab, home: Path) -> None:
    """What a cockpit that is open for a while does: rounds over one connection, then a fresh one."""
    known = (str(lab.known_hosts),)
    host = SshHost(HostConfig("lab", "ssh", lab.host, lab.user, lab.port, known, str(lab.key)))
    session = Session(host, load(), Journal(home / "journal"), user="cockpit")
    await session.open()
    try:
        for _ in range(3):
            reading = await session.checks().once()
            assert reading.error is None, reading.error
        session.look_again()
        assert (await session.checks().once()).error is None
    finally:
        await session.close()


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
    operator.json("drift")
    asyncio.run(rounds(fresh_lab, operator.home))
    after = fresh_lab.script(STATE, seconds=600).stdout.splitlines()
    assert len(before) > 1000
    assert sorted(set(before) ^ set(after)) == []
