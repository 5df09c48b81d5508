"""Who is logged in on the host by SSH, as a fact that a plan rests on (item 29).

A ban, or a rule of the host, is judged by who is there. Whoever comes between the preview and the yes
makes the plan stale, as any other fact does.

    gbtui-peers    the addresses that sshd's established connections come from: sorted, each once
"""

from __future__ import annotations

from gbtui.guard.plan import Exec

WHO = "who is logged in by SSH"
PEERS = r"""
told=$(ss -Htnp state established) || exit 1
printf '%s\n' "$told" |
  awk '/"sshd(-session)?"/ { at = $4; sub(/:[0-9]+$/, "", at); print at }' | LC_ALL=C sort -u
"""


def peers() -> tuple[str, Exec]:
    """The fact, with its title: as `relying` takes it."""
    return WHO, Exec("host", ("sh", "-c", PEERS, "gbtui-peers"))
