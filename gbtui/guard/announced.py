"""What operators' gbtui announced in the host's system journal (`announce`), read again: for those whose own
journal does not have it. Pure; what is no announcement is left out.

Only what root wrote counts: `logger -t gbtui` is anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.guard.announce import TAG
from gbtui.hosts.base import MIB, Command

MOST = 4000
ASK = Command(
    ("journalctl", "-q", "--no-pager", "-o", "cat", "-n", str(MOST), "-t", TAG, "_UID=0"),
    root=True,
    limit=4 * MIB,
)
_LINE = re.compile(r"(begin|finish|undo|end) (\d{8}T\d{6}Z-[0-9a-f]{4}) (\S+) (.*)")
_ENDED = re.compile(r"([a-z][a-z-]*) by (.+?): (.*)")


@dataclass(frozen=True, slots=True)
class Announced:
    """One line: `word` begin, end, or what a recovery did: finish, undo. `typed` are the parameters and who
    began it, `result` and `message` an end's."""

    word: str
    id: str
    operation: str
    typed: str = ""
    result: str = ""
    message: str = ""

    @property
    def at(self) -> datetime:
        """When it was begun, by its operator's clock, to the second."""
        return datetime.strptime(self.id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def has(self, name: str, value: str) -> bool:
        """Whether a begin was given this parameter."""
        return f" {name}={value} " in f" {self.typed} "


def parse_announced(data: bytes) -> Iterator[Announced]:
    """The lines of `ASK`'s answer, in order."""
    for row in text.text(data).splitlines():
        line = _LINE.fullmatch(row)
        if line is None or not _is_time(line[2][:15]):
            continue
        word, id_, operation, rest = line.groups()
        if word != "end":
            yield Announced(word, id_, operation, typed=rest)
        elif ended := _ENDED.fullmatch(rest):
            yield Announced(word, id_, operation, result=ended[1], message=ended[3])


def _is_time(digits: str) -> bool:
    try:
        datetime.strptime(digits, "%Y%m%dT%H%M%S")
    except ValueError:
        return False
    return True
