"""Lines with a state: glyph and word first, colour last. Shared by every screen."""

from __future__ import annotations

from textual.content import Content

from widgets.roles import GLYPHS, STYLES, Role
from widgets.safe import safe

__all__ = ["STYLES", "lines", "mark", "say"]


def mark(role: Role, text: str) -> Content:
    """`text` after its role's glyph, in its colour."""
    return safe(f"{GLYPHS[role]} {text}", STYLES[role])


def say(role: Role, text: str) -> Content:
    """`text` in a role's colour, without a glyph."""
    return safe(text, STYLES[role])


def lines(*parts: Content | str) -> Content:
    """Parts under one another; a `str` is text of gbtui's own or of a host, never markup."""
    return Content("\n").join(safe(part) if isinstance(part, str) else part for part in parts)
