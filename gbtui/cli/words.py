"""A plan, its progress and its outcome as words in a plain terminal."""

from __future__ import annotations

import shlex
import shutil
import textwrap
from collections.abc import Mapping
from typing import Any

from gbtui.cli.output import say
from gbtui.guard.plan import Plan, Replace, Step, Verdict
from gbtui.guard.port import Event, Outcome
from gbtui.guard.preview import diff, place, shown, undo_words, wanted

GLYPHS = {"allow": "●", "warn": "▲", "refuse": "✖"}
DIFF_LINES = 60


def show_plan(plan: Plan) -> None:
    """Everything there is to know before saying yes."""
    say(f"{plan.title} — {plan.danger}")
    if plan.why:
        say(f"Why     {plan.why}")
    if plan.noop:
        say(f"Nothing to do: {plan.noop}")
    for number, step in enumerate(plan.steps, 1):
        say(f"{'Runs' if number == 1 else '':8}{number}  {step.title}")
        _show_step(step)
    for number, wait in enumerate(plan.verify):
        say(f"{'' if number else 'Verify':8}{wait.probe.title}: {wanted(wait.probe)}")
    for number, verdict in enumerate(plan.verdicts):
        items = f" (guide {', '.join(map(str, verdict.items))})" if verdict.items else ""
        head = "" if number else "Guards"
        say(f"{head:8}{GLYPHS[verdict.verdict]} {verdict.guard}: {verdict.reason}{items}{_override(verdict)}")
    if plan.dark:
        say(f"Dark    {' · '.join(plan.dark)}")
    if plan.revert_after:
        say(
            f"If you vanish: the host undoes this by itself after {plan.revert_after:.0f} s unless it is kept"
        )


def _override(verdict: Verdict) -> str:
    return f"; --confirm {shlex.quote(verdict.unless_typed)} overrides it" if verdict.unless_typed else ""


def _show_step(step: Step) -> None:
    prompt = "$ " if not isinstance(step.does, Replace) else "  "
    say(f"{'':11}{place(step.does)} {prompt}{shown(step.does)}")
    say(f"{'':11}undo: {undo_words(step) or 'nothing to undo'}")
    if step.loses:
        say(f"{'':11}loses {step.loses}")
    if isinstance(step.does, Replace):
        lines = diff(step.does).splitlines()
        for line in lines[:DIFF_LINES]:
            say(f"{'':13}{line}")
        if len(lines) > DIFF_LINES:
            say(f"{'':13}… {len(lines) - DIFF_LINES} more lines")


def show_event(event: Event) -> None:
    """One line per thing that happened, output of a failure indented below it."""
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


def show_operation(operation: Mapping[str, Any]) -> None:
    """One operation of the catalogue: id and danger, what it does, what it wants, what guards it."""
    say(f"{operation['id']:<34}{operation['danger']}")
    _wrapped(operation["summary"])
    for parameter in operation["parameters"]:
        typed = f"{parameter['name']}={parameter['form']}"
        _wrapped(typed if parameter["default"] is None else f"[{typed}]")
    for title, key in (("guards", "guards"), ("when undone", "undo_guards")):
        if operation[key]:
            _wrapped(f"{title}: {', '.join(guard['id'] for guard in operation[key])}")
    say()


def _wrapped(words: str) -> None:
    width = max(40, min(shutil.get_terminal_size().columns, 110))
    for line in textwrap.wrap(words, width - 4, subsequent_indent="  ", break_on_hyphens=False):
        say(f"    {line}")
