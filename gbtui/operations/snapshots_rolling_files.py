"""The files of the daily rolling snapshots: a job, its service and its timer."""

from __future__ import annotations

JOB_PATH = "/usr/local/sbin/gbtui-rolling"
SERVICE = "gbtui-rolling.service"
TIMER = "gbtui-rolling.timer"
SERVICE_PATH, TIMER_PATH = (f"/etc/systemd/system/{unit}" for unit in (SERVICE, TIMER))
AT = "03:15"

#: Only names of its own (`rolling-DAY`) are ever deleted, and only after that day's was taken: the
#: newest of an instance stays whatever happens, and nobody's snapshot by hand is touched.
JOB = """#!/bin/sh
# Written by gbtui (snapshots.install-rolling): a snapshot of every instance a day, through LXD, which
# then has both halves of it. Its own go when they are `keep` days old, once the day's is there.
keep=%d LC_ALL=C; export LC_ALL
day=$(date -u +%%F); last=$(date -u -d "-$keep days" +%%F); status=0
names=$(lxc list --format csv -c n) || exit 1
for name in $names; do
  listed=$(lxc query "/1.0/instances/$name/snapshots" </dev/null) || { status=1; continue; }
  case $listed in
  *"/snapshots/rolling-$day\\""*) ;;
  *) lxc snapshot "$name" "rolling-$day" </dev/null || { status=1; continue; } ;;
  esac
  own='s|.*/snapshots/\\(rolling-[0-9]\\{4\\}-[0-9][0-9]-[0-9][0-9]\\)".*|\\1|p'
  for old in $(echo "$listed" | sed -n "$own"); do
    if expr "$old" '<=' "rolling-$last" >/dev/null; then
      lxc delete "$name/$old" </dev/null || status=1
    fi
  done
done
exit $status
"""

_SERVICE = """[Unit]
Description=Daily rolling snapshots of every instance, through LXD (gbtui)
After=snap.lxd.daemon.service lxd.service

[Service]
Type=oneshot
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
Environment=HOME=/root
ExecStart=/bin/sh {job}
"""

_TIMER = """[Unit]
Description=Daily rolling snapshots of every instance, through LXD (gbtui)

[Timer]
OnCalendar=*-*-* {at}:00
RandomizedDelaySec=600
Persistent=true

[Install]
WantedBy=timers.target
"""

#: "all" when every instance has the day's snapshot, else the names of those that have not.
ROUND = """
names=$(lxc list --format csv -c n) || exit 1
for name in $names; do
  listed=$(lxc query "/1.0/instances/$name/snapshots" </dev/null) || exit 1
  case $listed in *"/snapshots/rolling-$1\\""*) ;; *) echo "$name";; esac
done; echo all
"""


def files(days: int) -> tuple[tuple[str, bytes], ...]:
    """(path, contents) of each, in the order in which they are put there."""
    service, timer = _SERVICE.format(job=JOB_PATH), _TIMER.format(at=AT)
    return ((JOB_PATH, (JOB % days).encode()), (SERVICE_PATH, service.encode()), (TIMER_PATH, timer.encode()))
