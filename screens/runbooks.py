"""Which runbook to walk: those that a finding leads to stand first; a walk left open is gone on with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gbtui.errors import BadInput
from gbtui.operations.base import Parameter
from gbtui.runbooks.catalog import find, runbooks
from gbtui.runbooks.fill import checked
from gbtui.runbooks.takeover import misfit, whose
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Walk, begin
from screens.choose import Choice, Choose
from screens.form import Form
from screens.runbook import RunbookScreen

if TYPE_CHECKING:
    from screens.app import CockpitApp


async def choose_runbook(app: CockpitApp, check: str = "") -> None:
    """Offer the runbooks, those for `check` only where one is named, and open the chosen one."""
    books, wrong = await asyncio.to_thread(runbooks)
    for error in wrong:
        app.say_error(error)
    session = app.session
    report = session.checks().reading.value
    ringing = {one.check.id for one in report.findings} if report else set()
    offered = [book for book in books if not check or check in book.findings]
    if not offered:
        app.notify("no runbook leads from this finding", title=check)
        return
    open_ = {walk.runbook: walk for walk in await session.walks.unfinished()}
    if session.walks.read_words:
        app.notify(session.walks.read_words, severity="warning", timeout=15)

    def chosen(id_: str | None) -> None:
        if id_ is not None:
            open_runbook(app, find(id_), open_.get(id_))

    choices = choices_of(offered, ringing, open_)
    await app.push_screen(Choose("Runbooks", choices), chosen)


def choices_of(books: Sequence[Runbook], ringing: set[str], unfinished: Mapping[str, Walk]) -> list[Choice]:
    """One line each, those that a finding of now leads to first."""
    ordered = sorted(books, key=lambda book: (not ringing & set(book.findings), book.title))
    return [Choice(book.id, book.title, _about(book, ringing, unfinished.get(book.id))) for book in ordered]


def _about(book: Runbook, ringing: set[str], walk: Walk | None) -> str:
    if walk is not None:
        wrong = misfit(book, walk)
        by = f" by {walk.records[-1].by}" if walk.records and walk.records[-1].by else ""
        return f"left unfinished{by}: {wrong}" if wrong else f"left{by} at: {book.step(walk.at).title}"
    led = sorted(ringing & set(book.findings))
    if led:
        return f"a finding leads here: {led[0]}"
    return book.symptoms[0] if book.symptoms else ""


def open_runbook(app: CockpitApp, book: Runbook, walk: Walk | None) -> None:
    """Go on with `walk`, or begin one; what is not known of its parameters is asked in a form."""
    wrong = misfit(book, walk) if walk is not None else ""
    if walk is not None:
        said = f"cannot go on with {whose(walk)}: {wrong}" if wrong else f"going on with {whose(walk)}"
        app.notify(said, severity="warning" if wrong else "information")
    if walk is not None and not wrong:
        app.push_screen(RunbookScreen(book, walk))
        return
    session = app.session
    roles = {one.role: session.instance_of(one.role) for one in book.parameters if one.role}

    def started(given: dict[str, str] | None) -> None:
        if given is not None:
            begun = begin(book, session.host.name, checked(book, given, roles))
            app.push_screen(RunbookScreen(book, begun))

    try:
        checked(book, {}, roles)
    except BadInput:
        app.push_screen(Form(book.title, book.intro.partition("\n\n")[0], form_of(book, roles)), started)
    else:
        started({})


def form_of(book: Runbook, roles: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters as lines of a form."""

    def check(pattern: str) -> object:
        return lambda value: "" if re.fullmatch(pattern, value) else "not of its form"

    return tuple(
        Parameter(one.name, one.form, check(one.pattern), one.default or roles.get(one.role) or None)  # type: ignore[arg-type]  # a lambda's type is its use
        for one in book.parameters
    )
