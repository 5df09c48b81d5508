"""The application: one session, the screens over it, and what holds everywhere.

The first paint waits for nothing: the library's heavy half is imported and the session built by a
thread behind the first frame, and the session is opened by a worker behind the cockpit. Hence the
late imports here and in `operate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import work
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.events import Event
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from gbtui.errors import GbtuiError
from gbtui.text import clean, text
from screens.actions import Scope, bindings
from screens.first_frame import NARROW_BELOW, FirstFrame
from screens.output import ChangedCells
from screens.typed import Arrived, Typed
from widgets.safe import SafeFilter

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.command import Provider

    from gbtui.runbooks.drills import Drill
    from gbtui.session import Session
    from screens.cockpit import Cockpit
    from screens.operate import Operator
    from screens.page import Page
    from widgets.strip import StripState

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds between attempts to reach a host that could not be reached at the start."""

GREETING = (
    "Nothing here is real, and nothing can be broken for good. d practises an incident on it, with hints and"
    " a score; ? shows every key; gbtui --host ssh://user@host reaches a real host."
)

Built = tuple["Session", Mapping[str, str]]
"""An unopened session and the keys as remapped."""

LATER = (
    *("plan", "help", "journal", "recovery", "palette", "leave"),
    *("findings", "drift", "runbooks", "incident", "drill"),
)
"""Screens imported once the host was reached: then no key waits for one, and an upgrade on disk
cannot mix two releases in one run."""


def everything() -> type[Provider]:
    """The palette's entries, imported when the palette is opened."""
    from screens.palette import Everything

    return Everything


