"""What a check is: an item of the guide, the facts it needs, and a pure judge over them.

A check reads nothing itself. It gets a `Survey` and yields what fails; facts that could not be read
make it *unknown*, with the reason, never *ok*.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gbtui.facts.survey import Need, Place, Scope, Survey
from gbtui.text import clean

EVIDENCE_LINES, EVIDENCE_CELLS = 20, 300
NOWHERE = "containers"
"""The place of what is unknown because nobody knows which instances there are."""


class Severity(StrEnum):
    """error: something does not work or is open to the world · warning: it will · notice: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What puts it right: an operation with its parameters, or `words` where no operation does."""

    operation: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    words: str = ""

    @property
    def shown(self) -> str:
        """As it is typed, or the words."""
        pairs = (f"{key}={value}" for key, value in self.parameters)
        return shlex.join(("gbtui", "plan", self.operation, *pairs)) if self.operation else self.words


def operation(name: str, **parameters: str) -> Remedy:
    """The remedy that is an operation."""
    return Remedy(name, tuple(parameters.items()))


def by_hand(words: str) -> Remedy:
    """The remedy that no operation covers: what to do, in words."""
    return Remedy(words=words)


@dataclass(frozen=True, slots=True)
class Failing:
    """One thing that is not as it must be.

    `subject` names it and is the same every time (an instance, a vhost, a unit, a dataset); `message`
    says what is wrong in one line. `evidence` are the lines or values seen. `severity` None: the check's.
    """

    subject: str
    message: str
    evidence: tuple[str, ...] = ()
    remedy: Remedy | None = None
    severity: Severity | None = None

    def __post_init__(self) -> None:
        """Host text is bounded and clean from here on."""
        lines = [clean(line)[:EVIDENCE_CELLS] for line in self.evidence[:EVIDENCE_LINES]]
        more = len(self.evidence) - EVIDENCE_LINES
        object.__setattr__(self, "evidence", (*lines, *([f"… {more} more"] if more > 0 else [])))
        object.__setattr__(self, "subject", clean(self.subject)[:EVIDENCE_CELLS])
        object.__setattr__(self, "message", clean(self.message)[:EVIDENCE_CELLS])


Judge = Callable[[Survey, Place], Iterable[Failing]]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the guide.

    `sentence` is the rule in our words, `items` its numbers in the guide's checklist. `judge` is asked
    once for every place of `scope`. With `certain` False (a probe that may just have been unlucky) it
    has to fail twice before it rings. `remedy` says for the list what puts it right: an operation's
    id, or words. `departs`: where the guide's own way is wrong, why this tests the aim instead.
    """

    id: str
    items: tuple[int, ...]
    sentence: str
    severity: Severity
    scope: Scope
    needs: tuple[Need, ...]
    judge: Judge
    remedy: str
    certain: bool = True
    departs: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that fails now. `since`: when it was first seen to. `lapsed`: the words of the waiver
    that accepted it until lately, "" where none did."""

    check: Check
    failing: Failing
    since: datetime
    lapsed: str = ""

    @property
    def severity(self) -> Severity:
        return self.failing.severity or self.check.severity

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding the next time."""
        return self.check.id, self.failing.subject


@dataclass(frozen=True, slots=True)
class Unknown:
    """A check that could not be judged at a place, and why."""

    check: Check
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One round over a survey: what fails, what could not be judged, and what was judged at all.

    `answered` are (check id, place) pairs: only where a check answered may an old finding be cleared.
    """

    failing: tuple[tuple[Check, Place, Failing], ...]
    unknown: tuple[Unknown, ...]
    answered: frozenset[tuple[str, str]]

    def unread(self, check: str, place: str) -> bool:
        """Whether that check could not be judged there; not where there is no such place any more."""
        return any(one.check.id == check and one.place in (place, NOWHERE) for one in self.unknown)

    def corrected(self, checks: Iterable[Check], again: Judged) -> Judged:
        """The same, but what was judged `again` of some of the checks."""
        ids = {check.id for check in checks}
        failing = tuple(one for one in self.failing if one[0].id not in ids)
        unknown = tuple(one for one in self.unknown if one.check.id not in ids)
        answered = frozenset(one for one in self.answered if one[0] not in ids)
        return Judged(failing + again.failing, unknown + again.unknown, answered | again.answered)


@dataclass(frozen=True, slots=True)
class Report:
    """What an operator is told: findings worst first and oldest first, and what is not known.

    `waived` are findings accepted for a while, each with its reason. `pending` fail for the first
    time and ring when they fail again.
    """

    taken_at: datetime
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    waived: tuple[tuple[Finding, str], ...] = ()
    pending: tuple[Finding, ...] = ()
    seconds: float = 0.0
    counted: Mapping[Severity, int] = field(default_factory=dict)
