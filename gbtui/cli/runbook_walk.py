"""A runbook walked in a plain terminal: each step announced, asked for, done and kept."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.cli.approver import CommandLineApprover, ask
from gbtui.cli.output import DONE, FAILED, say
from gbtui.cli.words import show_event
from gbtui.errors import GbtuiError
from gbtui.runbooks import course
from gbtui.runbooks.fill import checked, filled
from gbtui.runbooks.takeover import misfit, whose
from gbtui.runbooks.types import Runbook, Step, told
from gbtui.runbooks.walk import Walk, begin
from gbtui.runbooks.walker import Result, perform
from gbtui.session import Session
from gbtui.text import clean

GLYPHS = {"done": "●", "skipped": "◌", "failed": "✖", "not-applicable": "—", "begun": "?"}
PROMPT = "enter: do it · s: skip · b: back · q: leave, and go on later > "


async def walked(session: Session, book: Runbook, given: Mapping[str, str], *, anew: bool) -> int:
    """Walk it, from where it was left unless `anew`; the exit status.

    Raises:
        BadInput: a parameter is missing, unknown or not of its form.
        Changed: somebody else has gone on with the walk.
    """
    walk = None if anew else await _left(session, book)
    if walk is None:
        await session.containers.once()
        roles = {one.role: session.instance_of(one.role) for one in book.parameters if one.role}
        walk = begin(book, session.host.name, checked(book, given, roles))
    await _keep(session, walk)
    say(f"{book.title} · {' '.join(f'{key}={value}' for key, value in walk.values.items())}")
    while not walk.ended:
        step = filled(book.step(walk.at), walk.values)
        _announce(book, step, walk)
        answer = await ask(PROMPT)
        if answer == "q":
            say(f"left at: {step.title}. `gbtui runbook {book.id}` goes on here")
            return FAILED
        walk = walk.back(book) if answer == "b" else await _step(session, book, walk, answer)
        await _keep(session, walk)
    failed = [one for one in walk.records if one.state == "failed"]
    say(f"the end of {book.title}" + (f"; {len(failed)} steps failed on the way" if failed else ""))
    return DONE


async def _left(session: Session, book: Runbook) -> Walk | None:
    """The latest walk that can be gone on with, here or on the host; what cannot be is said."""
    found = await session.walks.unfinished(book.id)
    if session.walks.read_words:
        say(session.walks.read_words)
    for walk in reversed(found):
        wrong = misfit(book, walk)
        if not wrong:
            say(f"going on with {whose(walk)}; --anew begins another")
            return walk
        say(f"{whose(walk)} cannot be gone on with: {wrong}")
    return None


async def _keep(session: Session, walk: Walk) -> None:
    """On file; where else it is (not) is said when that changes."""
    before = session.walks.kept_words
    await session.walks.save(walk)
    now = session.walks.kept_words
    if now != before:
        say(now or "kept on the host again")


def what_of(step: Step) -> str:
    """What a step does, in one line."""
    if step.kind == "operation":
        return " ".join((step.operation, *(f"{key}={value}" for key, value in step.given.items())))
    if step.look is not None:
        return f"{step.look.where} $ {' '.join(step.look.argv)}{told(step.look)}"
    if step.condition is not None:
        return f"{step.kind}: {step.condition.words}"
    return f"asks: {step.question}"


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
        by = f" by {before.by}" if before.by else ""
        said = "begun, and not known how it went" if before.state == "begun" else before.state
        say(f"    {GLYPHS[before.state]} earlier: {said}{by}, {before.at[:19]}Z {before.note}".rstrip())


async def _step(session: Session, book: Runbook, walk: Walk, answer: str) -> Walk:
    """The step the walk is at, done, skipped or answered; what became of it is said."""
    user, step = session.engine.user, filled(book.step(walk.at), walk.values)
    if answer == "s":
        reason = clean(await ask("why is it skipped? "))
        return course.skipped(walk, book, step, reason, user) if reason else walk
    if step.kind == "ask":
        said = [one.text for one in step.answers]
        chosen = await ask(f"{step.question} ({' / '.join(said)}): ")
        if chosen in said:
            return course.answered(walk, book, step, chosen, user)
        say(f"expected one of: {', '.join(said)}")
        return walk
    begun = walk.begun(step, user)
    await _keep(session, begun)
    result = await _done(session, step, walk)
    say(f"{GLYPHS[result.state]} {result.state}{': ' + result.note if result.note else ''}")
    for line in result.output:
        say(f"    | {line}")
    return course.performed(begun, book, step, result, user)


async def _done(session: Session, step: Step, walk: Walk) -> Result:
    approver = CommandLineApprover(user=session.engine.user, yes=False, keep=False, confirm="", quiet=False)
    try:
        return await perform(session, step, walk, approver, show_event, waiting=_waiting)
    except GbtuiError as error:
        return Result("failed", note=str(error))


def _waiting(elapsed: float, limit: float) -> None:
    say(f"    … {elapsed:.0f} of at most {limit:.0f} s")
