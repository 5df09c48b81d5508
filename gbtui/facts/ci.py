"""The CI runner's container, as gbtui's scripts tell it: what a job runs there, what its caches hold (79)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gbtui import text

LONGEST = 200
"""Characters of an entry's name that are kept."""
NEWEST_EPOCH = 253402300799


@dataclass(frozen=True, slots=True)
class Job:
    """A process of a job: its id inside the container, its name, and how it was known for one."""

    pid: int
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache: sizes in bytes, `count` and `old` of its old entries, `oldest` three of them."""

    folder: str
    size: int
    count: int
    old: int
    oldest: tuple[tuple[datetime, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Caches:
    """Those that are there. `links` are reached by a link, and left alone."""

    caches: tuple[Cache, ...] = ()
    links: tuple[str, ...] = ()
    malformed: int = field(default=0)

    @property
    def size(self) -> int:
        return sum(cache.size for cache in self.caches)

    @property
    def old(self) -> int:
        return sum(cache.old for cache in self.caches)

    @property
    def count(self) -> int:
        return sum(cache.count for cache in self.caches)


def parse_jobs(data: bytes) -> tuple[Job, ...]:
    """The answer of gbtui-ci-jobs; a line that is none is a process all the same, its id unknown."""
    rows = (row.split("\t") for row in text.text(data).splitlines() if row.strip())
    return tuple(Job(_number(row[0]) or 0, *(*row[1:3], "", "")[:2]) for row in rows)


def parse_caches(data: bytes) -> Caches:
    """The answer of gbtui-ci-list; a line that is none costs that line, and is counted."""
    caches: list[Cache] = []
    links: list[str] = []
    malformed = 0
    for row in text.text(data).splitlines():
        kind, *rest = row.split("\t")
        numbers = [_number(word) for word in rest[1:]]
        if kind == "cache" and len(numbers) == 3 and None not in numbers:
            size, count, old = (number or 0 for number in numbers)
            caches.append(Cache(rest[0], size * 1024, count, old * 1024))
        elif kind == "link" and len(rest) == 1:
            links.append(rest[0])
        elif kind == "old" and len(rest) > 1 and caches and _number(rest[0]) is not None:
            at = datetime.fromtimestamp(min(_number(rest[0]) or 0, NEWEST_EPOCH), UTC)
            entry = (at, "\t".join(rest[1:])[:LONGEST])
            caches[-1] = replace(caches[-1], oldest=(*caches[-1].oldest, entry))
        else:
            malformed += bool(row.strip())
    return Caches(tuple(caches), tuple(links), malformed)


def _number(word: str) -> int | None:
    return int(word[:15]) if word.isascii() and word.isdecimal() else None
