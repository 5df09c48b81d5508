"""`gbtui ops | plan | apply | keep | revert | undo | recover`: every change, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from gbtui.cli.opening import opened
from gbtui.cli.output import CHANGED, DONE, FAILED, REFUSED, SCHEMA, emit, fail, say
from gbtui.cli.parser import parameters
from gbtui.cli.words import show_event, show_operation, show_outcome, show_plan
from gbtui.errors import Changed, Refused
from gbtui.guard.engine import UNREAD
from gbtui.guard.port import Approver, Event, Outcome, Progress
from gbtui.session import Session

if TYPE_CHECKING:
    from gbtui.guard.recovery import Recovery

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "done": DONE,
        "noop": DONE,
        "refused": REFUSED,
        "declined": REFUSED,
        "changed": CHANGED,
        "failed-undone": FAILED,
        "failed": FAILED,
        "reverted": FAILED,
    }
)


def ops(options: argparse.Namespace) -> int:
    """List every operation, or those with a word in their id. Raises BadInput where there is none."""
    from gbtui.operations.catalog import describe, find

    document = describe()
    found = [operation for operation in document["operations"] if options.of in operation["id"]]
    if not found:
        find(options.of)  # says which are near
    if options.json:
        emit({**document, "operations": found})
        return DONE
    for operation in found:
        show_operation(operation)
    return DONE


async def plan(options: argparse.Namespace) -> int:
    """Print the frozen plan; changes nothing. Status 3 where a guard refuses."""
    from gbtui.guard.preview import pasted, public

    async with opened(options) as session:
        found = await session.plan(options.operation, parameters(options.parameters))
    if options.json:
        emit({**public(found), "paste": pasted(found) if found.steps else ""})
    else:
        show_plan(found)
    return REFUSED if found.refused else DONE


async def apply(options: argparse.Namespace) -> int:
    """Plan, ask, run, verify."""
    given = parameters(options.parameters)
    async with opened(options, acts=True) as session:
        found = await session.plan(options.operation, given)
        outcome = await session.apply(found, approver_for(session, options), progress_for(options))
        return ended(outcome, options)


async def keep(options: argparse.Namespace) -> int:
    async with opened(options, acts=True, but=options.id) as session:
        return ended(await session.engine.keep(options.id, progress_for(options)), options)


async def revert(options: argparse.Namespace) -> int:
    async with opened(options, acts=True, but=options.id) as session:
        outcome = await session.engine.revert(options.id, progress_for(options))
    status = ended(outcome, options)
    return DONE if outcome.result == "reverted" else status


async def undo(options: argparse.Namespace) -> int:
    """Take a finished operation back, through the same guards, as an operation of its own."""
    async with opened(options, acts=True, but=options.id) as session:
        outcome = await session.engine.undo(options.id, approver_for(session, options), progress_for(options))
        return ended(outcome, options)


async def recover(options: argparse.Namespace) -> int:
    """List what was cut off, or settle one of it. Status 1 while something is unfinished."""
    from gbtui.guard.recovery import Recovery

    listed = options.id is None  # then all of it is the answer
    async with opened(options, acts=True, tells=not listed, but=options.id or "") as session:
        recovery = Recovery(session.engine)
        if listed:
            return await _list_unfinished(recovery, as_json=options.json)
        if options.finish:
            approver = approver_for(session, options)
            return ended(await recovery.finish(options.id, approver, progress_for(options)), options)
        if options.undo:
            approver = approver_for(session, options)
            outcome = await recovery.undo_unfinished(options.id, approver, progress_for(options))
            status = ended(outcome, options)  # undone by the host itself is undone, too
            return DONE if outcome.result in {"failed-undone", "reverted"} else status
        if options.mark is not None:
            return ended(await recovery.mark(options.id, options.mark), options)
        found = await recovery.examine(options.id)
        say(found.words())
        return FAILED


async def _list_unfinished(recovery: Recovery, *, as_json: bool) -> int:
    told = await recovery.report()
    found = await recovery.unfinished()
    if as_json:
        shape = [
            {
                "id": one.story.id,
                "operation": one.story.plan.operation,
                "title": one.story.plan.title,
                "armed": one.armed,
                "reverted": one.reverted.words() if one.reverted else None,
                "confirm": one.finishing().must_type,
                "confirm_undo": one.undoing().must_type,
                "steps": [
                    {"number": s.number, "title": s.title, "state": s.state, "by": s.by} for s in one.steps
                ],
            }
            for one in found
        ]
        emit({"schema": SCHEMA, "reports": list(told), "unfinished": shape})
    else:
        for sentence in told:
            say(sentence)
        for one in found:
            say(one.words())
            say(f"  settle it: gbtui recover {one.story.id} --finish | --undo | --mark REASON")
        if not told and not found:
            say("nothing was left unfinished")
    return FAILED if found else DONE


def approver_for(session: Session, options: argparse.Namespace) -> Approver:
    from gbtui.cli.approver import CommandLineApprover

    return CommandLineApprover(
        user=session.engine.user,
        yes=getattr(options, "yes", False),
        keep=getattr(options, "keep", False),
        confirm=getattr(options, "confirm", ""),
        quiet=options.json,
        acknowledged=acknowledged(options),
    )


def acknowledged(options: argparse.Namespace) -> frozenset[str]:
    """The guards named with --acknowledge."""
    given: list[str] = getattr(options, "acknowledge", [])
    return frozenset(name.strip() for names in given for name in names.split(",")) - {""}


def _unread(outcome: Outcome, options: argparse.Namespace) -> list[str]:
    """Guards whose warnings nobody has acknowledged, of a plan that was therefore not run."""
    if outcome.result not in {"declined", "refused"} or outcome.plan.final:
        return []
    read = acknowledged(options)
    return list(dict.fromkeys(v.guard for v in outcome.plan.warnings if v.guard not in read))


def _hint(outcome: Outcome, unread: list[str]) -> str:
    named = f"--acknowledge {','.join(unread)}" if unread else ""
    if outcome.result == "declined":
        return f"run it in a terminal, or add --yes {named}".rstrip()
    return f"{named} says that it was read" if outcome.message.startswith(UNREAD) else ""


def progress_for(options: argparse.Namespace) -> Progress:
    def nothing(event: Event) -> None:
        """With --json only the document goes to stdout."""

    return nothing if options.json else show_event


def ended(outcome: Outcome, options: argparse.Namespace) -> int:
    status = STATUS[outcome.result]
    if options.json:
        until = outcome.armed_until
        shape = {"id": outcome.id, "result": outcome.result, "message": outcome.message, "armed_until": until}
        unread = _unread(outcome, options)
        lacking = {"unacknowledged": unread} if unread else {}
        typed = outcome.plan.must_type if outcome.result == "declined" else ""
        emit({"schema": SCHEMA, "outcome": {**shape, **lacking, **({"confirm": typed} if typed else {})}})
    elif status in {REFUSED, CHANGED}:  # nothing was done: an error, whether or not a lock was tried
        hint = _hint(outcome, _unread(outcome, options))
        kind = Changed if status == CHANGED else Refused
        return fail(kind(outcome.message, hint=hint), as_json=False)
    else:
        show_outcome(outcome)
    return status


COMMANDS: Mapping[str, Callable[[argparse.Namespace], Awaitable[int]]] = MappingProxyType(
    {"plan": plan, "apply": apply, "keep": keep, "revert": revert, "undo": undo, "recover": recover}
)
