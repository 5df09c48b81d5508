"""The last of botserver's log: starts, time-outs of its cache, suggestions it stored (items 31, 38–42)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Malformed, NotFound

SCRIPT = r"""
LC_ALL=C; export LC_ALL
[ -f "$1" ] || { echo absent; exit 0; }
date '+now %s'
stat -c 'changed %Y' -- "$1"
tail -c 1048576 -- "$1" | awk '
  /os error 110|started successfully|Adding suggestion to Redis key/ { line[n++ % 200] = substr($0, 1, 400) }
  END { for (i = n > 200 ? n - 200 : 0; i < n; i++) print line[i % 200] }'
"""
"""gbtui-log-tail FILE: `now EPOCH`, `changed EPOCH`, then those of the last MiB's lines that the checks
ask for; `absent` where there is no such file."""

STARTED = "started successfully"
TIMED_OUT = "os error 110"
STORED = re.compile(r"Redis key: suggestions:([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?::|\b)")
_CACHE = re.compile(r"redis|valkey|cache", re.IGNORECASE)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?\s?(Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `at` is the epoch of its stamp (in UTC where it names no zone), None without one."""

    at: float | None
    text: str


@dataclass(frozen=True, slots=True)
class BotserverLog:
    """Lines in their order. `now` is the place's clock, `changed` when the file was written last."""

    now: float
    changed: float
    lines: tuple[Line, ...]

    @property
    def since_start(self) -> tuple[Line, ...]:
        """The lines behind the last start: what was before is another process's history."""
        starts = [number for number, one in enumerate(self.lines) if STARTED in one.text]
        return self.lines[starts[-1] + 1 :] if starts else self.lines

    def timeouts(self, port: int, within: float) -> tuple[Line, ...]:
        """Time-outs of the cache since the last start, not older than `within` seconds.

        A line without a stamp is as old as the file.
        """
        return tuple(
            one
            for one in self.since_start
            if TIMED_OUT in one.text
            and (f":{port}" in one.text or _CACHE.search(one.text))
            and self.now - (self.changed if one.at is None else one.at) <= within
        )


def parse_log(data: bytes, path: str) -> BotserverLog:
    """What `SCRIPT` printed.

    Raises:
        NotFound: there is no such log. Malformed: it is not what the script prints.
    """
    rows = text.text(data).splitlines()
    if rows == ["absent"]:
        raise NotFound(path, why="there is no such log", hint="does botserver log somewhere else?")
    head = [
        re.fullmatch(rf"{word} (\d{{1,12}})", row)
        for word, row in zip(("now", "changed"), rows, strict=False)
    ]
    now, changed = (float(one[1]) if one else None for one in (*head, None, None)[:2])
    if now is None or changed is None:
        raise Malformed(path, why=f"it begins {text.line(data, limit=60)!r}")
    return BotserverLog(now, changed, tuple(Line(_stamp(row), row) for row in rows[2:]))


def _stamp(row: str) -> float | None:
    match = _STAMP.search(row[:60])
    if match is None:
        return None
    zone = (match[3] or "Z").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
