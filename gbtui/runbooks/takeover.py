"""A walk that somebody left: whether it can be gone on with, and the words for whose it is. Pure."""

from __future__ import annotations

from gbtui.errors import BadInput
from gbtui.runbooks.fill import checked
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Walk
from gbtui.runbooks.walker import VALUE


def misfit(book: Runbook, walk: Walk) -> str:
    """Why `walk` cannot be gone on with, "" where it can.

    The runbook may have changed since, and a file that came from the host may be anybody's: its values
    stand in commands, so each has to be one that this runbook would have taken.
    """
    if walk.at not in {step.id for step in book.steps}:
        return f"the runbook has no step {walk.at}"
    own = {one.name for one in book.parameters}
    try:
        checked(book, {name: value for name, value in walk.values.items() if name in own}, {})
    except BadInput as error:
        return str(error)
    bad = [name for name, value in walk.values.items() if name not in own and not VALUE.fullmatch(value)]
    return f"{bad[0]} is nothing that can stand in a command" if bad else ""


def whose(walk: Walk) -> str:
    """Which walk it is, who began it, and who was the last at it."""
    users = [record.by for record in walk.records if record.by]
    begun = f" begun by {users[0]}" if users else ""
    last = f", last at it {users[-1]}" if users and users[-1] != users[0] else ""
    return f"the walk of {walk.started}{begun}{last}"
