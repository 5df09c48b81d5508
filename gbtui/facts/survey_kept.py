"""Answers of a survey that stay good for a while, so that not everything is asked every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from gbtui.errors import GbtuiError
from gbtui.facts.survey import Ask, Key, LxdAsk

FIRST_PAUSE, LONGEST_PAUSE = 15.0, 120.0
"""Seconds for which an error is kept, doubled with every one after it; never longer than an answer is."""


@dataclass(frozen=True, slots=True)
class _One:
    """An answer, when it was taken, and how many seconds it is good for."""

    answer: Any
    at: float
    good: float


class Kept:
    """What was answered, and when. `turn` grows whenever something is forgotten.

    An answer that was asked for before that may be of how it was before: `keep` leaves it out.
    """

    def __init__(self) -> None:
        self._answers: dict[Key, _One] = {}
        self._failures: dict[Key, int] = {}
        self.turn = 0

    def answers(self) -> dict[Key, Any]:
        """All that is kept."""
        return {key: one.answer for key, one in self._answers.items()}

    def forget(self, asks: Iterable[Ask[Any] | LxdAsk[Any]] | None = None, place: str = "") -> None:
        """Keep none of these asks' answers any longer (None: of no ask), of one place or ("") of all."""
        wanted = None if asks is None else set(asks)
        if wanted is not None and not wanted:
            return
        self.turn += 1
        for key in [*self._answers, *self._failures]:
            if (wanted is None or key[0] in wanted) and place in ("", key[1]):
                self._answers.pop(key, None)
                self._failures.pop(key, None)

    def due(self, key: Key, now: float) -> bool:
        """Whether it is to be asked: it is not known, or no longer good."""
        one = self._answers.get(key)
        return one is None or now - one.at >= one.good

    def keep(self, new: Mapping[Key, Any], at: float, turn: int) -> None:
        """Keep what stays good of the answers to what was asked at `turn`.

        What could not be read is asked again sooner, and ever more seldom: a container that is stuck
        must not cost every survey its longest wait.
        """
        if turn != self.turn:
            return
        for key, answer in new.items():
            if key[0].every:
                self._answers[key] = _One(answer, at, self._good(key, answer))

    def _good(self, key: Key, answer: Any) -> float:
        if not isinstance(answer, GbtuiError):
            self._failures.pop(key, None)
            return key[0].every * _share(*key)
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return float(min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE, key[0].every))

    def __contains__(self, key: Key) -> bool:
        return key in self._answers


def _share(ask: Ask[Any] | LxdAsk[Any], place: str) -> float:
    """Three quarters to all of its time, by its name: else all that began together is due together."""
    return 0.75 + 0.25 * crc32(f"{ask.name} {place}".encode()) / 2**32
