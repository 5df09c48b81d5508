"""`gbtui incident`: begin one, note on it, end it, read its timeline, and export it."""

from __future__ import annotations

import argparse
from pathlib import Path

from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, FAILED, SCHEMA, emit, say, table, warn
from gbtui.errors import BadInput
from gbtui.incidents import watch
from gbtui.incidents.book import Incidents
from gbtui.incidents.export import duration, exported, head, stamp, words
from gbtui.incidents.file import write_new
from gbtui.incidents.lines import shape
from gbtui.incidents.timeline import spans
from gbtui.incidents.types import MILESTONES, Incident
from gbtui.text import clean


async def incident(options: argparse.Namespace) -> int:
    """Exit status: 0 done · 1 noted here, and the host was not told."""
    async with opened(options) as session:
        book = session.incidents
        match options.what:
            case "begin":
                return _say(await book.begin(" ".join(options.words)), book, options)
            case "note" | "milestone":
                return await _note(book, options)
            case "end":
                return _say(await book.end(" ".join(options.words)), book, options)
            case "show" | "export":
                return await _read(book, options)
        return await _list(book, options)


async def _note(book: Incidents, options: argparse.Namespace) -> int:
    said = " ".join(options.words).strip()
    if options.what == "milestone":
        which = next((one for one in MILESTONES if one == said), None)
        if which is None:
            raise BadInput(f"milestone {clean(said)!r}", hint=f"expected one of: {', '.join(MILESTONES)}")
        await book.add(watch.milestone(book.by, which))
    elif not said:
        raise BadInput("a note", why="no words given", hint="gbtui incident note WORDS")
    else:
        await book.add(watch.note(book.by, said))
    assert book.current is not None  # noqa: S101 - `add` looked
    return _say(book.current, book, options)


def _say(one: Incident, book: Incidents, options: argparse.Namespace) -> int:
    """Which incident that was, and whether the host knows."""
    if options.json:
        emit({"schema": SCHEMA, "incident": head(one), "waiting": book.waiting})
    else:
        say(f"{one.id}  {one.title}  {'ended' if one.end else f'runs, {len(one.entries)} entries'}")
    if book.error is not None:
        warn(f"gbtui: {book.error}")
        return FAILED
    return DONE


async def _list(book: Incidents, options: argparse.Namespace) -> int:
    every = await book.all()
    if options.json:
        emit({"schema": SCHEMA, "incidents": [head(one) for one in every]})
    elif every:
        table(("INCIDENT", "BEGUN", "TOOK", "ENTRIES", "TITLE"), (_row(one) for one in every), right=(3,))
    else:
        say("no incident is on record for this host: gbtui incident begin TITLE begins one")
    if book.error is not None:
        warn(f"gbtui: {book.error}; these are the copies on this machine")
    return DONE


def _row(one: Incident) -> tuple[str, ...]:
    last = one.end
    took = duration((last.at - one.started).total_seconds()) if last else "runs"
    return one.id, stamp(one.started), took, str(len(one.entries)), one.title


async def _read(book: Incidents, options: argparse.Namespace) -> int:
    one = await book.find(" ".join(options.words))
    if book.error is not None:
        warn(f"gbtui: {book.error}; this is the copy on this machine")
    if options.what == "export":
        _export(exported(one, options.format, hide_addresses=options.hide_addresses), options.output)
    elif options.json:
        emit({"schema": SCHEMA, "incident": head(one), "entries": [shape(entry) for entry in one.entries]})
    else:
        _timeline(one)
    return DONE


def _timeline(one: Incident) -> None:
    say(f"{one.id}  {one.title}")
    for name, at, seconds in spans(one).parts():
        when = "not yet" if at is None or seconds is None else f"{stamp(at)}  after {duration(seconds)}"
        say(f"  {name:9}  {when}")
    for entry in one.entries:
        say(f"{stamp(entry.at)}  {words(entry, entry.title)}{f'  ({entry.by})' if entry.by else ''}")
        for line in entry.lines:
            say(f"    {line}")
    if one.malformed:
        say(f"{one.malformed} lines could not be read")


def _export(text: str, output: str) -> None:
    """To a file that did not exist, readable by its owner only; without one to the terminal."""
    if not output:
        say(text.rstrip("\n"))
        return
    write_new(Path(output), text)
    say(f"written: {output}")
