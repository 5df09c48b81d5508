"""The application: one session, the screens over it, and what holds everywhere.

The first paint does not wait for the host: the session is opened by a worker, and until it is,
the strip says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from rich.text import Text
from textual import work
from textual.app import App
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from gbtui.errors import GbtuiError
from gbtui.guard.recovery import Recovery
from gbtui.session import Session
from gbtui.text import clean, text
from screens import crash
from screens.actions import Scope, bindings
from screens.cockpit import Cockpit
from screens.cockpit_face import NARROW_BELOW
from screens.help import HelpScreen
from screens.journal import JournalScreen
from screens.leave import Leave
from screens.operate import Operator
from screens.page import Page
from screens.palette import Everything
from screens.recovery import RecoveryScreen
from widgets.safe import SafeFilter
from widgets.strip import StripState

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds between attempts to reach a host that could not be reached at the start."""


class CockpitApp(App[int], inherit_bindings=False):
    """gbtui's screens over one unopened session; it is closed with the application."""

    TITLE = "gbtui"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar = {Everything}
    BINDINGS: ClassVar = bindings(Scope.EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW_BELOW, "-wide")]  # noqa: RUF012 - as Textual types it

    def __init__(self, session: Session, *, keymap: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.session = session
        self.remapped: Mapping[str, str] = keymap or {}
        self.opened = False
        self.connecting = ""
        self.operator = Operator(self)
        self._safe_filter = SafeFilter()

    # -- start and end ------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        return Cockpit(self.session)

    def on_mount(self) -> None:
        self.set_keymap(self.remapped)
        self.set_interval(1, self.tick)

    @work(group="session", exclusive=True, exit_on_error=False)
    async def open_session(self) -> None:
        """Reach the host; in the words of the failure, again and again, until it answers.

        The cockpit calls it once it is painted.
        """
        pause = FIRST_PAUSE
        self.connecting = f"connecting to {self.session.host.name}…"
        while True:
            try:
                await self.session.open()
            except GbtuiError as error:
                self.connecting = f"{error}; trying again every {pause:.0f} s"
                self.root.failed(error)
                self.tick()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                break
        self.opened = True
        self.connecting = ""
        self.tick()
        self.root.opened()
        self.look_for_unfinished()

    @work(group="recovery", exclusive=True, exit_on_error=False)
    async def look_for_unfinished(self) -> None:
        """Show first what an earlier run, or the host by itself, left behind."""
        recovery = Recovery(self.session.engine)
        said, found = await recovery.report(), await recovery.unfinished()
        if said or found:
            await self.push_screen(RecoveryScreen(recovery, said, found))

    async def on_unmount(self) -> None:
        await self.operator.stop()
        await self.session.close()

    @property
    def root(self) -> Cockpit:
        """The cockpit, under whatever is on top of it."""
        return cast("Cockpit", self.screen_stack[0])

    # -- the strip ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second, and when something changed: the strip, and everything that ages."""
        if isinstance(self.screen, Page):
            self.screen.tick()
        elif isinstance(below := self.screen_stack[0], Page):
            below.tick()

    def strip_state(self) -> StripState:
        """What the strip says now, on every screen."""
        return self.root.strip_state()

    # -- text that leaves ---------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._safe_filter]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A message in the corner; text of a host is never read as markup here."""
        super().notify(clean(message), title=clean(title), severity=severity, timeout=timeout, markup=False)

    def copy(self, copied: str, name: str) -> None:
        """Put cleaned text on the clipboard of the operator's own terminal (OSC 52)."""
        self.copy_to_clipboard(text(copied.encode()))
        self.notify(f"copied {name} to the terminal's clipboard")

    # -- failures -----------------------------------------------------------------------------

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one place where a failed worker ends up: in words, and the rest lives on."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        if isinstance(error, GbtuiError):
            self.say_error(error)
        else:
            self.notify(crash.in_words(error), title="fault in gbtui", severity="error", timeout=30)

    def say_error(self, error: GbtuiError) -> None:
        """An error in its own words, with what to do next."""
        self.notify(str(error), title=error.kind, severity="error", timeout=15)

    def _fatal_error(self) -> None:
        # Textual would print every local variable; see screens/crash.py.
        self.bell()
        error = self._exception
        words = crash.report(error) if error is not None else "gbtui stopped because of a fault in itself"
        self.panic(Text(words))

    # -- keys that hold everywhere --------------------------------------------------------------

    def action_go_back(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.step_back()

    def action_how_to_quit(self) -> None:
        self.notify("ctrl+c stops nothing here: Q leaves gbtui, q goes one step back")

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.SCOPES if isinstance(self.screen, Page) else ()))

    def action_journal(self) -> None:
        self.push_screen(JournalScreen())

    def action_leave(self) -> None:
        """Quit, with a question where something is pending."""
        pending = self.operator.pending
        if not pending:
            self.exit(0)
            return

        def answered(leave: bool | None) -> None:
            if leave:
                self.exit(0)

        self.push_screen(Leave(pending), answered)
