"""What a case of the checks is: a fault, and what must be found of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A fault, the (check id, subject) pairs it must lead to and no others, and words the findings show.

    `remedy`: the (check id, subject) whose remedy is an operation that puts it right ("" None: none
    does, see `by_hand`: the fault is taken back and the finding has to go). `given` fills parameters
    that only the operator knows. `lab`: the twin can be brought into that state, too.
    """

    fault: str
    finds: tuple[tuple[str, str], ...]
    shows: tuple[str, ...] = ()
    remedy: tuple[str, str] | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    lab: bool = True
