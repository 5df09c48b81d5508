"""`gbtui runbook`: list them, read one, judge a file, or walk one in a plain terminal."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Mapping
from pathlib import Path

from gbtui.cli.approver import CommandLineApprover, ask, at_terminal
from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, FAILED, USAGE, emit, say, table, warn
from gbtui.cli.parser import parameters
from gbtui.cli.words import show_event
from gbtui.errors import GbtuiError
from gbtui.runbooks import course, shapes
from gbtui.runbooks.catalog import find, runbooks
from gbtui.runbooks.fill import checked, filled
from gbtui.runbooks.lint import problems
from gbtui.runbooks.reader import read
from gbtui.runbooks.types import Runbook, Step, told
from gbtui.runbooks.walk import Walk, Walks, begin
from gbtui.runbooks.walker import Result, perform
from gbtui.session import Session

GLYPHS = {"done": "●", "skipped": "◌", "failed": "✖", "not-applicable": "—", "begun": "?"}
PROMPT = "enter: do it · s: skip · b: back · q: leave, and go on later > "


async def runbook(options: argparse.Namespace) -> int:
    """Exit status: 0 walked to its end, listed or without fault · 1 left or ended early · 2 malformed."""
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
    async with opened(options) as session:
        return await _walk(session, book, parameters(options.parameters), anew=options.anew)


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


def what_of(step: Step) -> str:
    """What a step does, in one line."""
    if step.kind == "operation":
        return " ".join((step.operation, *(f"{key}={value}" for key, value in step.given.items())))
    if step.look is not None:
        return f"{step.look.where} $ {' '.join(step.look.argv)}{told(step.look)}"
    if step.condition is not None:
        return f"{step.kind}: {step.condition.words}"
    return f"asks: {step.question}"


async def _walk(session: Session, book: Runbook, given: Mapping[str, str], *, anew: bool) -> int:
    walks = Walks(session.host.name)
    old = None if anew else next(iter(reversed(walks.unfinished(book.id))), None)
    if old is None:
        await session.containers.once()
        roles = {one.role: session.instance_of(one.role) for one in book.parameters if one.role}
        walk = begin(book, session.host.name, checked(book, given, roles))
    else:
        walk = old
        say(f"going on with the walk of {old.started}; --anew begins another")
    walks.save(walk)
    say(f"{book.title} · {' '.join(f'{key}={value}' for key, value in walk.values.items())}")
    while not walk.ended:
        step = filled(book.step(walk.at), walk.values)
        _announce(book, step, walk)
        answer = await ask(PROMPT)
        if answer == "q":
            say(f"left at: {step.title}. `gbtui runbook {book.id}` goes on here")
            return FAILED
        walk = walk.back() if answer == "b" else await _step(session, book, walk, walks, answer)
        walks.save(walk)
    failed = [one for one in walk.records if one.state == "failed"]
    say(f"the end of {book.title}" + (f"; {len(failed)} steps failed on the way" if failed else ""))
    return DONE


def _announce(book: Runbook, step: Step, walk: Walk) -> None:
    number = [one.id for one in book.steps].index(step.id) + 1
    say()
    say(f"{number}/{len(book.steps)} {step.title}")
    for line in step.text.splitlines():
        say(f"    {line}".rstrip())
    say(f"    → {what_of(step)}")
    if step.expect:
        say(f"    expected: {step.expect}")
    before = walk.latest(step.id)
    if before is not None:
        say(f"    {GLYPHS[before.state]} earlier: {before.state} {before.note}".rstrip())


async def _step(session: Session, book: Runbook, walk: Walk, walks: Walks, answer: str) -> Walk:
    """The step the walk is at, done, skipped or answered; what became of it is said."""
    user, step = getpass.getuser(), filled(book.step(walk.at), walk.values)
    if answer == "s":
        reason = await ask("why is it skipped? ")
        return course.skipped(walk, book, step, reason, user) if reason else walk
    if step.kind == "ask":
        said = [one.text for one in step.answers]
        chosen = await ask(f"{step.question} ({' / '.join(said)}): ")
        if chosen in said:
            return course.answered(walk, book, step, chosen, user)
        say(f"expected one of: {', '.join(said)}")
        return walk
    begun = walk.begun(step, user)
    walks.save(begun)
    result = await _done(session, step, walk)
    say(f"{GLYPHS[result.state]} {result.state}{': ' + result.note if result.note else ''}")
    for line in result.output:
        say(f"    | {line}")
    return course.performed(begun, book, step, result, user)


async def _done(session: Session, step: Step, walk: Walk) -> Result:
    approver = CommandLineApprover(user=getpass.getuser(), yes=False, keep=False, confirm="", quiet=False)
    try:
        return await perform(session, step, walk, approver, show_event, waiting=_waiting)
    except GbtuiError as error:
        return Result("failed", note=str(error))


def _waiting(elapsed: float, limit: float) -> None:
    say(f"    … {elapsed:.0f} of at most {limit:.0f} s")
