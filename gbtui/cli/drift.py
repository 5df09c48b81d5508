"""`gbtui drift`: what changed on the host since somebody looked the last time, and before that."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from gbtui.checks.drift import Change
from gbtui.checks.drift_book import shape
from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, SCHEMA, emit, say, warn
from gbtui.errors import BadInput
from gbtui.facts.shapes import rfc3339

FORM = "a time such as 2026-11-23T14:00:00Z, a day such as 2026-11-23, or a span such as 6h or 7d"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


async def drift(options: argparse.Namespace) -> int:
    """Look once, note what changed, and print the timeline, oldest first."""
    since = moment(options.since) if options.since else None
    async with opened(options) as session:
        last = None if options.no_look else session.drift.last_look()
        if not options.no_look:
            await session.look_for_changes()
        found = [one for one in reversed(session.drift.timeline()) if since is None or one.at >= since]
        error, name = session.drift.error, session.host.name
    if options.json:
        looked = None if last is None else rfc3339(last)
        emit({"schema": SCHEMA, "host": name, "last_look": looked, "changes": [shape(one) for one in found]})
    else:
        _print(found)
        if last is None and not options.no_look:
            say("this was the first look: changes are told from now on")
    if error is not None:
        warn(f"gbtui: {error}")
    return DONE


def _print(found: Sequence[Change]) -> None:
    for one in found:
        by = f"  by {one.by}{f' {one.operation}' if one.operation else ''}" if one.by else ""
        say(f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}  {one.where}  {one.title}{by}")
        for line in one.shown:
            say(f"    {line}")
    if not found:
        say("nothing changed")


def moment(words: str, now: datetime | None = None) -> datetime:
    """The moment that `--since` names, UTC where it does not say. Raises BadInput."""
    span = re.fullmatch(r"(\d{1,5})([mhd])", words, re.ASCII)
    if span:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        raise BadInput(f"--since {words}", why="not a time", hint=FORM) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
