"""What feeds, operations and walks say, as entries of a timeline. Pure but for the keys."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from gbtui.checks.base import Finding, Report
from gbtui.checks.drift import Change
from gbtui.facts.bans_types import Bans
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.guard.preview import place, shown
from gbtui.guard.story import Story
from gbtui.incidents.types import Entry, Incident, Kind, Milestone, ringing
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Record

Banned = frozenset[tuple[str, str, str]]
"""(where, jail, address) of everybody who is banned."""


def entry(
    kind: Kind,
    by: str,
    title: str = "",
    *,
    word: str = "",
    subject: str = "",
    lines: Sequence[str] = (),
    at: datetime | None = None,
) -> Entry:
    """An entry of now, or of `at`, with a key of its own."""
    return Entry(secrets.token_hex(6), at or datetime.now(UTC), by, kind, word, subject, title, tuple(lines))


def note(by: str, text: str) -> Entry:
    """What an operator writes down."""
    return entry("note", by, text)


def milestone(by: str, which: Milestone) -> Entry:
    """An operator says that a part is over."""
    return entry("milestone", by, which, word=which)


def subject_of(one: Finding) -> str:
    """What makes it the same finding on a timeline."""
    return " ".join(one.key)


RECENT = timedelta(seconds=60)
"""What another operator told within it is not cleared by a report that may be older."""


def flips(running: Incident, report: Report, by: str, mine: Collection[str]) -> tuple[Entry, ...]:
    """Findings that ring and did not on the timeline, and the other way round.

    The first are dated by when they were first seen, later ones not before the incident began. What
    could not be judged clears nothing: a report keeps such a finding. `mine` are those that this
    operator has seen ring.
    """
    told, first = ringing(running.entries), not any(one.kind == "finding" for one in running.entries)
    now = {subject_of(one): one for one in report.findings}
    rang = [
        entry(
            "finding",
            by,
            f"{one.failing.subject}: {one.failing.message}",
            word="rang",
            subject=subject,
            lines=one.failing.evidence,
            at=one.since if first else max(one.since, running.started),
        )
        for subject, one in now.items()
        if subject not in told
    ]
    cleared = [
        entry("finding", by, old.title, word="cleared", subject=subject, at=report.taken_at)
        for subject, old in told.items()
        if subject not in now and (subject in mine or report.taken_at - old.at > RECENT)
    ]
    return (*rang, *cleared)


def banned(bans: Bans) -> Banned:
    """Everybody who is banned now."""
    return frozenset((jail.where, jail.jail, ban.address) for jail in bans.jails for ban in jail.banned)


def ban_changes(before: Banned, after: Banned, by: str, at: datetime) -> tuple[Entry, ...]:
    """Who was banned and who was let in again."""
    changed = [("banned", one) for one in sorted(after - before)]
    changed += [("lifted", one) for one in sorted(before - after)]
    return tuple(
        entry(
            "ban",
            by,
            f"{address} {word}: {jail} at {where}",
            word=word,
            subject=f"{where} {jail} {address}",
            at=at,
        )
        for word, (where, jail, address) in changed
    )


def drifted(changes: Iterable[Change], by: str) -> tuple[Entry, ...]:
    """What changed on the host, with who did it where that is known."""
    return tuple(
        entry(
            "drift",
            by,
            f"{one.where}: {one.title}{f', by {one.by}' if one.by else ''}",
            word="changed",
            subject=f"{one.kind} {one.where} {one.name}",
            lines=one.shown,
            at=one.at,
        )
        for one in changes
    )


def begins(plan: Plan, op_id: str, by: str, word: str) -> Entry:
    """An operation begins (`word`: begin, finish, undo): its exact commands."""
    typed = " ".join((plan.operation, *(f"{name}={value}" for name, value in plan.parameters)))
    commands = [f"{place(step.does)} $ {shown(step.does)}" for step in plan.steps]
    return entry("operation", by, plan.title, word=word, subject=op_id, lines=(typed, *commands))


def ended(plan: Plan, outcome: Outcome, by: str, story: Story | None) -> Entry:
    """How it ended, and which of its steps were done."""
    lines = [outcome.message]
    if story is not None:
        lines += [f"● {plan.steps[n].title}" for n in story.done if n < len(plan.steps)]
        lines += [f"? {plan.steps[n].title}" for n in story.begun if n not in story.done]
    return entry("operation", by, plan.title, word=outcome.result, subject=outcome.id, lines=lines)


def stepped(book: Runbook, record: Record, by: str) -> Entry:
    """What became of a runbook's step."""
    title = next((step.title for step in book.steps if step.id == record.step), record.step)
    return entry(
        "step",
        record.by or by,
        f"{book.title}: {title}",
        word=record.state,
        subject=f"{book.id} {record.step}",
        lines=(*([record.note] if record.note else []), *record.output),
        at=datetime.fromisoformat(record.at),
    )
