"""What is left on the terminal when gbtui itself breaks: where and what, never the values.

Textual prints every local variable of every frame; a Vault token in a local would be on the
screen and in the scrollback. Here only file, line and function are named, and the message is
cleaned and has everything that looks like a secret taken out (R8).
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from gbtui.text import clean

_SECRETS = (
    re.compile(r"\b(?:hvs|hvb|hvr|s|b)\.[A-Za-z0-9_-]{16,}"),
    re.compile(
        r"(?i)\b(pass(?:word|wd|phrase)?|secret|token|api[_-]?key|unseal[_-]?key)(\W{1,3})[^\s'\",;]+"
    ),
    re.compile(r"\b[A-Za-z0-9+/]{43}=?\B"),
)
FRAMES = 6
"""Frames shown, innermost last."""
MESSAGE = 300
"""Characters of the message shown."""


def redact(message: str) -> str:
    """`message` with what looks like a secret replaced by `•••`."""
    for pattern in _SECRETS:
        message = pattern.sub(lambda m: f"{m[1]}{m[2]}•••" if m.re.groups else "•••", message)
    return message


def in_words(error: BaseException) -> str:
    """One line about a fault in gbtui itself: kind, redacted message, place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    message = redact(clean(str(error)))[:MESSAGE]
    return f"{type(error).__name__}: {message}{place}" if message else f"{type(error).__name__}{place}"


def report(error: BaseException) -> str:
    """The farewell after a crash: what it was and where, without a single value."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    lines = (
        "gbtui stopped because of a fault in itself.",
        "An operation that was under way is in the journal: start gbtui again, it is shown first.",
        *(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames),
        in_words(error),
    )
    return "\n".join(lines)
