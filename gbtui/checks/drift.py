"""What a host is meant to be like, thing by thing, and what became different since the last look. Pure.

A thing is a file, the rules of a place, an instance's devices or settings, an LXD profile, a dataset's
snapshots (`gbtui.checks.drift_look` finds them). Only its digest and its lines are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from gbtui.facts.drift import ENABLED

READ_EVERY = 120.0
LINES, CELLS = 1500, 300
"""Of a thing; what is beyond shows in the digest only."""
SHOWN = 20
"""Lines of a change that are told."""

Key = tuple[str, str, str]
Source = tuple[str, str]
"""What was read, and where: only what was read both times is compared."""
INSTANCES: Source = ("instances", "host")


@dataclass(frozen=True, slots=True)
class Thing:
    """`kind` is a word ("Caddyfile", "unit", "rules", …), `where` a place, `name` which one there."""

    kind: str
    where: str
    name: str
    digest: str
    lines: tuple[str, ...]

    @property
    def key(self) -> Key:
        return self.kind, self.where, self.name


@dataclass(frozen=True, slots=True)
class Look:
    """All things of one survey, by source. A source that could not be read is not in it."""

    at: datetime
    things: Mapping[Source, tuple[Thing, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """A thing that became different between the looks at `since` and `at`. `more` lines are not told.

    `by` is who did it, where that is known: LXD's requestor, or "gbtui" with the `operation`'s id.
    """

    at: datetime
    since: datetime
    kind: str
    where: str
    name: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    more: int = 0
    by: str = ""
    operation: str = ""

    @property
    def title(self) -> str:
        """What it is about: `Caddyfile /opt/gbo/conf/config`, `rules`, `devices`."""
        named = "" if self.name in (self.kind, "iptables", ENABLED) else f" {self.name}"
        return f"{self.kind}{named}"

    @property
    def shown(self) -> tuple[str, ...]:
        """The lines that went and those that came, as a difference is read."""
        lines = (*(f"− {line}" for line in self.removed), *(f"+ {line}" for line in self.added))
        if not lines:
            return ("only in what is hidden here: a secret, or the end of a long file",)
        return (*lines, *([f"… {self.more} more lines"] if self.more else []))


def compare(old: Mapping[Source, Mapping[Key, Thing]], since: datetime, new: Look) -> Iterator[Change]:
    """What differs in those sources that were read both times."""
    for source, things in new.things.items():
        before = old.get(source)
        if before is None:
            continue
        now = {thing.key: thing for thing in things}
        for key in dict.fromkeys((*before, *now)):
            was, is_ = before.get(key), now.get(key)
            if was is None or is_ is None or was.digest != is_.digest:
                yield _change(key, was.lines if was else (), is_.lines if is_ else (), since, new.at)


def _change(key: Key, was: Sequence[str], now: Sequence[str], since: datetime, at: datetime) -> Change:
    removed: list[str] = []
    added: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += was[a:b]
            added += now[c:d]
    more = max(0, len(added) - SHOWN) + max(0, len(removed) - SHOWN)
    return Change(at, since, *key, added=tuple(added[:SHOWN]), removed=tuple(removed[:SHOWN]), more=more)
