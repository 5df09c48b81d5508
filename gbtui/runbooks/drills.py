"""The drills there are: a fault of the simulated host each, and the runbook that it trains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gbtui.demo.faults import FAULTS
from gbtui.errors import BadInput
from gbtui.runbooks.catalog import runbooks
from gbtui.runbooks.symptoms import SYMPTOMS
from gbtui.runbooks.types import Runbook
from gbtui.text import clean


@dataclass(frozen=True, slots=True)
class Drill:
    """`id` is the fault's name. `title` is what an operator is told: a symptom, never the cause."""

    id: str
    title: str
    book: Runbook
    items: tuple[int, ...]


def drills(books: Iterable[Runbook] | None = None) -> tuple[Drill, ...]:
    """Every drill of the runbooks (all that can be read, by default), once each, by runbook.

    One that several runbooks name trains the one that has the fewest.
    """
    found: dict[str, Drill] = {}
    fewest = sorted(runbooks()[0] if books is None else books, key=lambda book: len(book.drills))
    for one in _all(fewest):
        found.setdefault(one.id, one)
    return tuple(sorted(found.values(), key=lambda one: one.book.id))


def _all(books: Iterable[Runbook]) -> Iterator[Drill]:
    for book in books:
        for name in book.drills:
            if name in FAULTS:
                title = SYMPTOMS.get(name) or next(iter(book.symptoms), book.title)
                yield Drill(name, title, book, FAULTS[name].items)


def find_drill(id_: str) -> Drill:
    """The drill of that id.

    Raises:
        BadInput: there is none; the words name those there are.
    """
    every = drills()
    found = next((one for one in every if one.id == id_), None)
    if found is None:
        known = ", ".join(one.id for one in every) or "none"
        raise BadInput(f"drill {clean(id_)!r}", why="there is none of that name", hint=f"one of: {known}")
    return found
