"""TOML files that people write: read, and refused with file, line and the expected form."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from gbtui.errors import BadInput
from gbtui.text import clean

Key = tuple[str, ...]


class TomlFile:
    """A TOML text that knows where each key stands. `what` names the file in words; where the text is
    only a part of it, `first` is the number of its first line there.

    Raises:
        BadInput: it is no TOML.
    """

    def __init__(self, source: str, path: Path, what: str, *, first: int = 1) -> None:
        try:
            self.table: dict[str, Any] = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            part = f", in the part from line {first}" if first > 1 else ""
            raise BadInput(f"{what} {path}{part}", why=clean(str(error)), hint="TOML") from error
        self._lines = source.splitlines()
        self._before = first - 1
        self.path = path

    def error(self, key: Key, why: str, form: str) -> BadInput:
        """Words with file, line, key, cause and the expected form."""
        name = clean(".".join(key))
        return BadInput(f"{self.path}, line {self.line(key)}: {name}", why=why, hint=f"expected {form}")

    def line(self, key: Key) -> int:
        """The line of `key`, or of the nearest table around it: a scan, since tomllib keeps none.

        The n-th table of an array is named by its number: `("waiver", "2", "until")`, from 0.
        """
        return self._before + self._line(key)

    def _line(self, key: Key) -> int:
        table: Key = ()
        best = 1
        arrays: dict[Key, int] = {}
        for number, text in enumerate(self._lines, 1):
            if header := re.match(r"\s*(\[\[?)\s*([^\]\[]+?)\s*\]", text):
                table = _dotted(header[2])
                if header[1] == "[[":
                    arrays[table] = arrays.get(table, -1) + 1
                    table = (*table, str(arrays[table]))
                if table == key:
                    return number
                if table == key[: len(table)]:
                    best = number
            elif assignment := re.match(r"""\s*((?:[\w.-]|"[^"]*"|'[^']*'|\s)+?)\s*=""", text):
                full = (*table, *_dotted(assignment[1]))
                if full == key:
                    return number
                if full == key[: len(full)]:
                    best = number
        return best


def read_toml(path: Path, what: str) -> TomlFile:
    """The file at `path`.

    Raises:
        FileNotFoundError: there is none. BadInput: it cannot be read, or is no TOML.
    """
    try:
        source = path.read_text("utf-8")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{what} {path}", why=clean(str(error))) from error
    return TomlFile(source, path, what)


def _dotted(text: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', text))
