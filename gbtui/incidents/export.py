"""An incident for people who were not there: Markdown for the post-mortem, JSON lines for programs. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import humanize

from gbtui.facts.shapes import rfc3339
from gbtui.incidents.lines import SCHEMA, shape
from gbtui.incidents.redact import Redactor
from gbtui.incidents.timeline import spans
from gbtui.incidents.types import Entry, Incident, ringing

Form = Literal["md", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)
NAMES = {
    "noticed": "noticed: the incident was begun",
    "diagnosed": "diagnosed: the first change was begun",
    "repaired": "repaired: the last change was done",
    "verified": "verified: nothing rings any more",
}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def exported(incident: Incident, form: Form, *, hide_addresses: bool = False) -> str:
    """The text of an export. Secrets and query strings are out of it, with `hide_addresses` clients too."""
    redacted = Redactor(addresses=hide_addresses).incident(incident)
    return markdown(redacted) if form == "md" else jsonl(redacted)


def head(incident: Incident) -> dict[str, Any]:
    """What an incident is, as documented JSON (schema 1): times, and seconds of each part."""
    last = incident.end
    parts = spans(incident)
    return {
        "schema": SCHEMA,
        "id": incident.id,
        "host": incident.host,
        "title": incident.title,
        "by": incident.begin.by,
        "began": rfc3339(parts.began),
        "started": rfc3339(incident.started),
        "ended": rfc3339(last.at) if last else None,
        "summary": last.title if last else "",
        "parts": [
            {"part": name, "at": rfc3339(at), "seconds": seconds} for name, at, seconds in parts.parts()
        ],
        "ringing": sorted(ringing(incident.entries)),
        "entries": len(incident.entries),
        "malformed": incident.malformed,
    }


def jsonl(incident: Incident) -> str:
    """The head on the first line, then one entry a line."""
    rows = [{"incident": head(incident)}, *(shape(one) for one in incident.entries)]
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def markdown(incident: Incident) -> str:
    """A page that reads well anywhere. Whatever came from a host is escaped, or stands in a fence."""
    last = incident.end
    lines = [f"# {escaped(incident.title)}", ""]
    lines += [
        f"Host {escaped(incident.host)}, incident `{incident.id}`, begun by {escaped(incident.begin.by)}."
    ]
    if last is None:
        lines += ["", "It still runs."]
    elif last.title:
        lines += ["", escaped(last.title)]
    lines += ["", "## How long it took", "", *_parts(incident)]
    left = sorted(ringing(incident.entries))
    if left:
        lines += ["", "Still ringing:", "", *(f"- {escaped(subject)}" for subject in left)]
    lines += ["", "## Timeline (UTC)", ""]
    for one in incident.entries:
        lines += _told(one, incident.started)
    if incident.malformed:
        lines += ["", f"{incident.malformed} lines of the timeline could not be read."]
    return "\n".join(lines).rstrip() + "\n"


def _parts(incident: Incident) -> Iterator[str]:
    parts = spans(incident)
    said = {one.word for one in incident.entries if one.kind == "milestone"}
    yield "| part | at | took |"
    yield "|---|---|---|"
    yield f"| began: the first finding | {stamp(parts.began)} | |"
    for name, at, seconds in parts.parts():
        took = "not yet" if seconds is None else duration(seconds)
        what = f"{name}: an operator said so" if name in said else NAMES[name]
        yield f"| {what} | {stamp(at) if at else ''} | {took} |"


def _told(one: Entry, started: datetime) -> list[str]:
    at = f"{one.at:%H:%M:%S}Z" if one.at.date() == started.date() else stamp(one.at)
    who = f" ({escaped(one.by)})" if one.by else ""
    lines = [f"- **{at}** {words(one, escaped(one.title))}{who}"]
    if one.lines:
        fence = "`" * max(3, *(len(run) + 1 for line in one.lines for run in re.findall(r"`+", line) or [""]))
        lines += ["", f"  {fence}text", *(f"  {line}" for line in one.lines), f"  {fence}", ""]
    return lines


def words(one: Entry, title: str) -> str:
    """An entry in one line of words; `title` is its title as the place needs it."""
    match one.kind:
        case "begin":
            return f"incident begun: {title}"
        case "end":
            return f"incident ended: {title}" if title else "incident ended"
        case "note":
            return f"note: {title}"
        case "milestone":
            return f"said to be {title}"
        case "operation":
            verb = {"begin": "begins", "finish": "is finished", "undo": "is undone"}.get(one.word, one.word)
            return f"operation {verb}: {title}"
        case "step":
            return f"step {one.word}: {title}"
        case "finding":
            return f"finding {one.word}: {title}"
        case "drift":
            return f"changed: {title}"
    return title


def stamp(at: datetime) -> str:
    """`2026-11-23 14:03:22Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def duration(seconds: float) -> str:
    """`4 minutes and 12 seconds`."""
    return humanize.precisedelta(round(seconds), minimum_unit="seconds")


def escaped(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    return _MARKUP.sub(r"\\\1", text)
