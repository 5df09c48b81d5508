"""An incident's entries as lines of JSON (schema 1), one each, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from gbtui.errors import Malformed
from gbtui.facts.shapes import rfc3339
from gbtui.guard.mask import mask
from gbtui.incidents.timeline import merged
from gbtui.incidents.types import KINDS, Entry, Incident
from gbtui.text import decode_json

SCHEMA = 1


def shape(one: Entry) -> dict[str, Any]:
    """An entry as documented JSON, secrets masked: it leaves to other operators."""
    return {
        "schema": SCHEMA,
        "key": one.key,
        "at": rfc3339(one.at),
        "by": one.by,
        "kind": one.kind,
        "word": one.word,
        "subject": mask(one.subject),
        "title": mask(one.title),
        "lines": [mask(line) for line in one.lines],
    }


def encoded(entries: Iterable[Entry]) -> bytes:
    """One line each."""
    rows = (json.dumps(shape(one), ensure_ascii=False, separators=(",", ":")) for one in entries)
    return "".join(f"{row}\n" for row in rows).encode()


def incident(id_: str, host: str, data: bytes) -> Incident | None:
    """The incident whose file holds `data`; None where nothing of it says that it began.

    A last line that is not whole yet is left for the next time; others that are none are counted.
    """
    found, malformed = [], 0
    for raw in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            found.append(_entry(decode_json(raw, what="incident")))
        except Malformed:
            malformed += 1
    if not any(one.kind == "begin" for one in found):
        return None
    return Incident(id_, host, merged(found), malformed)


def _entry(row: Any) -> Entry:
    try:
        at = datetime.fromisoformat(row["at"])
        words = {key: str(row[key]) for key in ("key", "by", "word", "subject", "title")}
        if row["kind"] not in KINDS or at.tzinfo is None or not isinstance(row["lines"], list):
            raise Malformed("incident", why="not an entry")
        return Entry(at=at.astimezone(UTC), kind=row["kind"], lines=tuple(map(str, row["lines"])), **words)
    except (TypeError, KeyError, ValueError) as error:
        raise Malformed("incident", why=str(error)) from error
