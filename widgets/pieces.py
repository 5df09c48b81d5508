"""A line made of pieces, of which the least important vanish where it is narrow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from gbtui.text import clean
from widgets.roles import Parts, Role

SEPARATOR = 2
"""Cells between two pieces, and at least between the left and the right ones."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Parts that stand or vanish together; the lowest `rank` vanishes first."""

    parts: Parts
    rank: int = 100

    @property
    def width(self) -> int:
        return sum(cell_len(clean(text)) for text, _ in self.parts)


def piece(text: str, role: Role = "", rank: int = 100) -> Piece:
    """A piece of one part."""
    return Piece(((text, role),), rank)


def choose(
    left: Sequence[Piece], right: Sequence[Piece], width: int
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces of either side that fit together in `width` cells; the most important one always stays."""
    lefts, rights = [p for p in left if p.width], [p for p in right if p.width]
    while len(lefts) + len(rights) > 1 and _needed(lefts) + _needed(rights) > width:
        side = rights if not lefts or (rights and _lowest(rights).rank <= _lowest(lefts).rank) else lefts
        side.remove(_lowest(side))
    return tuple(lefts), tuple(rights)


def _lowest(side: Sequence[Piece]) -> Piece:
    return min(reversed(side), key=lambda p: p.rank)


def _needed(side: Sequence[Piece]) -> int:
    return sum(p.width + SEPARATOR for p in side)


def flat(side: Sequence[Piece]) -> Parts:
    """The parts of pieces in a row, with separators between them."""
    parts: list[tuple[str, Role]] = []
    for place, one in enumerate(side):
        parts += [(" " * SEPARATOR, "")] if place else []
        parts += one.parts
    return tuple(parts)


def words(side: Sequence[Piece]) -> str:
    """The text of pieces in a row."""
    return "".join(clean(text) for text, _ in flat(side))
