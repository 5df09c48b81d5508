"""Figures for people: three digits and a unit, lined up; the exact value is one key away."""

from __future__ import annotations

from datetime import UTC, datetime

DASH = "—"
"""What stands where nothing is known."""

STEP = 5
"""Seconds that ages from ten seconds to a minute are rounded down to."""

LATEST = 253402300799.0
"""Epoch seconds of the last moment datetime knows: a log may claim any time."""

_BYTES = ("B", "K", "M", "G", "T", "P", "E")
_COUNTS = ("", "k", "M", "G", "T")
_SPANS = ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "m"))


def _three(value: float, base: float, units: tuple[str, ...]) -> str:
    power = 0
    while power < len(units) - 1 and round(value, 1 if value < 99.95 else 0) >= min(base, 1000):
        value /= base
        power += 1
    if power == 0:
        return f"{value:.0f}{units[0]}"
    return f"{value:.1f}{units[power]}" if value < 99.95 else f"{value:.0f}{units[power]}"


def size(value: int | None) -> str:
    """Bytes as `212M`, `61.2G`: powers of 1024, three figures."""
    return DASH if value is None else _three(float(value), 1024, _BYTES)


def exact_size(value: int | None) -> str:
    """Bytes with every digit: `65,712,349,184 B`."""
    return DASH if value is None else f"{value:,} B"


def count(value: int | None) -> str:
    """A number as `1,204`, and from ten thousand on as `12.4k`, `3.1M`."""
    if value is None:
        return DASH
    return f"{value:,}" if abs(value) < 10_000 else _three(float(value), 1000, _COUNTS)


def counted(number: int, noun: str) -> str:
    """A number and its noun: `1 jail`, `3 jails`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def rate(value: float | None) -> str:
    """Something per second: `+14/s`, `+0.3/s`; nothing where nothing moved."""
    if value is None or value < 0.05:
        return ""
    return f"+{value:.1f}/s" if value < 9.95 else f"+{_three(value, 1000, _COUNTS)}/s"


def share(value: float | None) -> str:
    """A share of one core as percent: `4%`, `310%`."""
    return DASH if value is None else f"{value * 100:.0f}%"


def span(seconds: float | None) -> str:
    """A duration in its largest unit: `48s`, `4m`, `7d`; the unit below it while it is small: `1h20`."""
    if seconds is None:
        return DASH
    whole = max(0, int(seconds))
    if 3600 <= whole < 36000:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    for unit, letter in _SPANS:
        if whole >= unit:
            return f"{whole // unit}{letter}"
    return f"{whole}s"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago `since` was, as `span` says it, rounded down: `7s`, then `10s`, `15s` … `55s`, `1m`.

    Ages tick on every screen all the time, and each costs bytes on the line: from ten seconds on
    nobody decides by the second.
    """
    if since is None:
        return DASH
    seconds = (now - since).total_seconds()
    return span(seconds if seconds < 10 else seconds - seconds % STEP)


def latency(seconds: float | None) -> str:
    """How long a request or a round trip took: `0.4ms`, `38ms`, `2.10s`."""
    if seconds is None:
        return DASH
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f}ms"
    return (
        f"{seconds * 1000:.0f}ms"
        if seconds < 0.9995
        else f"{seconds:.2f}s"
        if seconds < 100
        else span(seconds)
    )


def clock(at: float | datetime) -> str:
    """UTC time of day of epoch seconds or a moment: `14:03:21`."""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(max(0.0, min(at, LATEST)), UTC)
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def utc(at: datetime | None) -> str:
    """The exact moment, for details: `2026-11-23 14:03:21Z`."""
    return DASH if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def utc_of(at: float) -> str:
    """The exact moment of epoch seconds."""
    return utc(datetime.fromtimestamp(max(0.0, min(at, LATEST)), UTC))


def sparkline(values: tuple[int, ...], width: int) -> str:
    """The last `width` values as bars between zero and their largest."""
    shown = values[-width:]
    top = max(shown, default=0)
    bars = "▁▂▃▄▅▆▇█"
    drawn = "".join(bars[-(-value * (len(bars) - 1) // top)] if top else bars[0] for value in shown)
    return drawn.rjust(width, bars[0])
