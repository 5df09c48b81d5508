"""A binary to be deployed, and where it is to go, as gbtui's scripts tell them (items 50, 77)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gbtui import text

_ELF = re.compile(r"elf ([0-9]{1,15}) ([0-9a-f]{4}) ([0-9a-f]{4}) ([0-9a-f]{64})")
_FILE = re.compile(r"([0-7]{3,4}) ([^\s:]+):([^\s:]+) ([0-9a-f]{64})")
_PROGRAMS = ("0200", "0300")
"""ELF types, as they lie in the file: a program at a fixed place, and one that may lie anywhere."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A file that is to be deployed. `wrong` says in a word why it is none ("folder", "empty", …)."""

    wrong: str = ""
    size: int = 0
    machine: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it goes. `sha256` is "" where nothing is there yet; `starts` is what the unit starts.

    `free` in bytes; `kept` previous ones lie beside it; `owned` whether the wanted owner exists.
    """

    folder: bool = False
    mode: str = ""
    owner: str = ""
    sha256: str = ""
    free: int = 0
    machine: str = ""
    starts: str = ""
    kept: int = 0
    owned: bool = False


def parse_binary(data: bytes) -> Binary:
    """The answer of gbtui-deploy-source."""
    said = text.line(data)
    match = _ELF.fullmatch(said)
    if match is None:
        return Binary(said.split(" ")[0][:40] or "unreadable")
    if match[2] not in _PROGRAMS:
        return Binary("no-program")
    return Binary("", int(match[1]), match[3], match[4])


def parse_place(data: bytes) -> Place:
    """The answer of gbtui-deploy-target; what is missing stays empty."""
    found = dict(row.partition("\t")[::2] for row in text.text(data).splitlines())
    file = _FILE.fullmatch(found.get("file", ""))
    return Place(
        folder=found.get("folder") == "yes",
        mode=file[1] if file else "",
        owner=f"{file[2]}:{file[3]}" if file else "",
        sha256=file[4] if file else "",
        free=_number(found.get("free", "")) * 1024,
        machine=found.get("machine", ""),
        starts=found.get("starts", ""),
        kept=_number(found.get("kept", "")),
        owned=found.get("owned") == "yes",
    )


def _number(word: str) -> int:
    return int(word[:15]) if word.isascii() and word.isdecimal() else 0
