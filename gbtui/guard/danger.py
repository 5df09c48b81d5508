"""The danger grade of steps, from what they do: the same for a plan and for the plan that undoes it."""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.guard.plan import Danger, Step, Wait


def danger_of(steps: Sequence[Step], dark: Sequence[str] = ()) -> Danger:
    """How bad steps are, by what they do.

    Data lost for good, and what is handed to others, is irreversible; data lost with a way back is
    destructive. A step that merely cannot be taken back (a restart), or that darkens a service,
    disturbs somebody: disruptive. A change with an undo is reversible; a part is taken back
    with another step. Only waiting is safe.
    """
    if any(step.publishes for step in steps):
        return Danger.IRREVERSIBLE
    if any(step.loses for step in steps):
        lost = any(step.loses and not step.undo for step in steps)
        return Danger.IRREVERSIBLE if lost else Danger.DESTRUCTIVE
    changes = [step for step in steps if not isinstance(step.does, Wait)]
    if dark or any(not step.undo and not step.part for step in changes):
        return Danger.DISRUPTIVE
    return Danger.REVERSIBLE if changes else Danger.SAFE
