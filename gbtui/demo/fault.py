"""What a named fault of the simulated host is; the faults themselves stand in `gbtui.demo.faults*`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gbtui.demo.state import State


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what an operator sees of it, the guide's items, and how it comes and goes."""

    title: str
    items: tuple[int, ...]
    inject: Callable[[State], None]
    undo: Callable[[State], None]
