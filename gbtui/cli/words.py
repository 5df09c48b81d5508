"""A plan, its progress and its outcome as words in a plain terminal."""

from __future__ import annotations

import difflib
import shlex

from gbtui.cli.output import say
from gbtui.guard.plan import Action, Exec, Plan, Replace, Step, Wait
from gbtui.guard.port import Event, Outcome
from gbtui.text import text

GLYPHS = {"allow": "●", "warn": "▲", "refuse": "✖"}
DIFF_LINES = 60


def action(does: Action) -> str:
    """One action as an operator would type it, or as near as words come."""
    match does:
        case Exec():
            return f"{does.where} $ {shlex.join(does.argv)}"
        case Replace():
            return f"{does.where}   {does.path}  (backup: {does.backup})"
        case Wait():
            return f"{does.probe.run.where}   until {does.probe.title}, at most {does.timeout:.0f} s"


def undo(step: Step) -> str:
    """How a step is taken back, in words."""
    return " · ".join(action(does) for does in step.undo) if step.undo else step.no_undo or "nothing to undo"


def diff(change: Replace) -> list[str]:
    """The unified diff of a file replacement, bounded."""
    before = text(change.before or b"").splitlines()
    after = text(change.after).splitlines()
    lines = list(difflib.unified_diff(before, after, "now", "planned", lineterm="", n=2))
    if len(lines) > DIFF_LINES:
        return [*lines[:DIFF_LINES], f"… {len(lines) - DIFF_LINES} more lines"]
    return lines


def show_plan(plan: Plan) -> None:
    """Everything there is to know before saying yes."""
    say(f"{plan.title} — {plan.danger}")
    say(f"Why     {plan.why}")
    if plan.noop:
        say(f"Nothing to do: {plan.noop}")
    for number, step in enumerate(plan.steps, 1):
        say(f"{'Runs' if number == 1 else '':8}{number}  {step.title}")
        say(f"{'':11}{action(step.does)}")
        say(f"{'':11}undo: {undo(step)}")
        if isinstance(step.does, Replace):
            for line in diff(step.does):
                say(f"{'':13}{line}")
    for number, wait in enumerate(plan.verify):
        say(f"{'Verify' if number == 0 else '':8}{wait.probe.title}")
    for number, verdict in enumerate(plan.verdicts):
        items = f" (guide {', '.join(map(str, verdict.items))})" if verdict.items else ""
        head = "Guards" if number == 0 else ""
        say(f"{head:8}{GLYPHS[verdict.verdict]} {verdict.guard}: {verdict.reason}{items}")
    if plan.dark:
        say(f"Dark    {' · '.join(plan.dark)}")
    if plan.revert_after:
        say(
            f"If you vanish: the host undoes this by itself after {plan.revert_after:.0f} s unless it is kept"
        )


def show_event(event: Event) -> None:
    """One line per thing that happened, output indented below it."""
    seconds = f" · {event.seconds:.1f} s" if event.seconds else ""
    say(f"{event.phase:14}{event.title}{seconds}".rstrip())
    if event.phase.endswith("failed"):
        for line in event.output.splitlines():
            say(f"{'':14}{line}")


def show_outcome(outcome: Outcome) -> None:
    """How it ended, and what to do next."""
    say(f"{outcome.result}: {outcome.message}")
    if outcome.armed_until is not None:
        say(f"the host takes this back by itself unless you run: gbtui keep {outcome.id}")
    elif outcome.result == "done" and any(step.undo for step in outcome.plan.steps):
        say(f"undo later with: gbtui undo {outcome.id}")
