"""What must not stand in an export: secrets, the values of query strings, addresses of clients."""

from __future__ import annotations

import re

_PATTERNS = (
    re.compile(r"(?i)(?:password|passwd|secret|token|api[_-]?key)\"?\s*[=:]\s*(?!\\?\*)[^\s\"',;&]{3,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(r"\b(?:hv[sbr]\.[\w-]{20,}|gh[pousr]_\w{20,})"),
    re.compile(r"(?i)\b(?:basic|bearer) [A-Za-z0-9+/._~=-]{6,}"),
    re.compile(r"[\w/.-]\?[\w-]+=[^\s…]+"),
)
_ADDRESS = re.compile(r"(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w]|\.\d)")
_OWN = re.compile(r"0\.0\.0\.0|127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.")


def leaks(text: str) -> list[str]:
    """Everything of the kind in `text`."""
    found = [match[0] for pattern in _PATTERNS for match in pattern.finditer(text)]
    return found + [match[0] for match in _ADDRESS.finditer(text) if not _OWN.match(match[0])]
