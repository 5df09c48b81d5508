"""A shell in a container, in the operator's own terminal: the cockpit steps aside meanwhile.

What is done in there passes no guard, so both ends of it are in the journal, and a read-only
session does not open one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from gbtui.errors import BadInput
from gbtui.guard.journal import new_id
from screens.aside import attend

if TYPE_CHECKING:
    from screens.app import CockpitApp


def refusal(app: CockpitApp, instance: str) -> str:
    """Why no shell can be opened in `instance`; "" where it can."""
    session = app.session
    if not instance:
        return "select a container first"
    if session.read_only:
        return f"read-only: {session.read_only}"
    if session.host.kind == "demo":
        return "the demo host is simulated: there is no real shell in it"
    running = [container.running for container in session.known() if container.name == instance]
    return "" if any(running) else f"{instance} is not running"


def open_shell(app: CockpitApp, instance: str) -> None:
    """Open a shell in `instance`, or say why not."""
    why = refusal(app, instance)
    if why:
        app.notify(why, title="no shell", severity="warning")
    else:
        app.run_worker(_shell(app, instance), group="shell", exclusive=True, exit_on_error=False)


async def _shell(app: CockpitApp, instance: str) -> None:
    session = app.session
    note = new_id()
    session.journal.append(note, session.host.name, "shell-opened", container=instance)
    began = datetime.now(UTC)
    try:
        status = await attend(app, session.host.shell(instance))
    except SuspendNotSupported as error:
        raise BadInput("open a shell", why=str(error), hint="run gbtui in a terminal of its own") from error
    finally:
        seconds = (datetime.now(UTC) - began).total_seconds()
        session.journal.append(
            note, session.host.name, "shell-closed", container=instance, seconds=round(seconds, 1)
        )
    if status:
        app.notify(f"the shell in {instance} ended with status {status}")
