"""`gbtui runbook`: list them, read one, judge a file, or walk one in a plain terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

from gbtui.cli.approver import at_terminal
from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, USAGE, emit, say, table, warn
from gbtui.cli.parser import parameters
from gbtui.cli.runbook_walk import walked, what_of
from gbtui.runbooks import shapes
from gbtui.runbooks.catalog import find, runbooks
from gbtui.runbooks.lint import problems
from gbtui.runbooks.reader import read
from gbtui.runbooks.types import Runbook


async def runbook(options: argparse.Namespace) -> int:
    """Exit status: 0 walked to its end, listed or without fault · 1 left or ended early · 2 malformed
    · 4 somebody else went on with the walk."""
    if options.lint:
        return lint(Path(options.lint))
    if options.name is None:
        return _list(as_json=options.json)
    book = find(options.name)
    if options.json:
        emit(shapes.whole(book))
        return DONE
    if not at_terminal():
        show(book)
        return DONE
    async with opened(options, acts=True) as session:
        return await walked(session, book, parameters(options.parameters), anew=options.anew)


def lint(path: Path) -> int:
    """For authors: everything that is wrong with a file."""
    wrong = problems(read(path))
    for problem in wrong:
        warn(problem)
    if not wrong:
        say(f"{path}: nothing wrong found")
    return USAGE if wrong else DONE


def _list(*, as_json: bool) -> int:
    books, wrong = runbooks()
    if as_json:
        emit(shapes.listed(books))
    else:
        table(("RUNBOOK", "TITLE", "STEPS"), ((one.id, one.title, str(len(one.steps))) for one in books))
    for error in wrong:
        warn(f"gbtui: {error}")
    return USAGE if wrong else DONE


def show(book: Runbook) -> None:
    """A runbook to read: what leads to it, and its steps."""
    say(book.title)
    for symptom in book.symptoms:
        say(f"  symptom: {symptom}")
    say(book.intro)
    for number, step in enumerate(book.steps, 1):
        say()
        say(f"{number}. {step.title}  [{what_of(step)}]")
        for line in step.text.splitlines():
            say(f"   {line}".rstrip())
