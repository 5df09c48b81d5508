"""sshd's effective configuration, and the lines of its files that bring it about (guide item 3). Pure.

`sshd -T` says what counts for everybody; what a `Match` block changes for some is only in the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"(/[^:]*):(\d{1,6}):\s*(\S+)[\s=]+(.*)")
_ASKING = {
    "passwordauthentication": "passwordauthentication",
    "kbdinteractiveauthentication": "kbdinteractiveauthentication",
    "challengeresponseauthentication": "kbdinteractiveauthentication",
}
_KEPT = ("passwordauthentication", "kbdinteractiveauthentication", "permitemptypasswords")
_KEYS = "pubkeyauthentication"


@dataclass(frozen=True, slots=True)
class Sshd:
    """`effective` holds the keywords of interest in lower case, empty where sshd did not say.

    `lines` are the files' lines on passwords (`/etc/ssh/…:12:PasswordAuthentication yes`), `matched`
    those within a Match block, which counts for some only. `why`: what sshd said instead.
    """

    effective: dict[str, str]
    lines: tuple[str, ...]
    matched: tuple[str, ...]
    why: str = ""

    @property
    def passwords(self) -> tuple[str, ...]:
        """What lets somebody in without a key: `keyword value` of sshd, then lines of Match blocks."""
        open_ = [f"{key} {value}" for key, value in self.effective.items() if key in _KEPT and value != "no"]
        return (*open_, *self.matched)

    @property
    def keys(self) -> bool:
        """Whether keys are accepted at all."""
        return self.effective.get(_KEYS, "yes") != "no"


def parse_sshd(effective: Iterable[str], files: Iterable[str]) -> Sshd:
    """The lines of `sshd -T`, and those of `grep -Hni` over its files."""
    told = tuple(effective)
    pairs = (entry.partition(" ") for entry in told)
    known = {key: value.strip() for key, _, value in pairs if key in (*_KEPT, _KEYS)}
    lines: list[str] = []
    matched: list[str] = []
    block = ""
    for entry in files:
        found = _LINE.fullmatch(entry)
        if found is None:
            continue
        path, number, word, value = found[1], found[2], found[3].lower(), found[4].strip()
        if word == "match":
            # a Match ends with its file or with `Match all`
            block = "" if value.lower() == "all" else path
        elif word in _ASKING:
            lines.append(f"{path}:{number}: {found[3]} {value}")
            if block == path and value.lower() != "no":
                matched.append(lines[-1])
    why = "" if "passwordauthentication" in known else (told[0] if told else "no answer")
    return Sshd(known, tuple(lines), tuple(matched), why)
