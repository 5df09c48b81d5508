"""How an operation goes on once it is begun, and every way it can end: done, undone, reverted, left."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal

from gbtui.errors import GbtuiError
from gbtui.guard.port import Approver, Outcome, SecretGiver
from gbtui.guard.revert import Reverted
from gbtui.guard.run import Broke, Left, Run

Result = Literal["done", "noop", "refused", "changed", "declined", "failed-undone", "failed", "reverted"]
PATIENCE = 30.0
"""Seconds a host gets, after its timer should have fired, to say what became of it."""


async def onward(run: Run, approver: Approver | None, skip: tuple[int, ...] = ()) -> Outcome:
    """Steps but those in `skip`, verification, keep or undo, end. The run is begun, armed and locked.

    Without an `approver` an armed revert is left to its timer, for a later `keep`.
    """
    run.secrets = approver if isinstance(approver, SecretGiver) else None
    try:
        await run.forward(skip)
        await run.verify()
        await run.renew(run.plan.revert_after)
    except Broke as error:
        return await undone(run, str(error))
    except Left as error:
        return left(run, str(error))
    if not run.armed:
        return ended(run, "done", f"{run.plan.title}: done and verified")
    return await _keep_or_not(run, approver)


async def undone(run: Run, why: str) -> Outcome:
    """Undo, prove it undone, end. The timer goes only when nothing is left for it to do."""
    try:
        wrong = await run.backward()
        if wrong:
            rest = f"{why}. Undo failed: {wrong}"
            if run.armed:
                rest += f". The host tries again by itself in {run.left_on_timer():.0f} s"
            return ended(run, "failed", rest)
        stays = await run.stays()
        reverted = await run.reverter.disarm(run.id) if run.armed else None
    except (Left, GbtuiError) as error:
        return left(run, f"{why}; {error}")
    run.armed = False
    if reverted is not None:
        return await told(run, reverted)
    if run.overtaken:
        return ended(run, "changed", f"{why}. Nothing had been changed. Plan again.")
    rest = "Everything done was undone." if run.attempted else "Nothing had been changed."
    if stays:
        rest = f"What can be was undone; this stays: {', '.join(step.title for step in stays)}."
    return ended(run, "failed-undone", f"{why}. {rest}")


async def _keep_or_not(run: Run, approver: Approver | None) -> Outcome:
    seconds = run.left_on_timer()
    run.tell("keep-wanted", title=run.plan.title, seconds=seconds)
    answer = await _first(run, approver, seconds)
    try:
        if answer == "keep":
            return await kept(run, run.by)
        if answer == "revert":
            return await told(run, await run.reverter.now(run.id))
        if answer == "late":
            return await told(run, await _awaited(run))
    except GbtuiError as error:
        return left(run, f"verified, but: {error}")
    rest = f"the host reverts it in {run.left_on_timer():.0f} s unless you say: gbtui keep {run.id}"
    until = time.time() + run.left_on_timer()
    return ended(run, "done", f"{run.plan.title}: done and verified; {rest}", until)


async def _first(run: Run, approver: Approver | None, seconds: float) -> str:
    """The operator's answer, "late" when the timer was faster, "leave" when nobody is there to ask."""
    if approver is None:
        return "leave"
    asked = asyncio.ensure_future(approver.keep(run.plan, run.id, seconds))
    stopped = asyncio.ensure_future(run.stopping.wait())
    try:
        await asyncio.wait({asked, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            return asked.result()
        return "leave" if stopped.done() else "late"
    finally:
        asked.cancel()
        stopped.cancel()


async def kept(run: Run, by: str) -> Outcome:
    """Disarm: the change stays, or the host was faster. The word is journaled first, then its effect."""
    run.note("keep", must=False, by=by)
    reverted = await run.reverter.disarm(run.id)
    run.armed = False
    if reverted is not None:
        return await told(run, reverted)
    run.note("kept", title=run.plan.title, must=False)
    return ended(run, "done", f"{run.plan.title}: done, verified and kept")


async def _awaited(run: Run) -> Reverted:
    """What the host's timer did, given time to finish; by our own hand where it stays silent."""
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE
    while clock() < until:
        outcome = await run.reverter.outcome(run.id)
        if outcome is not None:
            return outcome
        await asyncio.sleep(0.5)
    return await run.reverter.now(run.id)


async def told(run: Run, reverted: Reverted) -> Outcome:
    """The host has reverted: journal it, mark it told, end."""
    run.armed = False
    run.note("reverted", title=run.plan.title, must=False, ok=reverted.ok, output=reverted.output)
    await run.reverter.reported(run.id)
    return ended(run, "reverted" if reverted.ok else "failed", reverted.words())


def ended(run: Run, result: Result, message: str, until: float | None = None) -> Outcome:
    """The last line of the story. `until` is the epoch at which an armed revert fires."""
    if run.unwritten:
        message = f"{message} (not all of it is in the journal: {run.unwritten})"
    armed: dict[str, Any] = {"armed_until": until} if until is not None else {}
    run.note("end", title=run.plan.title, must=False, outcome=result, message=message, **armed)
    return Outcome(run.id, result, message, run.plan, until)


def left(run: Run, why: str) -> Outcome:
    """We can do no more: no "end", so that the next start finds it and offers to finish or undo."""
    seconds = run.left_on_timer()
    rest = f"the host reverts it by itself in {seconds:.0f} s" if run.armed else "it is unfinished"
    message = f"{why}; {rest}. The next start says how it stands."
    run.note("left", must=False, message=message)
    return Outcome(run.id, "failed", message, run.plan, time.time() + seconds if run.armed else None)
