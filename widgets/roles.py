"""Roles: what a piece of text means, its glyph, its word and, last, its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gbtui.facts.reading import State

Role = Literal["", "ok", "warn", "error", "unknown", "stale", "dim", "title"]
"""`title` is for names in bars; the others are states."""

Part = tuple[str, Role]
Parts = tuple[Part, ...]
"""A line as pieces of plain text with roles: never markup."""

ROLES: tuple[Role, ...] = ("ok", "warn", "error", "unknown", "stale", "dim", "title")

GLYPHS: dict[Role, str] = {
    "": " ",
    "ok": "●",
    "warn": "▲",
    "error": "✖",
    "unknown": "?",
    "stale": "◌",
    "dim": "○",
    "title": " ",
}

_WORST_FIRST: tuple[Role, ...] = ("error", "warn", "unknown", "stale", "ok", "dim", "title", "")

STATE_ROLES: dict[State, Role] = {
    State.LOADING: "unknown",
    State.OK: "ok",
    State.STALE: "stale",
    State.DISCONNECTED: "error",
    State.DENIED: "error",
}

_RULES: dict[Role, str] = {
    "ok": "color: $text-success;",
    "warn": "color: $text-warning;",
    "error": "color: $text-error; text-style: bold;",
    "unknown": "color: $text-secondary;",
    "stale": "color: $text-muted; text-style: italic;",
    "dim": "color: $text-muted;",
    "title": "text-style: bold;",
}

STYLES: dict[Role, str] = {
    "": "",
    "ok": "$text-success",
    "warn": "$text-warning",
    "error": "bold $text-error",
    "unknown": "$text-secondary",
    "stale": "italic $foreground-muted",
    "dim": "$foreground-muted",
    "title": "bold",
}
"""The same, as styles of Content, where `$text-muted` (an automatic colour) would come out plain white."""

ROLE_CLASSES: set[str] = {f"role--{role}" for role in ROLES}
"""For a widget's COMPONENT_CLASSES."""


def role_css(owner: str) -> str:
    """The rules of every role's component class, for the DEFAULT_CSS of `owner`."""
    return "\n".join(f"{owner} > .role--{role} {{ {_RULES[role]} }}" for role in ROLES)


def worst(*roles: Role) -> Role:
    """The role an operator must see first."""
    return min(roles, key=_WORST_FIRST.index, default="")


def glyph(role: Role, word: str) -> Part:
    """`word` with its role's glyph before it: colour is never the only sign."""
    return (f"{GLYPHS[role]} {word}" if word else GLYPHS[role], role)


@dataclass(frozen=True, slots=True)
class Badge:
    """A pane in a few cells: for the tab line and for the counts on the strip.

    `word` names the state ("ok", "stale", "loopback cut off"); `count` is the number of rows as
    shown, "" while nothing was read.
    """

    role: Role = "unknown"
    word: str = "loading"
    count: str = ""

    @property
    def glyph(self) -> str:
        return GLYPHS[self.role]
