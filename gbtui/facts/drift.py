"""Files that say how a place is meant to be, all in one read: what the timeline of changes compares.

Units, cron tables, jails, saved rules, and what the place's role is configured by. Nothing is followed or
changed; each file is cut at `MOST` bytes, and its real size told with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.errors import Malformed
from gbtui.facts.failure import failure
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.text import line, text

MOST = 65_536
"""Bytes of one file."""
FILES = 300
"""Files of one place."""
ENABLED = "enabled"
"""Stands for the names of all enabled units, as if they were a file."""
UNITS = "/etc/systemd/system"
PATTERNS = (
    f"{UNITS}/*.service",
    f"{UNITS}/*.timer",
    f"{UNITS}/*.d/*.conf",
    "/etc/cron.d/*",
    "/etc/crontab",
    "/var/spool/cron/crontabs/*",
    "/etc/fail2ban/jail.local",
    "/etc/fail2ban/jail.d/*",
    "/etc/iptables/*",
)

SCRIPT = rf"""
LC_ALL=C; export LC_ALL; IFS=; left={FILES}
names=$(cd {UNITS} 2>/dev/null && for link in *.wants/*; do
  if [ -L "$link" ]; then printf '%s\n' "$link"; fi; done | head -c {MOST})
printf '== %s {ENABLED}\n%s\n' "${{#names}}" "$names"
patterns=$#
for pattern; do
  for path in $pattern; do
    if [ -f "$path" ] && [ ! -L "$path" ] && [ "$left" -gt 0 ]; then
      left=$((left - 1)); set -- "$@" "$path"
    fi
  done
done
shift "$patterns"
exec perl -e '
  for my $path (@ARGV) {{
    open my $file, "<:raw", $path or next;
    my $size = -s $file;
    defined(my $got = read $file, my $data, {MOST}) or next;
    $size = $got if $got < {MOST};
    print "== $size $path\n$data\n";
  }}' -- "$@"
"""
"""`== SIZE PATH`, the bytes (at most `MOST`), a line feed; for each file that a pattern names. The files are
read by one program, not by two each: every Debian and Ubuntu has Perl."""

_HEAD = re.compile(rb"== (\d{1,15}) ([^\n]{1,4096})\n")


@dataclass(frozen=True, slots=True)
class Held:
    """A file: its size in bytes, and its first `MOST` bytes."""

    path: str
    size: int
    data: bytes


def command(paths: Sequence[str]) -> Command:
    """Read the files of every place, and those at `paths`."""
    return Command(
        ("sh", "-c", SCRIPT, "gbtui-drift", *PATTERNS, *paths), root=True, timeout=2.0, limit=4 * MIB
    )


def parse(done: Completed) -> tuple[Held, ...]:
    """The files in order of their patterns.

    Raises:
        Malformed: it is not what the script prints, or was cut off. GbtuiError: it failed.
    """
    if not done.ok:
        raise failure(done, "files that say how it is meant to be")
    if done.truncated:
        raise Malformed("files that say how it is meant to be", why="more than can be looked at in one go")
    found: list[Held] = []
    data, at = done.stdout, 0
    while at < len(data):
        head = _HEAD.match(data, at)
        if head is None:
            why = f"no file begins at byte {at}: {line(data[at : at + 80])!r}"
            raise Malformed("files that say how it is meant to be", why=why)
        size = int(head[1])
        end = head.end() + min(size, MOST)
        if data[end : end + 1] != b"\n":
            raise Malformed(
                "files that say how it is meant to be", why=f"{line(head[2])} changed while it was read"
            )
        found.append(Held(line(head[2], limit=4096), size, data[head.end() : end]))
        at = end + 1
    return tuple(found)


def lines_of(held: Held) -> str:
    """Its text; for showing and comparing only."""
    return text(held.data)
