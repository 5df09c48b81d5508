"""Vault's seal and the file of its keys, as gbtui's scripts tell them; no key is among it (65, 95)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gbtui import text

_SEALED = re.compile(r"sealed ([0-9]{1,3})/([0-9]{1,3})")
_FILE = re.compile(r"([0-7]{3,4}) ([^\s:]+):([^\s:]+) (yes|no)")


@dataclass(frozen=True, slots=True)
class Seal:
    """`state`: open · sealed · uninitialized · silent (nothing answers). `given` of `needed` keys."""

    state: Literal["open", "sealed", "uninitialized", "silent"]
    given: int = 0
    needed: int = 0


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file the keys lie in. `mode` in octal digits, `tracked` by a git tree."""

    mode: str
    user: str
    group: str
    tracked: bool

    @property
    def private(self) -> bool:
        """Nobody but its owner may read it."""
        return self.mode.lstrip("0") in ("600", "400")


def parse_seal(data: bytes) -> Seal:
    """The answer of gbtui-seal; what is not one is silence."""
    said = text.line(data)
    match = _SEALED.fullmatch(said)
    if match:
        return Seal("sealed", int(match[1]), int(match[2]))
    return Seal("open") if said == "open" else Seal("uninitialized" if said == "uninitialized" else "silent")


def parse_key_file(data: bytes) -> KeyFile | None:
    """The answer of gbtui-key-file; None where there is no plain file."""
    match = _FILE.fullmatch(text.line(data))
    return KeyFile(match[1], match[2], match[3], match[4] == "yes") if match else None
