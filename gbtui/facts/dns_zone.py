"""Zone files: the serial that should be answered, and the types that should be (guide 70, 71)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gbtui import text


def _entries(data: bytes) -> list[tuple[bool, list[str]]]:
    """A zone file's entries: whether each begins with a name, and its words without comments."""
    entries: list[tuple[bool, list[str]]] = []
    depth = 0
    for line in text.text(data).splitlines():
        words = re.findall(r'"(?:[^"\\]|\\.)*"|[()]|[^\s;()"]+|;.*', line)
        words = [word for word in words if not word.startswith(";")]
        if not words:
            continue
        if not depth:
            entries.append((not line[:1].isspace(), []))
        depth = max(0, depth + words.count("(") - words.count(")"))
        entries[-1][1].extend(word for word in words if word not in "()")
    return entries


def zone_serial(data: bytes) -> int | None:
    """The serial of a zone file's SOA; None where it has none of its own."""
    for named, words in _entries(data):
        kind = _kind(named, words)
        if kind is not None and words[kind].upper() == "SOA" and len(words) > kind + 3:
            serial = words[kind + 3]
            return int(serial) if serial.isascii() and serial.isdecimal() and len(serial) < 11 else None
    return None


def zone_types(data: bytes) -> frozenset[str]:
    """The record types a zone file holds."""
    found = ((words, _kind(named, words)) for named, words in _entries(data))
    return frozenset(words[at].upper() for words, at in found if at is not None)


def _kind(named: bool, words: Sequence[str]) -> int | None:
    """Where the type of a record stands: behind name, TTL and class, in any order of these two."""
    for at in range(1 if named else 0, min(len(words), 4)):
        word = words[at].upper()
        if word in ("IN", "CH", "HS") or word[:1].isdigit():
            continue
        return at if re.fullmatch(r"[A-Z][A-Z0-9]{0,9}", word) and not words[0].startswith("$") else None
    return None
