"""The strip: the top line of every screen. Which host, how it is, and how far away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from widgets import format as figures
from widgets.bar import Bar
from widgets.pieces import Piece, piece
from widgets.roles import GLYPHS, Part, Role

if TYPE_CHECKING:
    from gbtui.hosts.base import HostKind

PRODUCT = "gbtui"


@dataclass(frozen=True, slots=True)
class Light:
    """One thing that answers or does not: LXD, ZFS, SSH. `detail` is a word or a round trip."""

    name: str
    role: Role = "unknown"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StripState:
    """Everything the strip says.

    `errors`, `warnings`, `unknowns` count what is wrong, `notices` what is worth knowing; `worst` is
    the worst of it in words (host text is fine), `since` when it was first seen. `round_trip` is in
    seconds. `read_only` is "" or the reason. `notice` is something pending that must not be overlooked
    (a revert armed).
    """

    host: str = ""
    kind: HostKind = "local"
    tenant: str = ""
    errors: int = 0
    warnings: int = 0
    unknowns: int = 0
    notices: int = 0
    worst: str = ""
    worst_role: Role = "ok"
    since: datetime | None = None
    lights: tuple[Light, ...] = ()
    round_trip: float | None = None
    read_only: str = ""
    notice: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def pieces_of(state: StripState) -> tuple[list[Piece], list[Piece]]:
    """The pieces at the left and at the right."""
    left = [Piece(((f" {PRODUCT}", "title"),), rank=65)]
    if state.kind == "demo":
        left.append(Piece(((f"{GLYPHS['warn']} DEMO", "warn"),), rank=95))
        left.append(piece("demo host, nothing here is real", "dim", rank=15))
    left.append(piece(state.host, "title", rank=100))
    left.append(piece(state.tenant, rank=60))
    left.append(_counts(state))
    if state.notices:
        left.append(piece(f"{GLYPHS['dim']} {state.notices}", "dim", rank=40))
    if state.notice:
        left.append(piece(f"{GLYPHS['warn']} {state.notice}", "warn", rank=98))
    if state.worst:
        since = f"· {figures.age(state.since, state.now)}" if state.since else ""
        left.append(piece(state.worst, state.worst_role, rank=70, least=24))
        left.append(piece(since, "dim", rank=35, gap=1))
    return left, _right(state)


def _counts(state: StripState) -> Piece:
    counted: tuple[tuple[Role, int], ...] = (
        ("error", state.errors),
        ("warn", state.warnings),
        ("unknown", state.unknowns),
    )
    parts: list[Part] = []
    for role, number in counted:
        if number:
            parts += [("  ", "")] if parts else []
            parts.append((f"{GLYPHS[role]} {number}", role))
    return Piece(tuple(parts) or ((f"{GLYPHS['ok']} quiet", "ok"),), rank=97)


def _right(state: StripState) -> list[Piece]:
    right: list[Piece] = []
    if state.read_only:
        right.append(piece("read-only", "warn", rank=90))
    for light in state.lights:
        parts: list[Part] = [(f"{light.name} ", ""), (GLYPHS[light.role], light.role)]
        parts += [(f" {light.detail}", "" if light.role == "ok" else light.role)] if light.detail else []
        right.append(Piece(tuple(parts), rank=80 if light.role != "ok" else 50))
    if state.round_trip is not None:
        right.append(piece(figures.latency(state.round_trip), "dim", rank=25))
    right.append(piece(f"{figures.clock(state.now)}Z ", "dim", rank=55))
    return right


class Strip(Bar):
    """The top line of every screen."""

    DEFAULT_CSS = "Strip { dock: top; background: $panel; }"

    def __init__(self) -> None:
        super().__init__()
        self.state = StripState()

    def show(self, state: StripState) -> None:
        """Say another state; the line is drawn again only where it differs."""
        self.state = state
        self.say(*pieces_of(state))
