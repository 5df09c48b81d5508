"""Caddy's JSON access lines → entries (guide items 73, 91). Pure, and quick: this is the hot path."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from gbtui.facts.log_types import Entry
from gbtui.text import UNSAFE, clean, text

LONGEST_LINE = 64 * 1024
"""Bytes; a longer line is dropped and counted. Caddy's own lines stay far below (headers are capped)."""

LONGEST_WORD = 2048
"""Characters kept of a URI, host or method."""

LATEST = 1e11
"""Epoch seconds beyond which a time is no time (the year 5138): calendars end there."""

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_STATUS = re.compile(rb'"status":\s?([0-9]{1,3})[,}]')
_VALUE = re.compile(r"(?<==)[^&#]*")
_USER = re.compile(r"(?<=//)[^/?#@]*@")


class _Request(msgspec.Struct, gc=False):
    """The part of a request that is shown; unknown members are skipped by the decoder."""

    method: str = ""
    host: str = ""
    uri: str = ""
    client_ip: str = ""  # since Caddy 2.7, aware of trusted proxies
    remote_ip: str = ""


class _Record(msgspec.Struct, gc=False):
    request: _Request
    status: int
    ts: float | str = 0.0
    duration: float | str = 0.0
    size: int = 0


_decode = msgspec.json.Decoder(_Record).decode


def decode_line(line: bytes) -> Entry | None:
    """One access record, every text cleaned and bounded; None where the line is not one."""
    record: _Record | None
    try:
        record = _decode(line)
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors
        record = None if line.isascii() else _repaired(line)
    if record is None:
        return None
    at = record.ts if isinstance(record.ts, float) else _moment(record.ts)
    took = record.duration if isinstance(record.duration, float) else go_duration(record.duration)
    if at is None or took is None or not (0 <= at < LATEST and 0 <= record.status <= 999):
        return None
    request = record.request
    method, host, uri = request.method, request.host, request.uri
    client = request.client_ip or request.remote_ip
    if UNSAFE.search(f"{method}{host}{uri}{client}"):
        method, host, uri, client = clean(method), clean(host), clean(uri), clean(client)
    if len(method) + len(host) + len(uri) + len(client) > LONGEST_WORD:
        method, host, uri, client = _cut(method), _cut(host), _cut(uri), _cut(client)
    return Entry(at, record.status, method, host, uri, client, took, max(record.size, 0))


def status_of(line: bytes) -> int | None:
    """The status of a record without decoding it: for lines that come too fast."""
    match = _STATUS.search(line) if line.startswith(b"{") and line.rstrip().endswith(b"}") else None
    return int(match[1]) if match else None


def go_duration(value: str) -> float | None:
    """Go's way to write a duration (`1.2ms`, `1m2.5s`) in seconds."""
    if not _DURATION.fullmatch(value):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(value))


def mask_query(uri: str) -> str:
    """`uri` with the values of its query, and a user name before the host, taken out: for exports.

    Caddy redacts cookies and Authorization, but not query strings, which carry tokens as well.
    """
    path, mark, query = _USER.sub("…@", uri).partition("?")
    if not mark:
        return path
    parts = [_VALUE.sub("…", part) if "=" in part else "…" for part in query.split("&")]
    return f"{path}?{'&'.join(parts)}"


class LineSplitter:
    """Chunks of bytes → whole lines, bounded. NULs, which truncation under a writer leaves, go.

    `dropped` counts lines above `LONGEST_LINE`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.dropped = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes, without their ends, empty ones left out."""
        if b"\0" in chunk:
            chunk = chunk.translate(None, b"\0")
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if self._skipping and lines:
            self._skipping = False
            del lines[0]
        if self._skipping or len(self._rest) > LONGEST_LINE:
            self.dropped += not self._skipping
            self._skipping = True
            self._rest = b""
        good = [line for line in lines if line and len(line) <= LONGEST_LINE]
        self.dropped += sum(len(line) > LONGEST_LINE for line in lines)
        return good


def _repaired(line: bytes) -> _Record | None:
    """A line with bytes that are no UTF-8 is still a record: they become U+FFFD."""
    try:
        return _decode(text(line))
    except (ValueError, RecursionError):
        return None


def _moment(value: str) -> float | None:
    """A time written as text (Caddy's `time_format`), as epoch seconds."""
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_WORD else value[:LONGEST_WORD] + "…"
