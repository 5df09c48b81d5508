"""A plan as it is shown: paste-able commands, file diffs, and the documented `plan --json` (R1)."""

from __future__ import annotations

import difflib
import shlex
from typing import Any

from gbtui.guard.amend import as_argv
from gbtui.guard.mask import mask
from gbtui.guard.paste import command, pasteable
from gbtui.guard.plan import Action, Amend, Exec, Plan, Probe, Replace, Step, Wait
from gbtui.text import text

__all__ = ["command", "commands", "diff", "pasted", "place", "public", "shown", "undo_words", "wanted"]


def shown(action: Action) -> str:
    """One action in one line, as it reads at `action`'s place.

    A script of many lines stands there by its name; `commands` has it whole, to be pasted.
    """
    if isinstance(action, Exec):
        return f"{_line(action)} ← {action.secret}, typed" if action.secret else _line(action)
    if isinstance(action, Wait):
        return f"wait up to {action.timeout:g} s: {wanted(action.probe)}"
    if isinstance(action, Amend):
        return shlex.join(as_argv(action))
    plus, minus = _counts(action)
    backup = f", backup {action.backup}" if action.backup else ""
    return f"{action.path} +{plus} −{minus}{backup}"


def wanted(probe: Probe) -> str:
    """A probe in one line: the command and what it must say."""
    arrow = "↛" if probe.negate else "→"
    value = f"exit status {probe.value}" if probe.expect == "status" else probe.value.replace("\n", " ⏎ ")
    return f"{_line(probe.run)} {arrow} {value}"


def _line(run: Exec) -> str:
    """A command in one line: of a script of many lines, its name (`$0`) and arguments."""
    if run.argv[:2] == ("sh", "-c") and len(run.argv) > 3 and "\n" in run.argv[2].strip():
        return f"sh -c … {shlex.join(run.argv[3:])}"
    return run.shown()


def undo_words(step: Step) -> str:
    """How a step is taken back, or the word "irreversible" with its reason; "" for a wait, which changes
    nothing, and for a part of an undo its own words."""
    if step.undo:
        return " · ".join(shown(action) for action in step.undo)
    if isinstance(step.does, Wait) or step.part:
        return step.no_undo
    why = step.no_undo.removeprefix("irreversible").lstrip(":; ")
    return f"irreversible: {why}" if why else "irreversible"


def place(action: Action) -> str:
    """Where an action happens: "host" or an instance name."""
    if isinstance(action, Amend):
        return "host"
    return action.probe.run.where if isinstance(action, Wait) else action.where


def diff(action: Replace) -> str:
    """The replacement as a unified diff, text cleaned; what looks like a secret is masked: it is shown."""
    return mask(_difference(action))


def _difference(action: Replace) -> str:
    before = text(action.before or b"").splitlines(keepends=True)
    after = text(action.after).splitlines(keepends=True)
    old = action.path if action.before is not None else "/dev/null"
    lines = difflib.unified_diff(before, after, old, action.path)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def commands(plan: Plan) -> tuple[str, ...]:
    """Every step as it can be pasted into a shell on the host, in order; files as here-documents."""
    return tuple(pasteable(step.does) for step in plan.steps)


def pasted(plan: Plan) -> str:
    """All of it as one text for a root shell (`c` copy in the plan): it does what `apply` does, without
    guards, verification and undo, and stops at the first step that fails.

    One compound command: the shell has read all of it before the first program could read on.
    """
    return "\n".join(("(set -e", *commands(plan), ") </dev/null", ""))


def _commanded(action: Action) -> str:
    """The one command of a step, as `plan --json` has it; a wait's looks once."""
    return command(action.probe.run).shown() if isinstance(action, Wait) else pasteable(action)


def _counts(action: Replace) -> tuple[int, int]:
    lines = [line for line in _difference(action).splitlines() if not line.startswith(("+++", "---"))]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def public(plan: Plan) -> dict[str, Any]:
    """The plan as `gbtui plan --json` prints it; stable, schema 1. Times in seconds.

    `steps[].does` and `undo` read at `where`; `command` is the same as it runs on the host;
    `undo_commands` are those of `undo` as they run on the host (a file is put back as a whole: named only),
    `done` is how it is told that the step took effect, null where nothing can tell.
    `diff` is there for file replacements. The command line adds `paste`: all of it for a root shell.
    """
    return {
        "schema": 1,
        "host": plan.host,
        "operation": plan.operation,
        "parameters": dict(plan.parameters),
        "title": plan.title,
        "why": plan.why,
        "danger": plan.danger.value,
        "noop": plan.noop,
        "verdicts": [
            {
                "guard": v.guard,
                "verdict": v.verdict,
                "reason": v.reason,
                "items": list(v.items),
                "unless_typed": v.unless_typed,
            }
            for v in plan.verdicts
        ],
        "steps": [_public_step(step) for step in plan.steps],
        "verify": [_public_probe(wait.probe) for wait in plan.verify],
        "relies_on": [{"title": r.title, "where": r.run.where, "sha256": r.sha256} for r in plan.relies_on],
        "fingerprint": plan.fingerprint,
        "revert_after": plan.revert_after,
        "dark": list(plan.dark),
        "items": list(plan.items),
        "confirm": plan.must_type,
        "target": plan.target,
        "undo_warning": plan.undo_warning,
    }


def _public_probe(probe: Probe) -> dict[str, Any]:
    return {"where": probe.run.where, "title": probe.title, "expects": wanted(probe)}


def _public_step(step: Step) -> dict[str, Any]:
    public = {
        "where": place(step.does),
        "title": step.title,
        "does": shown(step.does),
        "done": None if step.done is None else _public_probe(step.done),
        "undo": [shown(action) for action in step.undo],
        "undo_commands": [
            shown(action) if isinstance(action, Replace) else _commanded(action) for action in step.undo
        ],
        "undo_loses": step.undo_loses,
        "undo_dark": list(step.undo_dark),
        "no_undo": step.no_undo,
        "irreversible": not step.undo and not step.part and not isinstance(step.does, Wait),
        "armed": step.armed,
        "loses": step.loses,
        "publishes": step.publishes,
    }
    if isinstance(step.does, Replace):
        return {**public, "diff": diff(step.does), "backup": step.does.backup}
    return {**public, "command": _commanded(step.does)}
