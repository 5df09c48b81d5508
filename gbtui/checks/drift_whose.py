"""Who made a change: LXD's events name the requestor, gbtui's journal its own operations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gbtui.checks.drift import READ_EVERY, Change
from gbtui.guard.journal import Record
from gbtui.hosts.base import LxdEvent

GRACE = timedelta(seconds=READ_EVERY + 30)
"""What a look says may have been read so long before it."""
TOUCHES: Mapping[str, frozenset[str]] = {
    "firewall": frozenset({"rules", "saved rules", "unit", "enabled units"}),
    "proxy": frozenset({"Caddyfile"}),
    "dns": frozenset({"Corefile"}),
    "containers": frozenset(
        {"devices", "config", "profile", "instances", "snapshots", "unit", "enabled units"}
    ),
    "snapshots": frozenset({"snapshots", "unit", "enabled units", "cron"}),
    "bans": frozenset({"jails", "rules", "unit", "enabled units"}),
    "services": frozenset({"unit", "enabled units"}),
    "ci": frozenset({"unit", "enabled units", "cron"}),
    "vault": frozenset({"unit"}),
    "release": frozenset({"unit"}),
}
"""What an operation on a subject may change."""
EVENTS: Mapping[str, tuple[str, ...]] = {
    "devices": ("instance-updated", "instance-restored"),
    "config": ("instance-updated", "instance-restored"),
    "instances": ("instance-created", "instance-deleted", "instance-renamed"),
    "snapshots": ("instance-snapshot-",),
    "profile": ("profile-",),
    "Caddyfile": ("instance-file-",),
    "Corefile": ("instance-file-",),
    "unit": ("instance-file-",),
    "jails": ("instance-file-",),
}
"""LXD's actions that may be the change."""


@dataclass(frozen=True, slots=True)
class Deed:
    """An operation of gbtui's: what it was on, where ("": not said), from when to when."""

    id: str
    subject: str
    where: str
    began: datetime
    ended: datetime


def deeds(records: Iterable[Record]) -> tuple[Deed, ...]:
    """The operations in a journal, newest first."""
    found: dict[str, Deed] = {}
    for record in records:
        at = _moment(record.at)
        if at is None:
            continue
        if record.record == "begin":
            plan: Any = record.data.get("plan")
            given = plan if isinstance(plan, dict) else {}
            pairs = given.get("parameters")
            where = dict(pairs).get("container", "") if isinstance(pairs, list) else ""
            subject = str(given.get("operation", "")).partition(".")[0]
            found[record.id] = Deed(record.id, subject, str(where), at, at)
        elif record.id in found:
            found[record.id] = replace(found[record.id], ended=max(at, found[record.id].ended))
    return tuple(sorted(found.values(), key=lambda deed: deed.began, reverse=True))


def attributed(change: Change, done: Iterable[Deed], events: Iterable[LxdEvent]) -> Change:
    """`change` with who made it, where that is known; gbtui's own operations first."""
    first = change.since - GRACE
    for deed in done:
        there = not deed.where or change.where in (deed.where, "host")
        touched = change.kind in TOUCHES.get(deed.subject, ())
        if touched and there and deed.began <= change.at and deed.ended >= first:
            return replace(change, by="gbtui", operation=deed.id)
    for event in reversed(tuple(events)):
        if first <= event.at <= change.at and event.requestor and _is_of(event, change):
            return replace(change, by=event.requestor)
    return change


def _is_of(event: LxdEvent, change: Change) -> bool:
    if not event.action.startswith(EVENTS.get(change.kind, ("\0",))):
        return False
    parts = event.source.split("?")[0].split("/")
    if change.kind == "profile":
        return change.name in parts
    if change.kind == "snapshots":
        return change.name.rpartition("/")[2] in parts
    if change.kind == "instances":
        return any(name in parts for name in (*change.added, *change.removed))
    return change.where in parts


def _moment(words: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
