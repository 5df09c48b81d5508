"""The files of the runner's nightly cleanup: a job, its service and its timer, inside the container (79)."""

from __future__ import annotations

import shlex

from gbtui.operations.ci_scripts import BUSY, CLEAN, caches
from gbtui.profiles import Profile

JOB_PATH = "/usr/local/sbin/gbtui-ci-cleanup"
SERVICE = "gbtui-ci-cleanup.service"
TIMER = "gbtui-ci-cleanup.timer"
SERVICE_PATH, TIMER_PATH = (f"/etc/systemd/system/{unit}" for unit in (SERVICE, TIMER))
AT = "04:30"
TRIES = 36
"""How often it looks, every five minutes, whether the night's jobs have ended."""

#: In a subshell, so that the runner is started again before the next try.
_JOB = """#!/bin/sh
# Written by gbtui (ci.install-cleanup): entries of the build caches that nobody used for `keep` days
# go every night, oldest first, while the runner is stopped; never under a job: it waits for its end.
# With --look it removes nothing, and prints "ready" where it could.
keep={keep} LC_ALL=C tries=0; export LC_ALL
{clean}
unit={unit} look=${{1:-}} cutoff=$(date -u -d "$(date -u +%F) -$keep days" +%s) || exit 1
set -- {caches}
if [ "$look" = --look ]; then
  jobs "$unit" "$@" >/dev/null && command -v runuser realpath xargs awk >/dev/null && echo ready; exit
fi
while :; do
  (clean "$unit" "$cutoff" "$@"); status=$?
  [ "$status" = {busy} ] && [ "$tries" -lt {tries} ] || exit "$status"
  tries=$((tries + 1)); sleep 300
done
"""

_SERVICE = """[Unit]
Description=Nightly cleanup of the CI runner's build caches (gbtui)

[Service]
Type=oneshot
Nice=10
IOSchedulingClass=idle
ExecStart=/bin/sh {job}
"""

_TIMER = """[Unit]
Description=Nightly cleanup of the CI runner's build caches (gbtui)

[Timer]
OnCalendar=*-*-* {at}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def files(profile: Profile, keep: int) -> tuple[tuple[str, bytes], ...]:
    """(path, contents) of each, in the order in which they are put there."""
    job = _JOB.format(
        keep=keep,
        clean=CLEAN.strip(),
        unit=shlex.quote(profile.runner_unit),
        caches=shlex.join(caches(profile)),
        busy=BUSY,
        tries=TRIES,
    )
    service = _SERVICE.format(job=JOB_PATH)
    return (
        (JOB_PATH, job.encode()),
        (SERVICE_PATH, service.encode()),
        (TIMER_PATH, _TIMER.format(at=AT).encode()),
    )
