"""The proxy's access log: Caddy's JSON lines, decoded once (guide items 73, 91)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One handled request. `at` is epoch seconds, `duration` seconds, `size` bytes."""

    at: float
    status: int
    method: str
    host: str
    uri: str
    client: str
    duration: float
    size: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a log reader counted since it started. Rates are per second over the last ten.

    `lines` are all lines, and `sampled` those of them that came too fast to be kept as entries:
    their status is counted, no more. `malformed`: lines that are not an access record (torn, NULs,
    not JSON, too long). `dropped`: records that left the ring before anybody looked. `history`
    holds (2xx, 3xx, 4xx, 5xx) per second, oldest first, for a sparkline.
    """

    lines: int
    malformed: int
    dropped: int
    by_status: tuple[tuple[int, int], ...]
    rate: float
    history: tuple[tuple[int, int, int, int], ...]
    sampled: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """A bounded window on the access log, oldest first."""

    path: str
    entries: tuple[Entry, ...]
    tally: Tally
