"""What the crash matrix of the runbooks runs on: an operator at the terminal who dies, and who comes after.

The walk goes through the very code of `gbtui runbook` (`gbtui.cli.runbook_walk`); only who types, and what
is printed, stand in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from unittest.mock import patch

from gbtui.checks.catalog import chosen
from gbtui.cli import runbook_walk
from gbtui.demo.clock import Clock
from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command, Host
from gbtui.profiles import load
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Walk
from gbtui.session import Session
from tests.crash_stage import Killed, LoopClock, Yes
from tests.unit.runbooks.walk_cases import ROWS

MOST = 120
"""Questions after which a walk is taken for one that goes round."""

Kind = Literal["begun", "in the operation", "not recorded", "not on the host"]


@dataclass(frozen=True)
class Point:
    """Where an operator may die: the `number`th time (from 0) of its kind, in the `visit`th step walked.

    *begun*: the step's begin is on file, nothing was done. *in the operation*: at a transition of the
    engine. *not recorded*: the step was done, what became of it is on no file. *not on the host*: it is
    on file here, and not there. `twice`: the next one dies, too, as soon as a step is begun again.
    """

    kind: Kind
    number: int
    visit: int
    about: str
    twice: bool = False

    def __str__(self) -> str:
        return f"{self.kind} ({self.about}){', and again' if self.twice else ''}"


AGAIN = Point("begun", 0, 0, "")


class Fate:
    """Counts the points passed, and kills at `end`."""

    def __init__(self, end: Point | None = None) -> None:
        self.passed: list[Point] = []
        self._counts: Counter[Kind] = Counter()
        self._visit = 0
        self._end = end

    def at(self, kind: Kind, about: str) -> None:
        """It is this far. Raises Killed."""
        self._visit += kind == "begun" or (kind == "not recorded" and self._is_asked())
        point = Point(kind, self._counts[kind], self._visit, about)
        self._counts[kind] += 1
        self.passed.append(point)
        if self._end is not None and (point.kind, point.number) == (self._end.kind, self._end.number):
            raise Killed

    def _is_asked(self) -> bool:
        """A question has no begin: the step before is over."""
        return not self.passed or self.passed[-1].kind == "not on the host"


class Approves(Yes):
    """Types whatever is asked for, a secret, too."""

    def __init__(self, **options: Any) -> None:
        """What the command line would take of its options."""

    async def secret(self, plan: Plan, name: str) -> str:
        return "typed"


class Drilled(Host, Protocol):
    """A host whose fault hands can mend."""

    def undo(self, fault: str) -> None: ...


def drilled(drill: str, clock: Clock) -> DemoHost:
    """A drill's host, as quiet as it can be."""
    host = DemoHost(clock=clock, faults=(drill,))
    host.state.life.clear()
    host.state.log_rate = 1.0  # a line a second says as much as a dozen
    return host


class Stage:
    """A drill's host, and one operator's machine after another's death; `folder` is its state."""

    def __init__(self, book: Runbook, drill: str, folder: Path, host: Drilled | None = None) -> None:
        self.book, self.row, self._drill = book, ROWS[book.id], drill
        self.host = host or drilled(drill, LoopClock())
        self.journal = Journal(folder / "state")
        self._folder = folder
        self._last: Walk | None = None

    async def prepare(self) -> None:
        if self.row.prepared:
            done = await self.host.run(Command(self.row.prepared))
            assert done.ok, done.stderr

    async def walk(self, fate: Fate) -> Session:
        """Begin the walk, or go on with it, to its end. Raises Killed."""
        session = Session(self.host, load(), self.journal, user="tester")
        session.engine._observe = lambda label: fate.at("in the operation", label)
        self._mortal(session, fate)
        await session.open(events=False)
        for op_id in self.journal.unfinished(self.host.name):
            await Recovery(session.engine).finish(op_id, Approves())
        if self._last is not None and not await session.walks.unfinished(self.book.id):
            return session  # it died behind the last step
        asked = iter(range(MOST))

        async def ask(question: str) -> str:
            assert next(asked, None) is not None, f"it goes round: {question}"
            return "" if question == runbook_walk.PROMPT else self._answer()

        unseen: dict[str, Any] = {"say": lambda text="": None, "show_event": lambda event: None}
        with patch.multiple(runbook_walk, ask=ask, CommandLineApprover=Approves, **unseen):
            await runbook_walk.walked(session, self.book, self._values(), anew=False)
        return session

    def _mortal(self, session: Session, fate: Fate) -> None:
        """Both sides of every save are points."""
        save = session.walks.save

        async def saved(walk: Walk) -> None:
            record = walk.records[-1] if walk.records else None
            new = record is not None and walk.records != (self._last.records if self._last else ())
            if record is not None and new and record.state != "begun":
                fate.at("not recorded", record.step)
            await save(walk)

        def on_file(walk: Walk) -> None:
            before, self._last = self._last, walk
            if walk.records and walk.records != (before.records if before else ()):
                begun = walk.records[-1].state == "begun"
                fate.at("begun" if begun else "not on the host", walk.records[-1].step)

        session.walks.save = saved  # type: ignore[method-assign]  # the test's knife
        session.walks.told.append(on_file)

    def _answer(self) -> str:
        """What the row says; hands mend where it says so."""
        assert self._last is not None
        step = self.book.step(self._last.at)
        if step.id in self.row.hands:
            self.host.undo(self._drill)
        return self.row.says.get(step.id, step.answers[0].text)

    def _values(self) -> Mapping[str, str]:
        own = {one.name for one in self.book.parameters}
        given = {name: value for name, value in self.row.values.items() if name in own}
        for name, text in self.row.files.items():
            given[name] = str(self._folder.parent / name)  # the same for every run of a drill
            (self._folder.parent / name).write_text(text)
        return given

    # -- how it ended

    async def findings(self, session: Session) -> list[tuple[str, str]]:
        report = await session.inspector(chosen(self.book.findings)).once(fresh=True)
        return [one.key for one in report.findings]

    def deeds(self) -> Counter[str]:
        """Every operation that was begun, with its parameters and how it ended."""
        begun, found = dict[str, str](), Counter[str]()
        for record in self.journal.entries(self.host.name):
            if record.record == "begin":
                plan = record.data["plan"]
                begun[record.id] = f"{plan['operation']} {plan['parameters']}"
            if record.record == "end":
                found[f"{begun.pop(record.id)} {record.data['outcome']}"] += 1
        return found + Counter(f"{one} unfinished" for one in begun.values())