class CockpitApp(App[int], inherit_bindings=False):
    """gbtui's screens over one unopened session, which is closed with the application.

    `source` is the session, or what builds it and the keymap: that is called in a thread after the
    first paint, and when it raises a GbtuiError the application ends with it in `refused`.
    """

    TITLE = "gbtui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    COMMANDS: ClassVar = {everything}
    BINDINGS: ClassVar = bindings(Scope.EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW_BELOW, "-wide")]  # noqa: RUF012 - as Textual types it

    session: Session
    operator: Operator
    """Both are set as soon as there is a session: before any screen but the first frame."""

    def __init__(
        self,
        source: Session | Callable[[], Built],
        *,
        keymap: Mapping[str, str] | None = None,
        drill: Drill | None = None,
        greets: bool = False,
    ) -> None:
        """`drill` begins as soon as the host is reached; with `greets` the simulated host says what it is."""
        super().__init__()
        self._source = source
        self._drill = drill
        self._greets = greets
        self.remapped: Mapping[str, str] = keymap or {}
        self.refused: GbtuiError | None = None
        self.opened = False
        self.aside = False
        """A program has the terminal: a shell, or an editor."""
        self.connecting = ""
        self.farewell: list[str] = []
        """What is said in the terminal once the cockpit was left."""
        self.typed = Typed(self, held=callable(source))
        self._safe_filter = SafeFilter()

    # -- start and end ------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        if callable(self._source):
            return FirstFrame()
        return self._cockpit(self._source, self.remapped)

    def on_mount(self) -> None:
        if callable(self._source):
            # Asked of the screen: it answers when it was painted.
            self.screen.call_after_refresh(self.build, self._source)

    @work(group="build")
    async def build(self, source: Callable[[], Built]) -> None:
        """Build the session behind the first frame, and put the cockpit over it."""
        try:
            built = await asyncio.to_thread(_built, source)
        except GbtuiError as error:
            self.refused = error
            self.exit()
            return
        with self.batch_update():
            await self.push_screen(self._cockpit(*built))
        self.call_later(self.typed.release)

    def _cockpit(self, session: Session, keymap: Mapping[str, str]) -> Cockpit:
        from screens.cockpit import Cockpit
        from screens.operate import Operator

        self.session = session
        self.operator = Operator(self)
        self.remapped = keymap
        self.set_keymap(keymap)
        self.set_interval(1, self.tick)
        return Cockpit(session)

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
        await asyncio.to_thread(_import_later)
        self._practise_or_greet()

    def _practise_or_greet(self) -> None:
        """Begin the drill that was asked for; else the simulated host says what it is, and offers one."""
        if self._drill is not None:
            from screens.drill import begin_drill

            begin_drill(self, self._drill)
        elif self._greets and self.session.host.kind == "demo":
            self.notify(GREETING, title="a simulated host", timeout=30)

    @work(group="drill-end", exclusive=True, exit_on_error=False)
    async def end_repaired_drill(self) -> None:
        """A drill is over when what rang has cleared; its page has the score."""
        practice = self.session.practice
        if practice is not None and practice.repaired:
            found = await practice.end()
            if found is not None:
                how = f"repaired: {found.points} of 100 points; d shows how it went"
                self.notify(how, title="drill over", timeout=30)
            self.tick()

    @work(group="recovery", exclusive=True, exit_on_error=False)
    async def look_for_unfinished(self) -> None:
        """Show first what an earlier run, or the host by itself, left behind."""
        from gbtui.guard.recovery import Recovery

        recovery = Recovery(self.session.engine)
        said, found = await recovery.report(), await recovery.unfinished()
        if said or found:
            from screens.recovery import RecoveryScreen

            await self.push_screen(RecoveryScreen(recovery, said, found))

    async def on_unmount(self) -> None:
        if hasattr(self, "session"):
            await self.operator.stop()
            await self.session.close()

    @property
    def root(self) -> Cockpit:
        """The cockpit, under whatever is on top of it."""
        return cast("Cockpit", next(s for s in self.screen_stack if not isinstance(s, FirstFrame)))

    @property
    def page(self) -> Page[object] | None:
        """The full screen on top, if it is one."""
        from screens.page import Page

        return self.screen if isinstance(self.screen, Page) else None

    # -- the strip ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second, and when something changed: the strip, and everything that ages."""
        (self.page or self.root).tick()

    def strip_state(self) -> StripState:
        """What the strip says now, on every screen."""
        return self.root.strip_state()

    def step_aside(self, aside: bool) -> None:
        """Nobody looks at the panes while a program has the terminal."""
        self.aside = aside
        self.root.poll_what_is_seen()

    def bell(self) -> None:
        if not self.aside:
            super().bell()

    # -- what is typed ------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        if self.typed.is_typing(event):
            await self.typed.take(event)
        else:
            await super().on_event(event)

    async def hand_over(self, event: Event) -> None:
        """Let Textual do with a key what it does."""
        await super().on_event(event)

    def on_arrived(self, event: Arrived) -> None:
        event.at_the_top.set()

    # -- text that leaves ---------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate):
            renderable = ChangedCells.of(renderable)
        super()._display(screen, renderable)

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
            from screens import crash

            self.notify(crash.in_words(error), title="fault in gbtui", severity="error", timeout=30)

    def say_error(self, error: GbtuiError) -> None:
        """An error in its own words, with what to do next."""
        self.notify(str(error), title=error.kind, severity="error", timeout=15)

    def _fatal_error(self) -> None:
        # Textual would print every local variable; see screens/crash.py.
        from rich.text import Text

        from screens import crash

        self.bell()
        error = self._exception
        words = crash.report(error) if error is not None else "gbtui stopped because of a fault in itself"
        self.panic(Text(words))

    # -- keys that hold everywhere --------------------------------------------------------------

    def action_go_back(self) -> None:
        if self.page is not None:
            self.page.step_back()

    def action_how_to_quit(self) -> None:
        self.notify("ctrl+c stops nothing here: Q leaves gbtui, q goes one step back")

    def action_help(self) -> None:
        from screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.page.SCOPES if self.page is not None else ()))

    def action_journal(self) -> None:
        from screens.journal import JournalScreen

        self.push_screen(JournalScreen())

    def action_findings(self) -> None:
        from screens.findings import FindingsScreen

        self.push_screen(FindingsScreen())

    @work(group="runbooks", exclusive=True, exit_on_error=False)
    async def action_runbooks(self, check: str = "") -> None:
        from screens.runbooks import choose_runbook

        await choose_runbook(self, check)

    @work(group="incident", exclusive=True, exit_on_error=False)
    async def action_incident(self) -> None:
        from screens.incident import choose_incident

        await choose_incident(self)

    def action_drill(self) -> None:
        from screens.drill import open_drill

        open_drill(self)

    def action_drift(self) -> None:
        from screens.drift import DriftScreen

        self.push_screen(DriftScreen())

    def action_leave(self) -> None:
        """Quit, with a question where something is pending."""
        from screens.leave import Leave, left_behind

        pending = left_behind(self)
        if not pending:
            self.exit(0)
            return

        def answered(leave: bool | None) -> None:
            if leave:
                self.exit(0)

        self.push_screen(Leave(pending), answered)


def _built(source: Callable[[], Built]) -> Built:
    """What `source` builds, and the cockpit's modules imported before: both take a while."""
    import_module("screens.cockpit")
    return source()


def _import_later() -> None:
    for name in LATER:
        import_module(f"screens.{name}")
