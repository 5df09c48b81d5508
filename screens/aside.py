"""A program of the operator's own in the terminal: the cockpit steps aside, and stays awake.

Nothing is drawn or rung meanwhile, and no pane polls, but the checks go on, and so does what is under
way to and from the host. LXD (5.0.2) reads the first bytes of a connection before it accepts the next
one: had the cockpit stopped just after it opened one, `lxc` would hang for everybody on that host until
the program ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gbtui.hosts.process import attend_in_terminal

if TYPE_CHECKING:
    from screens.app import CockpitApp


async def attend(app: CockpitApp, argv: Sequence[str]) -> int:
    """Give the terminal to a program; returns its exit status.

    Raises:
        SuspendNotSupported: the cockpit is in no terminal of its own.
        MissingTool, Denied: the program cannot be started.
    """
    try:
        with app.batch_update(), app.suspend():
            app.typed.forget()  # what was typed behind the key was meant for the program
            app.step_aside(True)
            try:
                return await attend_in_terminal(argv)
            finally:
                app.step_aside(False)
    finally:
        app.typed.forget()  # and what it left unread
        app.refresh()  # what changed meanwhile counts as drawn
