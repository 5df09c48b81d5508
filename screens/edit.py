"""The proxy's Caddyfile in the operator's own editor: the cockpit steps aside, and its plan opens.

What was typed is never lost: its file stays where it is unless the plan was carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from gbtui.errors import BadInput, GbtuiError, Unreachable
from gbtui.hosts.editor import Draft, editor
from gbtui.operations import proxy_edit
from gbtui.operations.proxy_guards import SHRINK
from gbtui.operations.proxy_parameters import GOING, LONGEST
from screens.aside import attend
from screens.ask import AskText

if TYPE_CHECKING:
    from gbtui.guard.plan import Plan
    from gbtui.guard.port import Outcome
    from screens.app import CockpitApp
    from screens.operate import Desk

MENDED_WITHIN = 30.0
"""Seconds that a link which was lost during the edit has to come back."""
SAID_FOR = 60.0
"""Seconds that the place of a kept text stays on the screen."""


def refusal(app: CockpitApp) -> str:
    """Why nothing can be edited now; "" where it can."""
    if app.session.read_only:
        return f"read-only: {app.session.read_only}"
    if app.operator.busy:
        return f"one change at a time: {app.operator.pending or 'a plan is open'}"
    return ""


def edit_proxy(app: CockpitApp, given: Mapping[str, str] | None = None) -> None:
    """Edit the proxy's file, or say why not. `given` may name its container."""
    why = refusal(app)
    if why:
        app.notify(why, title="nothing is edited", severity="warning")
    else:
        work = _edit(app, proxy_edit.checked(given or {}))
        app.run_worker(work, group="edit", exclusive=True, exit_on_error=False)


async def _edit(app: CockpitApp, given: Mapping[str, str]) -> None:
    program = editor()
    there = await proxy_edit.found(app.session.context, given)
    draft = Draft.begin(app.session.journal.directory, there.name, there.data)
    try:
        status = await attend(app, (*program, str(draft.path)))
    except SuspendNotSupported as error:
        draft.drop()
        raise BadInput("edit", why=str(error), hint="run gbtui in a terminal of its own") from error
    except GbtuiError:
        draft.drop()  # it was never opened
        raise
    data = draft.read(status, LONGEST)
    if data is None:
        app.notify(f"nothing was changed: {there.container} {there.path} is as it was")
        return
    edited = Edited(app, there.container, given, draft, data)
    if app.operator.busy:  # somebody was quicker while the file was read
        edited.keep()
    app.operator.engage(edited.engaged)


@dataclass(frozen=True, slots=True)
class Edited:
    """A text that came back from the editor, on its way through the engine."""

    app: CockpitApp
    container: str
    given: Mapping[str, str]
    draft: Draft
    data: bytes

    async def engaged(self, desk: Desk) -> Outcome:
        """Plan, show, run; the text's file goes only once it is the configuration."""
        settled = False
        try:
            plan = await self._planned()
            outcome = await self.app.session.apply(plan, desk, desk.progress)
            settled = outcome.result in ("done", "noop")
        finally:
            if settled:
                self.draft.drop()
            else:
                self.keep()
        return outcome if settled else replace(outcome, message=f"{outcome.message}; {self.draft.kept}")

    def keep(self) -> None:
        """Say where the text is: now, and once more when the cockpit is left."""
        words = f"{self.draft.kept}; go on with it: {proxy_edit.go_on(self.draft.path, self.given)}"
        self.app.farewell.append(words)
        self.app.notify(words, title="kept", timeout=SAID_FOR)

    async def _planned(self) -> Plan:
        """The plan; where vhosts would go, with the names that the operator then states."""
        context = self.app.session.context
        plan = await self._once_linked()
        if all(verdict.guard != SHRINK.id for verdict in plan.refused):
            return plan
        names = await proxy_edit.lost(context, self.container, self.data)
        stated = await _state(self.app, names) if names else ""
        if not stated:
            return plan
        return await proxy_edit.edited_plan(context, {**self.given, "domain": stated}, self.draft, self.data)

    async def _once_linked(self) -> Plan:
        deadline = monotonic() + MENDED_WITHIN
        while True:
            try:
                return await proxy_edit.edited_plan(
                    self.app.session.context, self.given, self.draft, self.data
                )
            except Unreachable:
                if monotonic() > deadline:
                    raise
            await asyncio.sleep(1)


async def _state(app: CockpitApp, names: tuple[str, ...]) -> str:
    """The names that are meant to go, typed; "" where it was left."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    question = f"{len(names)} vhosts would go: {shown}. If they are meant to, state them:"

    def typed(value: str | None) -> None:
        if not answer.done():
            answer.set_result(value or "")

    await app.push_screen(AskText(question, form=GOING.form, check=GOING.check), typed)
    return await answer
