"""Leaving gbtui: at once where nothing is pending, with a question where something is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, Static

from screens.look import mark
from screens.page import Asking, Dialog
from screens.runbook import RunbookScreen
from widgets.safe import safe

if TYPE_CHECKING:
    from screens.app import CockpitApp


class Leave(Asking[bool], Dialog[bool]):
    """Says what is pending and asks; Stay has the focus, `y` leaves."""

    BINDINGS: ClassVar = [("y", "leave", "Leave")]
    AUTO_FOCUS = "#stay"
    DEFAULT_CSS = """
    Leave { align: center middle; }
    Leave > Vertical {
        width: 90%; max-width: 90; height: auto; border: round $warning; background: $surface; padding: 0 1;
    }
    Leave Static { margin-bottom: 1; }
    """

    def __init__(self, pending: str) -> None:
        super().__init__()
        self._pending = pending

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(mark("warn", self._pending))
            yield Static(
                safe(
                    "Leaving does not stop what runs on the host. An armed change is put back by the host"
                    " itself; the next start of gbtui says what became of it. y leaves, esc stays."
                )
            )
            yield Button(Content("Stay"), id="stay", compact=True)

    @on(Button.Pressed, "#stay")
    def _stay(self) -> None:
        self.dismiss(False)

    def action_leave(self) -> None:
        self.dismiss(True)


def left_behind(app: CockpitApp) -> str:
    """What is pending when somebody quits; "" where nothing is."""
    session, said = app.session, []
    if app.operator.pending:
        said.append(app.operator.pending)
    walks = [one for one in app.screen_stack if isinstance(one, RunbookScreen) and not one.walk.ended]
    said += [f"the walk “{one.book.title}” stays at its step, and is gone on with by r" for one in walks]
    practice, incident = session.practice, session.incidents.current
    if practice is not None and practice.over is None:
        said.append("a drill is under way: it ends with gbtui")
    elif incident is not None:
        said.append(f"the incident “{incident.title}” runs on: e in its timeline (i) ends it")
    return ". ".join(said)
