"""Answers of a survey that stay good for a while, so that not everything is asked every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gbtui.errors import GbtuiError
from gbtui.facts.survey import Ask, Key, LxdAsk


class Kept:
    """What was answered, and when. `turn` grows whenever something is forgotten.

    An answer that was asked for before that may be of how it was before: `keep` leaves it out.
    """

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[float, Any]] = {}
        self.turn = 0

    def answers(self) -> dict[Key, Any]:
        """All that is kept."""
        return {key: answer for key, (_, answer) in self._answers.items()}

    def forget(self, asks: Iterable[Ask[Any] | LxdAsk[Any]] | None = None, place: str = "") -> None:
        """Keep none of these asks' answers any longer (None: of no ask), of one place or ("") of all."""
        wanted = None if asks is None else set(asks)
        if wanted is not None and not wanted:
            return
        self.turn += 1
        self._answers = {
            key: one
            for key, one in self._answers.items()
            if (wanted is not None and key[0] not in wanted) or (place and key[1] != place)
        }

    def expire(self, now: float) -> None:
        """Drop what is no longer good."""
        old = [key for key, (at, _) in self._answers.items() if now - at >= key[0].every]
        for key in old:
            del self._answers[key]

    def keep(self, found: Mapping[Key, Any], at: float, turn: int) -> None:
        """Keep what stays good of the answers to a survey that began at `turn`; errors are asked again."""
        if turn != self.turn:
            return
        for key, answer in found.items():
            if key[0].every and key not in self._answers and not isinstance(answer, GbtuiError):
                self._answers[key] = (at, answer)

    def __contains__(self, key: Key) -> bool:
        return key in self._answers
