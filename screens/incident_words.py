"""A timeline in words: its columns, one entry whole, and the line above it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from textual.content import Content

from gbtui.incidents.book import Incidents
from gbtui.incidents.export import duration, words
from gbtui.incidents.timeline import spans
from gbtui.incidents.types import Entry, Incident
from screens.look import lines, mark, say
from widgets.format import counted, utc
from widgets.painting import Cell
from widgets.roles import Role
from widgets.safe import safe
from widgets.virtual_table import Column

LOOKS: dict[str, Role] = {
    "rang": "error",
    "cleared": "ok",
    "done": "ok",
    "refused": "warn",
    "failed": "error",
    "failed-undone": "error",
    "reverted": "warn",
    "banned": "warn",
}
"""By an entry's word; what is not here is neither good nor bad."""


def _what(one: Entry) -> Cell:
    role = LOOKS.get(one.word, "dim")
    return ((f"{one.kind} {one.word}".strip(), role),)


COLUMNS: tuple[Column[Entry], ...] = (
    Column("at", "AT (UTC)", lambda one: utc(one.at)[11:19], width=8),
    Column("kind", "WHAT", _what, width=17, rank=60),
    Column("title", "TITLE", lambda one: one.title),
    Column("by", "BY", lambda one: one.by, width=12, rank=30),
)


def told(one: Entry) -> Content:
    """Everything known about an entry."""
    role = LOOKS.get(one.word, "dim")
    head = mark(role, words(one, one.title)) if role != "dim" else safe(words(one, one.title), "bold")
    return lines(
        head,
        say("dim", f"{utc(one.at)} · by {one.by or 'nobody known'}"),
        *([Content("")] if one.lines else []),
        *(Content.assemble(say("dim", "│ "), safe(line)) for line in one.lines),
    )


def above(one: Incident | None, book: Incidents) -> Content:
    """The line above the timeline: how far it is, and what the host does not know yet."""
    if one is None:
        return say("dim", "no incident runs")
    if book.error is not None and one.end is None:
        waiting = f", {counted(book.waiting, 'line')} not sent" if book.waiting else ""
        return mark("warn", f"{one.title}{waiting}: {book.error}")
    parts = [
        f"{name} after {duration(s)}"
        for name, at, s in spans(one).parts()
        if at is not None and s is not None
    ]
    ended = f"ended {utc(one.end.at)[11:19]}Z" if one.end else f"runs {_age(one)}"
    return safe(" · ".join((one.title, ended, *parts)), "bold")


def _age(one: Incident) -> str:
    return duration((datetime.now(UTC) - one.started).total_seconds())
