"""`gbtui journal`: the record of every change, one story of it, and the proof that it is whole."""

from __future__ import annotations

import argparse

from gbtui.cli.output import DONE, FAILED, SCHEMA, emit, say, table, warn
from gbtui.errors import NotFound
from gbtui.guard.journal import Journal, Record


def journal(options: argparse.Namespace) -> int:
    """Print the journal, one story, or the verdict on the hash chain."""
    book = Journal()
    if options.verify:
        return _verify(book, as_json=options.json)
    records = book.story(options.id) if options.id else book.entries(options.host)
    if options.id and not records:
        raise NotFound(f"operation {options.id}", why="not in the journal", hint="`gbtui journal` lists them")
    if options.json:
        emit({"schema": SCHEMA, "records": [_shape(record) for record in records]})
    elif options.id:
        for record in records:
            say(f"{record.at}  {record.record:14}{_words(record)}")
    else:
        _list(records)
    return DONE


def _shape(record: Record) -> dict[str, object]:
    return {"at": record.at, "id": record.id, "host": record.host, "record": record.record, **record.data}


def _words(record: Record) -> str:
    keys = ("title", "operation", "where", "note", "reason", "outcome", "message", "status", "seconds")
    words = [str(record.data[key]) for key in keys if record.data.get(key) not in {None, ""}]
    for key in ("acknowledged", "overridden"):
        guards = record.data.get(key)
        words += [f"{key}: {', '.join(map(str, guards))}"] if isinstance(guards, list) and guards else []
    return " · ".join(words)


def _list(records: tuple[Record, ...]) -> None:
    """One line an operation: when it began, where, what, how it ended."""
    begun = {record.id: record for record in records if record.record == "begin"}
    ended = {record.id: record for record in records if record.record == "end"}
    if not begun:
        say("the journal is empty: nothing was changed through gbtui yet")
        return
    table(
        ("ID", "HOST", "OPERATION", "OUTCOME"),
        (
            (
                op_id,
                record.host,
                str(record.data.get("plan", {}).get("operation", record.data.get("operation", ""))),
                str(ended[op_id].data.get("outcome", "")) if op_id in ended else "unfinished: gbtui recover",
            )
            for op_id, record in begun.items()
        ),
    )


def _verify(book: Journal, *, as_json: bool) -> int:
    proof = book.verify()
    if as_json:
        shape = {
            "lines": proof.lines,
            "broken": proof.broken,
            "part": proof.part,
            "why": proof.why,
            "torn": proof.torn,
        }
        emit({"schema": SCHEMA, "whole": not proof.broken, **shape})
    elif proof.broken:
        warn(f"gbtui: the journal is broken at line {proof.broken} ({proof.part}): {proof.why}")
    else:
        torn = f", {proof.torn} cut off by a crash while writing" if proof.torn else ""
        say(f"whole: {proof.lines} lines, none altered or removed{torn}")
    return FAILED if proof.broken else DONE
