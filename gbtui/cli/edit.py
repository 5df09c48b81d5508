"""`gbtui edit proxy`: the Caddyfile in the operator's editor, then a plan like any other."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

from gbtui.cli.opening import opened
from gbtui.cli.operate import approver_for, ended, progress_for
from gbtui.cli.output import DONE, SCHEMA, emit, say, warn
from gbtui.cli.parser import parameters
from gbtui.errors import GbtuiError, Refused
from gbtui.guard.port import Outcome
from gbtui.hosts.editor import Draft, editor
from gbtui.hosts.process import attend_in_terminal
from gbtui.operations import proxy_edit
from gbtui.operations.proxy_parameters import LONGEST
from gbtui.session import Session


async def edit(options: argparse.Namespace) -> int:
    """Edit, plan, ask, run, verify. What was typed is kept unless it was done."""
    given = proxy_edit.checked(parameters(options.parameters))
    program = editor()
    async with opened(options, acts=True) as session:
        if reason := await session.engine.forbidden():
            raise Refused("edit", why=f"read-only: {reason}")
        there = await proxy_edit.found(session.context, given)
        draft = Draft.begin(session.journal.directory, there.name, there.data)
        try:
            status = await attend_in_terminal((*program, str(draft.path)))
        except GbtuiError:
            draft.drop()  # it was never opened
            raise
        data = draft.read(status, LONGEST)
        if data is None:
            return _unchanged(there, options)
        return ended(await _applied(session, options, given, draft, data), options)


def _unchanged(there: proxy_edit.Found, options: argparse.Namespace) -> int:
    words = f"nothing was changed: {there.container} {there.path} is as it was"
    if options.json:
        outcome = {"id": "", "result": "noop", "message": words, "armed_until": None}
        emit({"schema": SCHEMA, "outcome": outcome})
    else:
        say(words)
    return DONE


async def _applied(
    session: Session, options: argparse.Namespace, given: Mapping[str, str], draft: Draft, data: bytes
) -> Outcome:
    """The operation on the edited text, whose file stays where it did not become the configuration."""
    settled = False
    try:
        plan = await proxy_edit.edited_plan(session.context, given, draft, data)
        outcome = await session.apply(plan, approver_for(session, options), progress_for(options))
        settled = outcome.result in ("done", "noop")
    finally:
        if settled:
            draft.drop()
        else:
            warn(f"gbtui: {draft.kept}; go on with it: {proxy_edit.go_on(draft.path, given)}")
    if settled or not options.json:
        return outcome
    return replace(outcome, message=f"{outcome.message}; {draft.kept}")
