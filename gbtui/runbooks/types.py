"""What a runbook is: a title, what leads to it, parameters, and steps in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["check", "operation", "command", "ask", "wait"]
Is = Literal["holds", "fails"]

STOP = "stop"
"""Where a branch may lead beside another step: the walk ends there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A check of the catalogue that has to hold, or to fail. `at` restricts it to one subject."""

    check: str
    expects: Is = "holds"
    at: str = ""

    @property
    def words(self) -> str:
        where = f" at {self.at}" if self.at else ""
        return f"{self.check} {self.expects}{where}"


@dataclass(frozen=True, slots=True)
class Look:
    """A read-only command: argv, where it runs ("host" or an instance), what its answer has to be.

    `contains` and `matches` (a regular expression, whose named groups are values for the steps after it)
    are about its output, `status` its exit status. `stdin` is given as it stands: no value is put into it.
    """

    argv: tuple[str, ...]
    where: str = "host"
    contains: str = ""
    matches: str = ""
    status: int | None = 0
    stdin: str = ""


def told(look: Look) -> str:
    """What a command is given on its standard input, behind it as in a shell; "" for nothing."""
    return f" <<< {look.stdin!r}" if look.stdin else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question, and where it leads ("" for the next step)."""

    text: str
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `text` is its Markdown: why, and what is expected, for a human.

    `condition`, `operation` with `given`, `look`, `answers`, and `limit` with `every` (seconds) belong
    to their `kind`; a command with a `limit` is tried again until it is as expected. `when`: what must
    be so for it to apply. `verify`: what must be so after it. `otherwise`: the step that follows where it
    is not as expected. `takes`: parameters of a finding's remedy that are values for the steps after it.
    `line` is where it stands.
    """

    id: str
    title: str
    text: str
    kind: Kind
    line: int
    condition: Condition | None = None
    operation: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    look: Look | None = None
    question: str = ""
    answers: tuple[Answer, ...] = ()
    limit: float = 0.0
    every: float = 0.0
    when: Condition | None = None
    verify: Condition | None = None
    expect: str = ""
    undo: str = ""
    otherwise: str = ""
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that differs from host to host. Its default is `default`, or the instance of `role`."""

    name: str
    form: str
    default: str = ""
    role: str = ""
    pattern: str = r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,252}"


@dataclass(frozen=True, slots=True)
class Runbook:
    """A walkthrough. `symptoms` in an operator's words, `findings` the checks that lead here, `items`
    the guide's, `drills` the faults to practise it with."""

    id: str
    title: str
    intro: str
    symptoms: tuple[str, ...]
    findings: tuple[str, ...]
    items: tuple[int, ...]
    drills: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    path: Path

    def step(self, id_: str) -> Step:
        """The step of that id. Raises KeyError."""
        found = next((step for step in self.steps if step.id == id_), None)
        if found is None:
            raise KeyError(id_)
        return found

    def after(self, id_: str) -> Step | None:
        """The step that follows in the text."""
        ids = [step.id for step in self.steps]
        number = ids.index(id_) + 1
        return self.steps[number] if number < len(ids) else None
