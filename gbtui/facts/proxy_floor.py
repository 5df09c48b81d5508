"""The learned floor: the most vhosts that this proxy was known to have, and where that is known from.

Two things on the host know it. A record beside the Caddyfile says what was left by the last change that
gbtui carried out, whoever's gbtui that was. And backups that are newer than it (all, where there is none)
say what there was when somebody changed the file by hand, as the guide wants it (item 55).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from gbtui import text
from gbtui.errors import Malformed
from gbtui.facts.proxy_caddyfile import address, host_of, parse

SUFFIX = ".vhosts"
"""Of the record, behind the name of the configuration."""
AGE = timedelta(days=30)
"""What an older backup had may have been taken out since by somebody who had every reason to."""
MOST = 2000
"""Names of a record at most."""
_NAME = re.compile(r"(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,9}")
_LEARNED = re.compile(rb"# learned (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) by ([a-z]+\.[a-z-]+)")
_STAMP = re.compile(r"\.bak-(\d{8})\d{4}(?:\d\d)?$")
_HEAD = "# The vhosts of this proxy. gbtui refuses to have fewer of them, unless those that go are named.\n"


@dataclass(frozen=True, slots=True)
class Floor:
    """`names` is what there was, `source` in words where that is known from."""

    names: frozenset[str]
    source: str

    def height(self, stated: Collection[str]) -> int:
        """The fewest vhosts that there may be, once those that were stated have gone."""
        return len(self.names - set(stated))


@dataclass(frozen=True, slots=True)
class Known:
    """`record` is the record's bytes, None where there is none; `floor` the highest that is known of."""

    record: bytes | None = None
    floor: Floor | None = None


def plain(names: Collection[str]) -> frozenset[str]:
    """Those of `names` that can be stated: no listener, no placeholder."""
    return frozenset(name for name in names if _NAME.fullmatch(name) and "." in name)


def record(names: Collection[str], learned: datetime, by: str) -> bytes:
    """The bytes of a record; `by` is the operation."""
    lines = "".join(f"{name}\n" for name in sorted(plain(names)))
    return f"{_HEAD}# learned {learned:%Y-%m-%dT%H:%M:%SZ} by {by}\n{lines}".encode()


def same(old: bytes | None, new: bytes) -> bool:
    """Whether two records hold the same names: who learned them when is no reason to write."""
    return old is not None and _names(old) == _names(new)


def parse_known(output: bytes, now: datetime) -> Known:
    """What `gbtui-caddy-known` printed: a name and base64 a line, the record's first where there is one.

    A line that is not of that form, and a backup that is no Caddyfile, count for nothing: then the
    floor is what is known from elsewhere.
    """
    found: list[Floor] = []
    kept: bytes | None = None
    for line in output.splitlines():
        name, _, encoded = line.rpartition(b" ")
        title = text.line(name)
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if title.endswith(SUFFIX):
            kept = data
            found += _of_record(title, data)
        else:
            found += _of_backup(title, data, now)
    return Known(kept, max(found, key=lambda one: len(one.names), default=None))


def _of_record(name: str, data: bytes) -> list[Floor]:
    names, learned = _names(data), _LEARNED.search(data)
    if not names:
        return []
    when = f", learned {text.line(learned[1])} by {text.line(learned[2])}" if learned else ""
    return [Floor(names, f"{name}{when}")]


def _names(data: bytes) -> frozenset[str]:
    lines = text.text(data).splitlines()[: MOST + 2]
    return plain([line.strip() for line in lines if not line.startswith("#")])


def _of_backup(name: str, data: bytes, now: datetime) -> list[Floor]:
    stamp = _STAMP.search(name)
    if stamp is None or stamp[1] < f"{now - AGE:%Y%m%d}":
        return []
    try:
        sites = list(parse(data).sites())
    except Malformed:
        return []
    names = plain([host_of(address(key)) for site in sites for key in site.keys])
    return [Floor(names, f"the backup {name}")] if names else []
