"""What a pane says in its title and its notices about a reading. Pure: reading in, pieces out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gbtui.errors import GbtuiError
from gbtui.facts.reading import Reading, State
from widgets import format as figures
from widgets.pieces import Piece, piece
from widgets.roles import GLYPHS, STATE_ROLES, Part, Role, worst


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a value itself says: "ok", or worse with words ("error", "loopback cut off")."""

    role: Role = "ok"
    words: str = ""


def role_of(reading: Reading[Any], verdict: Verdict) -> Role:
    """The worst of the reading's state and of what the value says."""
    state = STATE_ROLES[reading.state]
    if reading.error is not None and reading.value is None:
        state = worst(state, "error")
    return worst(state, verdict.role) if reading.value is not None else state


def cause(error: GbtuiError | None) -> str:
    """The words of what failed, without the hint."""
    if error is None:
        return ""
    return f"{error.what}: {error.why}" if error.why else error.what


def state_word(reading: Reading[Any]) -> str:
    """The state's word; a first attempt that failed is no longer "loading"."""
    if reading.state is State.LOADING and reading.error is not None:
        return "not read"
    return str(reading.state)


def state_pieces(reading: Reading[Any], verdict: Verdict, now: datetime, *, paused: bool) -> list[Piece]:
    """Age, state and verdict: `2s ●`, `48s ◌ stale (zfs: timed out)`, `6s ✖ loopback cut off`."""
    age = figures.age(reading.taken_at, now) if reading.taken_at else ""
    parts: list[Part] = [(f"{age} ", "dim")] if age else []
    pieces: list[Piece] = [piece("paused", "warn", rank=80)] if paused else []
    words = verdict.words if reading.value is not None else ""
    if reading.state is State.OK:
        parts.append((GLYPHS[verdict.role], verdict.role))
        return [*pieces, Piece(tuple(parts)), *_said(words, verdict.role)]
    role = role_of(reading, Verdict())
    if words and verdict.role in {"error", "warn"}:
        pieces.append(piece(f"{GLYPHS[verdict.role]} {words}", verdict.role, rank=30))
    parts.append((f"{GLYPHS[role]} {state_word(reading)}", role))
    why = cause(reading.error)
    return [*pieces, Piece(tuple(parts)), *_said(f"({why})" if why else "", "dim", rank=10)]


def _said(words: str, role: Role, rank: int = 30) -> list[Piece]:
    return [piece(words, role, rank, gap=1)] if words else []


def notice_parts(error: GbtuiError | None, notes: Sequence[tuple[Role, str]]) -> list[Part]:
    """The lines above the rows: what failed, what to do next, and what the value lacks."""
    lines: list[Part] = []
    if error is not None:
        lines.append((f"✖ {cause(error)}", "error"))
        if error.hint:
            lines.append((f"→ {error.hint}", ""))
    lines += [(f"{GLYPHS[role]} {text}", role) for role, text in notes]
    return lines
