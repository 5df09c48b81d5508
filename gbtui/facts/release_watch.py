"""The binaries in place, and what a broken delivery left beside them (items 50, 77)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Malformed

SCRIPT = r"""
LC_ALL=C; export LC_ALL
folder=$1; shift
echo "now $(date +%s)"
for name; do
  find "$folder" -maxdepth 1 -name "$name" -printf 'file\t%f\t%y\t%m\t%u\t%T@\t%s\n'
  find "$folder" -maxdepth 1 -type f '(' -name ".$name.*" -o -name "$name.new*" -o -name "$name.tmp*" \
    -o -name "$name.part*" ')' -printf 'left\t%f\t%y\t%m\t%u\t%T@\t%s\n' | head -n 50
done
"""
"""gbtui-binaries FOLDER NAME…: `now EPOCH`, then with TABs `file NAME TYPE MODE USER MTIME SIZE` of each that
is there, and the same with `left` of each temporary one beside it."""

_KINDS = {"f": "file", "l": "link", "d": "folder"}


@dataclass(frozen=True, slots=True)
class Binary:
    """`kind`: file · link · folder · other. `at` is when it was written, an epoch."""

    name: str
    kind: str
    mode: int
    user: str
    at: float
    size: int

    @property
    def written(self) -> str:
        """For people."""
        return datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Binaries:
    """`at` is the place's clock."""

    at: float
    files: Mapping[str, Binary]
    temporary: tuple[Binary, ...]


def parse_binaries(data: bytes) -> Binaries:
    """What `SCRIPT` printed; a line that is none is left out.

    Raises:
        Malformed: it does not begin with the clock.
    """
    first, *rows = text.text(data).splitlines() or [""]
    now = first.removeprefix("now ")
    if not (first.startswith("now ") and now.isascii() and now.isdecimal() and len(now) < 13):
        raise Malformed("binaries", why=f"it begins {text.clean(first)[:60]!r}")
    files: dict[str, Binary] = {}
    left: list[Binary] = []
    for row in rows:
        kind, *words = row.split("\t")
        one = _binary(words)
        if one is not None and kind == "file":
            files[one.name] = one
        elif one is not None and kind == "left":
            left.append(one)
    return Binaries(float(now), files, tuple(left))


def _binary(words: list[str]) -> Binary | None:
    if len(words) != 6 or not words[2] or set(words[2]) - set("01234567"):
        return None
    whole = words[4].partition(".")[0]
    if not (whole.isascii() and whole.isdecimal() and len(whole) < 12):
        return None
    if not (words[5].isascii() and words[5].isdecimal()):
        return None
    kind = _KINDS.get(words[1], "other")
    return Binary(words[0], kind, int(words[2][:5], 8), words[3], float(whole), int(words[5][:15]))
