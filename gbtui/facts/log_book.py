"""The bounded memory of an access log: the last entries, and counts of everything that went by."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from time import time

from gbtui.facts.log_decode import decode_line, status_of
from gbtui.facts.log_types import Entry, Log, Tally

CAPACITY = 2_000
HISTORY = 60
"""Seconds of history for the sparkline."""

RATE_OVER = 10


class LogBook:
    """Takes lines, keeps the last `capacity` entries, counts all. `clock` gives epoch seconds."""

    def __init__(self, path: str, *, capacity: int = CAPACITY, clock: Callable[[], float] = time) -> None:
        self._path = path
        self._clock = clock
        self._ring: deque[Entry] = deque(maxlen=capacity)
        self._unseen = 0
        self._lines = self._malformed = self._dropped = self._sampled = 0
        self._by_status: Counter[int] = Counter()
        self._seconds: dict[int, list[int]] = {}  # second → total, 2xx, 3xx, 4xx, 5xx
        self._newest = 0.0

    @property
    def newest(self) -> float:
        """The latest time of any entry so far, epoch seconds of the host's clock."""
        return self._newest

    def take(self, lines: Sequence[bytes], *, backlog: bool = False, after: float = 0.0) -> None:
        """Decode and keep `lines`.

        With `backlog` they were written before now: each counts in the second it tells itself, and
        what is not newer than `after` was counted by an earlier run and is left out.
        """
        now = self._clock()
        for line in lines:
            entry = decode_line(line)
            if entry is None:
                self._lines += 1
                self._malformed += 1
            elif not (backlog and entry.at <= after):
                self._lines += 1
                self._keep(entry)
                self._count(entry.status, entry.at if backlog else now, now)

    def sample(self, lines: Sequence[bytes]) -> None:
        """Count `lines` and their statuses without keeping them."""
        now = self._clock()
        for line in lines:
            self._lines += 1
            status = status_of(line)
            if status is None:
                self._malformed += 1
            else:
                self._sampled += 1
                self._count(status, now, now)

    def lost(self, lines: int) -> None:
        """`lines` could not be looked at (too long)."""
        self._lines += lines
        self._malformed += lines

    def log(self) -> Log:
        """What is known now. Looking at it is what keeps `dropped` from growing."""
        self._unseen = 0
        return Log(self._path, tuple(self._ring), self.tally())

    def tally(self) -> Tally:
        now = int(self._clock())
        empty = [0] * 5
        recent = sum(self._seconds.get(now - ago, empty)[0] for ago in range(1, RATE_OVER + 1))
        history = (self._seconds.get(now - ago, empty) for ago in range(HISTORY - 1, -1, -1))
        return Tally(
            lines=self._lines,
            malformed=self._malformed,
            dropped=self._dropped,
            by_status=tuple(sorted(self._by_status.items())),
            rate=recent / RATE_OVER,
            history=tuple((s[1], s[2], s[3], s[4]) for s in history),
            sampled=self._sampled,
        )

    def _keep(self, entry: Entry) -> None:
        if self._unseen == self._ring.maxlen:
            self._dropped += 1
        else:
            self._unseen += 1
        self._ring.append(entry)
        self._newest = max(self._newest, entry.at)

    def _count(self, status: int, at: float, now: float) -> None:
        self._by_status[status] += 1
        second = int(at)
        if not now - HISTORY <= at <= now:
            return
        counts = self._seconds.get(second)
        if counts is None:
            counts = self._seconds[second] = [0] * 5
            for old in [s for s in self._seconds if s <= now - HISTORY]:
                del self._seconds[old]
        counts[0] += 1
        if 200 <= status <= 599:
            counts[status // 100 - 1] += 1
