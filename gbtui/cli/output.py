"""What the command line prints: words on a terminal, documented JSON for scripts, errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from gbtui.errors import BadInput, Changed, GbtuiError, Refused, Unreachable

SCHEMA = 1
DONE, FAILED, USAGE, REFUSED, CHANGED, NOT_REACHED = range(6)


def say(text: str = "") -> None:
    """One line on stdout."""
    sys.stdout.write(text + "\n")


def warn(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text + "\n")


def emit(document: Any) -> None:
    """One JSON document on stdout."""
    say(json.dumps(document, ensure_ascii=False, indent=2))


def fail(error: GbtuiError, *, as_json: bool) -> int:
    """Say what failed, and return the exit status that belongs to it."""
    warn(f"gbtui: {error}")
    if as_json:
        words = f"{error.what}: {error.why}" if error.why else error.what
        emit({"schema": SCHEMA, "error": {"kind": error.kind, "message": words, "hint": error.hint}})
    match error:
        case BadInput():
            return USAGE
        case Refused():
            return REFUSED
        case Changed():
            return CHANGED
        case Unreachable():
            return NOT_REACHED
        case _:
            return FAILED


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Columns that line up; `right` are the numbers of those aligned to the right."""
    lines = [tuple(headers), *(tuple(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]
    for line in lines:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
