"""What the cockpit shows: five live panes side by side, or one at a time where there is no room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.events import Resize, ScreenResume, ScreenSuspend
from textual.screen import ModalScreen

from gbtui.errors import GbtuiError
from gbtui.facts.feed import Feed
from gbtui.facts.reading import Reading, State
from gbtui.session import Session
from screens.actions import PANES, Scope
from screens.feeding import Feeding
from screens.first_frame import NARROW_BELOW
from screens.layout import LAYOUT, arrange, compose_panes
from screens.overview import Overview
from screens.page import Page
from screens.standing import standing
from widgets.bans_pane import BansPane
from widgets.containers_pane import ContainersPane
from widgets.firewall_pane import FirewallPane
from widgets.log_pane import LogPane
from widgets.pane import Pane
from widgets.snapshots_pane import SnapshotsPane
from widgets.strip import StripState
from widgets.tabs import Tabs

DEFAULT_ROLE = "system"
"""Whose rules the firewall pane shows first: there the guide's first incident happens (item 32)."""


class CockpitFace(Page[None]):
    """Five panes over one session. Panes nobody can see are not polled."""

    # Not a file: Textual does not load CSS_PATH of an app's first screen.
    DEFAULT_CSS = LAYOUT
    SCOPES: ClassVar = (Scope.PANE, Scope.COCKPIT)
    AUTO_FOCUS = ""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.zoomed = False
        self.current = PANES[0]
        self.place = "host"
        self._place_open = True
        self._covered = False
        self._glanced = False
        self.panes: dict[str, Pane[Any]] = {
            "containers": ContainersPane(id="containers"),
            "snapshots": SnapshotsPane(id="snapshots"),
            "firewall": FirewallPane(id="firewall"),
            "bans": BansPane(id="bans"),
            "log": LogPane(id="log"),
        }
        self.feeds = {name: Feeding(name, pane, self._heard) for name, pane in self.panes.items()}
        self._overview = Overview(session, self.feeds)
        self._end_checks: list[Callable[[], None]] = []

    # -- layout -------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        yield from compose_panes(self.panes)

    def on_mount(self) -> None:
        self.feeds["containers"].attach(self.session.containers)
        self.feeds["snapshots"].attach(self.session.snapshots)
        self.feeds["bans"].attach(self.session.bans)
        self.feeds["log"].attach(self.session.log())
        self._end_checks.append(self.session.checks().listen(self._checked))
        self.go(self.current)
        self.call_after_refresh(self.cockpit.open_session)

    def on_unmount(self) -> None:
        for feed in self.feeds.values():
            feed.end()
        for end in self._end_checks:
            end()

    @property
    def one_pane(self) -> bool:
        """Only the current pane is shown: zoomed, or no room for more."""
        return self.zoomed or self.size.width < NARROW_BELOW

    @on(Resize)
    def _arrange(self) -> None:
        """Show what there is room for, and poll only that."""
        arrange(self, self.panes, self.current, one=self.one_pane)
        self.poll_what_is_seen()

    def poll_what_is_seen(self) -> None:
        """Poll each pane's source only while somebody can see the pane."""
        app = self.cockpit
        for name, feed in self.feeds.items():
            feed.watch(app.opened and not app.aside and not self._covered and self.panes[name].display)

    @on(ScreenSuspend)
    def _covered_up(self) -> None:
        # A dialog leaves the panes in sight: they go on.
        self._covered = not isinstance(self.app.screen, ModalScreen)
        self.poll_what_is_seen()

    @on(ScreenResume)
    def _in_sight(self) -> None:
        self._covered = False
        self.poll_what_is_seen()

    def go(self, name: str) -> None:
        """Put the cursor into the pane `name`, and that pane in sight."""
        self.current = name
        self._arrange()
        self._show_tabs()
        self.panes[name].focus()

    # -- the host is there, or not -------------------------------------------------------------

    def opened(self) -> None:
        """The session is open: look at everything once, then at what is in sight. The checks go on
        whatever is in sight: the strip is on every screen."""
        self._end_checks += [self.session.checks().watch(), self.session.incident.watch()]
        self.session.incidents.changed.append(self._checked)
        self.poll_what_is_seen()
        self._start_looking()

    def failed(self, error: GbtuiError) -> None:
        """The host cannot be reached: every pane says so, in the words of the error."""
        for feed in self.feeds.values():
            if feed.reading.value is None:
                feed.pane.show(Reading(State.DISCONNECTED, error=error))

    @work(group="glance", exclusive=True, exit_on_error=False)
    async def _start_looking(self) -> None:
        """Choose whose rules to show, and give every hidden pane one reading for its badge."""
        try:
            await self.session.find_instance(DEFAULT_ROLE)
        except GbtuiError:
            # No such role here, or containers cannot be read (yet): their own pane says which.
            self._show_place("host")
        self._choose_first_place()
        for name, feed in self.feeds.items():
            if (
                isinstance(feed.source, Feed)
                and feed.source.reading.taken_at is None
                and not self.panes[name].display
            ):
                await feed.source.once()

    @work(group="changes", exclusive=True, exit_on_error=False)
    async def look_at_changes(self) -> None:
        """Read what an operation may have changed, though the panes are covered: the strip is not."""
        for feed in self.feeds.values():
            if self._covered and isinstance(feed.source, Feed) and feed.source is not self.session.snapshots:
                await feed.source.once()

    def _choose_first_place(self) -> None:
        """Show the default role's rules as soon as it is known where it is, unless somebody chose."""
        if self._place_open and any(c.role == DEFAULT_ROLE for c in self.session.known()):
            self.show_place(self.session.instance_of(DEFAULT_ROLE))

    def show_place(self, where: str) -> None:
        """Show the rules of `where`, "host" or an instance, from now on."""
        self._place_open = False
        self._show_place(where)

    def _show_place(self, where: str) -> None:
        self.place = where
        self.feeds["firewall"].attach(self.session.firewall(where))

    # -- what is wrong ------------------------------------------------------------------------

    def _checked(self) -> None:
        self.call_later(self.cockpit.tick)
        if self.session.practice is not None:
            self.call_later(self.cockpit.end_repaired_drill)

    def _heard(self) -> None:
        if self._place_open and self.cockpit.opened:
            self._choose_first_place()
        self._show_tabs()
        super().tick()

    def _show_tabs(self) -> None:
        for tabs in self.query(Tabs):
            tabs.show({name: pane.badge for name, pane in self.panes.items()}, self.current)

    def tick(self) -> None:
        super().tick()
        now = datetime.now(UTC)
        for pane in self.panes.values():
            if pane.display:
                pane.tick(now)

    def strip_state(self) -> StripState:
        """What the strip says on every screen."""
        app = self.cockpit
        notice = app.connecting or app.operator.notice or standing(self.session)
        return self._overview.strip_state(self.size.width, opened=app.opened, notice=notice)
