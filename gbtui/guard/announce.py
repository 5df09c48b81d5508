"""One line per begin and end in the host's own system journal, where every operator of it looks.

Best effort: the record is gbtui's journal. A host that does not take the line is told of in words,
and never keeps a change from being put right.
"""

from __future__ import annotations

from gbtui import text
from gbtui.errors import GbtuiError
from gbtui.guard.mask import mask
from gbtui.guard.plan import Plan
from gbtui.hosts.base import Command, Host

TAG = "gbtui"
LONGEST = 800
"""Characters of a line; what is longer is cut with an ellipsis."""


async def announce(host: Host, line: str) -> str:
    """Write `line` with `logger -t gbtui`; "" or why it could not be written."""
    said = mask(text.clean(line))
    said = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
    command = Command(("logger", "-t", TAG, "--", said), root=True, timeout=5.0)
    try:
        completed = await host.run(command)
    except GbtuiError as error:
        return str(error)
    return "" if completed.ok else text.line(completed.stderr) or f"logger: exit status {completed.status}"


def begins(plan: Plan, op_id: str, user: str, word: str = "begin") -> str:
    """The line of an operation's begin: `begin ID OPERATION key=value … by USER: TITLE`."""
    typed = " ".join((plan.operation, *(f"{name}={value}" for name, value in plan.parameters)))
    return f"{word} {op_id} {typed} by {user}: {plan.title}"


def ends(plan: Plan, op_id: str, user: str, result: str, message: str) -> str:
    """The line of its end: `end ID OPERATION RESULT by USER: MESSAGE`."""
    return f"end {op_id} {plan.operation} {result} by {user}: {message}"
