"""One look at a fact: its value, when it was taken, how long it took, or the words of what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from gbtui.errors import GbtuiError

T = TypeVar("T")


class State(StrEnum):
    """How much a reading is worth."""

    LOADING = "loading"
    OK = "ok"
    STALE = "stale"
    DISCONNECTED = "disconnected"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The last good `value` (kept through failures), and how things stand now.

    `taken_at` belongs to `value`; `error` to the latest attempt. `seconds` is how long the latest
    attempt took.
    """

    state: State = State.LOADING
    value: T | None = None
    taken_at: datetime | None = None
    seconds: float = 0.0
    error: GbtuiError | None = None
