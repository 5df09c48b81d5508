"""A checkout and its submodule, as gbtui's script tells them: what is to be pushed where (47, 85–88)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from gbtui import text

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
State = Literal["same", "behind", "new", "diverged", "unknown", "silent"]
_STATES: tuple[State, ...] = ("same", "behind", "new", "diverged", "unknown", "silent")
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote's branch against what is checked out.

    "behind": a push moves it forward by `ahead` commits · "new": it has no such branch · "diverged":
    it has commits that are not here · "unknown": it has some that this checkout has never seen ·
    "silent": it does not answer. `secret` is a commit to be pushed that holds the key file, or "".
    """

    name: str
    state: State
    ahead: int = 0
    secret: str = ""

    @property
    def pushable(self) -> bool:
        return self.state in ("behind", "new")


@dataclass(frozen=True, slots=True)
class Repository:
    """One of the two. `dirty` are files that are not committed, the first three of `changed`."""

    branch: str = ""
    head: str = ""
    changed: int = 0
    dirty: tuple[str, ...] = ()
    secret: str = ""
    remotes: tuple[Remote, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkout:
    """The root repository and its submodule. `pointer` is the commit that the root names for it.

    `wrong` says in a word why there is none ("missing", "no-git", "no-submodule"); `identity`
    whether a commit can be made, in whose name; `owner` whom it belongs to.
    """

    root: Repository = field(default_factory=Repository)
    sub: Repository = field(default_factory=Repository)
    pointer: str = ""
    identity: str = ""
    owner: str = ""
    wrong: str = ""


def parse_checkout(data: bytes) -> Checkout:
    """The answer of gbtui-git-look; what is missing stays empty, and nothing is taken for pushed."""
    found = {"root": Repository(), "sub": Repository()}
    one = dict[str, str]()
    for row in text.text(data).splitlines():
        name, *words = row.split("\t")
        which, dot, what = name.partition(".")
        if dot and which in found:
            found[which] = _with(found[which], what, [*words, "", "", "", ""])
        elif words:
            one[name] = words[0][:SHOWN]
    pointer = one.get("pointer", "")
    return Checkout(
        root=found["root"],
        sub=found["sub"],
        pointer=pointer if _SHA.fullmatch(pointer) else "",
        identity=one.get("identity", ""),
        owner=one.get("owner", ""),
        wrong=one.get("wrong", "") or ("" if found["root"].head and found["sub"].head else "no-git"),
    )


def _with(before: Repository, what: str, words: list[str]) -> Repository:
    if what == "branch":
        return replace(before, branch=words[0][:SHOWN])
    if what == "head":
        return replace(before, head=words[0] if _SHA.fullmatch(words[0]) else "")
    if what == "secret":
        return replace(before, secret=before.secret or words[0][:SHOWN])
    if what == "dirty":
        dirty = (*before.dirty, words[0][:SHOWN])[:3]
        return replace(before, dirty=dirty, changed=before.changed + 1)
    if what == "remote":
        state: State = next((one for one in _STATES if one == words[1]), "silent")
        remote = Remote(words[0][:SHOWN], state, _number(words[2]), words[3][:SHOWN])
        return replace(before, remotes=(*before.remotes, remote))
    return before


def _number(word: str) -> int:
    return int(word[:9]) if word.isascii() and word.isdecimal() else 0
