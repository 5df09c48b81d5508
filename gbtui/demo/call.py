"""One program call on the simulated host, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gbtui.demo.state import Place, State

#: How long a call takes that never ends by itself.
FOREVER = math.inf


@dataclass(frozen=True, slots=True)
class Call:
    """A program started at `place`. `root` says whether it runs as root there."""

    state: State
    place: Place
    argv: tuple[str, ...]
    stdin: bytes = b""
    root: bool = True

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.argv[1:]


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit status and output of a call; `takes` is how long it runs, in seconds of the host's clock."""

    status: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    takes: float = 0.0


Tool = Callable[[Call], Answer]


def said(text: str = "", *, takes: float = 0.0) -> Answer:
    """A success that printed `text`; a line feed is added where there is text."""
    return Answer(0, _lines(text), takes=takes)


def failed(status: int, text: str, *, stdout: str = "") -> Answer:
    """A failure with `text` on stderr."""
    return Answer(status, _lines(stdout), _lines(text))


def not_found(name: str) -> Answer:
    """What sh answers for a program that is not there."""
    return failed(127, f"sh: 1: {name}: not found")


def _lines(text: str) -> bytes:
    return f"{text}\n".encode() if text else b""
