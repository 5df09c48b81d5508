"""The end of a log, line by line: who came, and whether a jail should count it (item 73). Pure.

Read here by its structure, not by the jail's expression: the one is to prove the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gbtui.errors import Malformed
from gbtui.facts.bans_filter import Network, as_network
from gbtui.text import decode_json, line, text

_EVENT = re.compile(r"\(([a-z0-9.-]+)\)")
_CLIENT = re.compile(r"\bremoteIp = ([0-9A-Fa-f:.]+)")
MAIL_FAILURES = ("auth.failed", "auth.too-many-attempts")
_LINES = re.compile(r"^Lines: ([0-9]+) lines, [0-9]+ ignored, ([0-9]+) matched, [0-9]+ missed", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is in the log; `counts`: a jail should take it for a failure of `client`."""

    raw: bytes
    client: Network
    counts: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """The lines that say who came, and how many did not."""

    lines: tuple[Line, ...]
    malformed: int = 0

    def joined(self, *, counts: bool) -> bytes:
        """The failures, or all the others, as a log of their own."""
        return b"".join(one.raw + b"\n" for one in self.lines if one.counts is counts)

    def number(self, *, counts: bool) -> int:
        return sum(one.counts is counts for one in self.lines)

    @property
    def clients(self) -> frozenset[Network]:
        """Everybody who came."""
        return frozenset(one.client for one in self.lines)


def parse_access(data: bytes) -> Sample:
    """Caddy's JSON lines; 4xx are failures. `remote_ip` is who connected, whatever they claim to be."""
    return _sample(data, _access)


def parse_mail(data: bytes) -> Sample:
    """Stalwart's lines (`TIME LEVEL WORDS (event) listenerId = "…", localPort = N, remoteIp = A, …`)."""
    return _sample(data, _mail)


def _sample(data: bytes, read: Callable[[bytes], Line | None]) -> Sample:
    rows = [row for row in data.translate(None, b"\0").split(b"\n") if row.strip()]
    found = [read(row) for row in rows]
    lines = tuple(one for one in found if one is not None)
    return Sample(lines, len(rows) - len(lines))


def _access(row: bytes) -> Line | None:
    try:
        record = decode_json(row, what="access log")
    except Malformed:
        return None
    request = record.get("request") if isinstance(record, dict) else None
    status = record.get("status") if isinstance(record, dict) else None
    client = as_network(str(request.get("remote_ip", ""))) if isinstance(request, dict) else None
    if client is None or not isinstance(status, int):
        return None
    return Line(row, client, 400 <= status < 500)


def _mail(row: bytes) -> Line | None:
    words = text(row)
    event, who = _EVENT.search(words), _CLIENT.search(words)
    client = as_network(who[1]) if who else None
    if event is None or client is None:
        return None
    return Line(row, client, event[1] in MAIL_FAILURES)


def parse_matched(data: bytes) -> tuple[int, int]:
    """(lines, matched) of fail2ban-regex' last line.

    Raises:
        Malformed: it is not there.
    """
    match = _LINES.search(text(data))
    if match is None:
        raise Malformed("fail2ban-regex", why=f"no count of lines in {line(data, limit=80)!r}")
    return int(match[1]), int(match[2])


def shown_clients(clients: Iterable[Network], most: int = 3) -> str:
    """A few of them, for a sentence."""
    names = sorted(str(one.network_address) for one in clients)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
