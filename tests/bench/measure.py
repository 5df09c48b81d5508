"""Paired measurements: both sides alternate, so that a busy machine slows both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Ratio:
    """`ours` against `theirs`, medians in seconds (or another unit that both share)."""

    title: str
    ours: float
    theirs: float
    goal: float | None
    unit: str = "s"

    @property
    def value(self) -> float:
        return self.ours / self.theirs if self.theirs else float("inf")

    def line(self) -> str:
        goal = ""
        if self.goal is not None:
            goal = f"  goal ≤ {self.goal:g}×  {'met' if self.value <= self.goal else 'NOT MET'}"
        figures = f"{self.ours:.3g} {self.unit} against {self.theirs:.3g} {self.unit}"
        return f"{self.title:58} {self.value:6.2f}×  {figures}{goal}"


def paired(
    title: str,
    ours: Callable[[], float],
    theirs: Callable[[], float],
    *,
    rounds: int,
    goal: float | None = None,
    unit: str = "s",
) -> Ratio:
    """Run both `rounds` times, alternating, after one round that does not count."""
    ours(), theirs()
    return median_ratio(title, [(ours(), theirs()) for _ in range(rounds)], goal=goal, unit=unit)


def median_ratio(
    title: str, pairs: Sequence[tuple[float, float]], *, goal: float | None = None, unit: str = "s"
) -> Ratio:
    """The ratio of the medians of (ours, theirs) pairs."""
    return Ratio(title, median(o for o, _ in pairs), median(t for _, t in pairs), goal, unit)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
