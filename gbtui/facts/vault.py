"""Vault's seal and the file of its keys, as gbtui's scripts tell them; no key is among it (65, 95)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gbtui import text

_SEAL = """
seal() {
  out=$(curl -sk -m PATIENCE "$1/v1/sys/seal-status" | tr -d ' \\n')
  case $(field initialized)/$(field sealed) in
    true/false) echo open;;
    true/true) printf 'sealed %s/%s\\n' "$(field progress)" "$(field t)";;
    false/*) echo uninitialized;;
    *) echo silent;;
  esac
}
field() { printf '%s' "$out" | grep -o "\\"$1\\":[a-z0-9]*" | head -n 1 | cut -d : -f 2; }
"""

KEY_FILE = """
if [ -L "$1" ]; then echo link; exit 0; fi
if ! [ -f "$1" ]; then echo missing; exit 0; fi
tracked=no
if git -c safe.directory='*' -c core.fsmonitor=false --no-optional-locks -C "$(dirname -- "$1")" \\
  ls-files --error-unmatch -- "$(basename -- "$1")" >/dev/null 2>&1; then tracked=yes; fi
printf '%s %s\\n' "$(stat -c '%a %U:%G' -- "$1")" "$tracked"
"""
"""gbtui-key-file FILE: "MODE USER:GROUP yes|no" (tracked by git) · "missing" · "link". Whose folder it lies
in may write the tree's configuration, and so its fsmonitor, which git would start: as root."""

_SEALED = re.compile(r"sealed ([0-9]{1,3})/([0-9]{1,3})")
_FILE = re.compile(r"([0-7]{3,4}) ([^\s:]+):([^\s:]+) (yes|no)")


def seal_function(patience: int) -> str:
    """A shell function `seal ADDRESS`, which asks Vault for at most `patience` seconds."""
    return _SEAL.replace("PATIENCE", str(patience))


def seal_script(patience: int) -> str:
    """gbtui-seal ADDRESS: "open" · "sealed GIVEN/NEEDED" · "uninitialized" · "silent"; 127 without curl."""
    there = "command -v curl >/dev/null || { echo 'curl: not found' >&2; exit 127; }"
    return f'{there}\n{seal_function(patience)}\nseal "$1"\n'


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
