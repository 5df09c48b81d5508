"""A line made of pieces, of which the least important vanish where it is narrow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from gbtui.text import clean
from widgets.painting import fit, runs_of
from widgets.roles import Parts, Role

SEPARATOR = 2
"""Cells between two pieces, and at least between the left and the right ones."""

NICE = 20
"""Pieces below this rank give way to a sentence that would have to be cut."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Parts that stand or vanish together; the lowest `rank` vanishes first.

    `gap`: cells before it. `least`: it may be cut down to so many cells before anything vanishes.
    """

    parts: Parts
    rank: int = 100
    gap: int = SEPARATOR
    least: int = 0

    @property
    def width(self) -> int:
        return sum(cell_len(clean(text)) for text, _ in self.parts)


def piece(text: str, role: Role = "", rank: int = 100, gap: int = SEPARATOR, least: int = 0) -> Piece:
    """A piece of one part."""
    return Piece(((text, role),), rank, gap, least)


def choose(
    left: Sequence[Piece], right: Sequence[Piece], width: int
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces of either side that fit together in `width` cells; the most important one always stays."""
    lefts, rights = [p for p in left if p.width], [p for p in right if p.width]
    if _needed(lefts, full=True) + _needed(rights, full=True) > width:
        # What is merely nice goes before a sentence is cut.
        lefts = [p for p in lefts if p.rank >= NICE] if any(p.least for p in lefts) else lefts
    while len(lefts) + len(rights) > 1 and _needed(lefts) + _needed(rights) > width:
        side = rights if not lefts or (rights and _lowest(rights).rank <= _lowest(lefts).rank) else lefts
        side.remove(_lowest(side))
    spare = width - _needed(lefts) - _needed(rights)
    return tuple(_grown(p, spare) for p in lefts), tuple(_grown(p, spare) for p in rights)


def _least(p: Piece) -> int:
    return min(p.width, p.least) if p.least else p.width


def _grown(p: Piece, spare: int) -> Piece:
    """A piece that may be cut, with the spare cells (one such piece a line)."""
    room = _least(p) + max(0, spare)
    if p.width <= room:
        return p
    runs = fit(runs_of(p.parts), room)
    return replace(p, parts=tuple((text, look if isinstance(look, str) else "") for text, look in runs))


def _lowest(side: Sequence[Piece]) -> Piece:
    return min(reversed(side), key=lambda p: p.rank)


def _needed(side: Sequence[Piece], *, full: bool = False) -> int:
    return sum((p.width if full else _least(p)) + p.gap for p in side)


def flat(side: Sequence[Piece]) -> Parts:
    """The parts of pieces in a row, with separators between them."""
    parts: list[tuple[str, Role]] = []
    for place, one in enumerate(side):
        parts += [(" " * one.gap, "")] if place else []
        parts += one.parts
    return tuple(parts)


def words(side: Sequence[Piece]) -> str:
    """The text of pieces in a row."""
    return "".join(clean(text) for text, _ in flat(side))
