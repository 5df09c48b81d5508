"""The cockpit: five live panes side by side, or one at a time where there is no room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize, ScreenResume, ScreenSuspend
from textual.screen import ModalScreen

from gbtui.errors import GbtuiError
from gbtui.facts.containers import Container
from gbtui.facts.feed import Feed
from gbtui.facts.reading import Reading, State
from gbtui.session import Session
from screens import shell
from screens.actions import PANES, Scope, bindings
from screens.actions_menu import choose_action
from screens.choose import Choice, Choose
from screens.details import DetailsScreen
from screens.feeding import Feeding
from screens.page import Page
from screens.troubles import Since, Trouble, troubles_in, worst_first
from widgets.bans_pane import BansPane
from widgets.containers_pane import ContainersPane
from widgets.firewall_pane import FirewallPane
from widgets.log_pane import LogPane
from widgets.pane import Pane
from widgets.roles import STATE_ROLES
from widgets.snapshots_pane import SnapshotsPane
from widgets.strip import Light, StripState
from widgets.tabs import Tabs

NARROW_BELOW = 120
"""Columns below which one pane is shown at a time."""
BESIDE_WORST = 76
"""Cells of the strip that the worst trouble leaves to everything else."""
DEFAULT_ROLE = "system"
"""Whose rules the firewall pane shows first: there the guide's first incident happens (item 32)."""


class Cockpit(Page[None]):
    """Five panes over one session. Panes nobody can see are not polled."""

    # Not a file: Textual does not load CSS_PATH of an app's first screen.
    DEFAULT_CSS = """
    Cockpit #panes { height: 1fr; }
    Cockpit #upper { height: 62%; }
    Cockpit.-one #upper { height: 1fr; }
    Cockpit #left, Cockpit #right { width: 1fr; height: 1fr; }
    Cockpit #containers, Cockpit #firewall { height: 1fr; }
    Cockpit #snapshots, Cockpit #bans { height: 40%; min-height: 6; }
    Cockpit.-one #snapshots, Cockpit.-one #bans { height: 1fr; }
    Cockpit #log { height: 1fr; }
    """
    SCOPES: ClassVar = (Scope.PANE, Scope.COCKPIT)
    BINDINGS: ClassVar = bindings(Scope.COCKPIT)
    AUTO_FOCUS = ""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.zoomed = False
        self.current = PANES[0]
        self.place = "host"
        self._place_open = True
        self._since = Since()
        self._covered = False
        self._glanced = False
        self.panes: dict[str, Pane[Any]] = {
            "containers": ContainersPane(id="containers"),
            "snapshots": SnapshotsPane(id="snapshots"),
            "firewall": FirewallPane(id="firewall"),
            "bans": BansPane(id="bans"),
            "log": LogPane(id="log"),
        }
        self.feeds = {name: Feeding(pane, self._heard) for name, pane in self.panes.items()}

    # -- layout -------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        yield Tabs(id="tabs")
        with Vertical(id="panes"):
            with Horizontal(id="upper"):
                with Vertical(id="left"):
                    yield self.panes["containers"]
                    yield self.panes["snapshots"]
                with Vertical(id="right"):
                    yield self.panes["firewall"]
                    yield self.panes["bans"]
            yield self.panes["log"]

    def on_mount(self) -> None:
        self.feeds["containers"].attach(self.session.containers)
        self.feeds["snapshots"].attach(self.session.snapshots)
        self.feeds["bans"].attach(self.session.bans)
        self.feeds["log"].attach(self.session.log())
        self.action_go(self.current)
        self.call_after_refresh(self.cockpit.open_session)

    def on_unmount(self) -> None:
        for feed in self.feeds.values():
            feed.end()

    @property
    def one_pane(self) -> bool:
        """Only the current pane is shown: zoomed, or no room for more."""
        return self.zoomed or self.size.width < NARROW_BELOW

    @on(Resize)
    def _arrange(self) -> None:
        """Show what there is room for, and poll only that."""
        one = self.one_pane
        for name, pane in self.panes.items():
            pane.display = not one or name == self.current
        for box in ("#left", "#right", "#upper"):
            column = self.query_one(box)
            column.display = any(pane.display for pane in column.query(Pane))
        self.set_class(one, "-one")
        self.query_one(Tabs).display = one
        self._watch()

    def _watch(self) -> None:
        for name, feed in self.feeds.items():
            seen = self.cockpit.opened and not self._covered and self.panes[name].display
            feed.watch(seen)

    @on(ScreenSuspend)
    def _covered_up(self) -> None:
        # A dialog leaves the panes in sight: they go on.
        self._covered = not isinstance(self.app.screen, ModalScreen)
        self._watch()

    @on(ScreenResume)
    def _in_sight(self) -> None:
        self._covered = False
        self._watch()

    # -- the host is there, or not -------------------------------------------------------------

    def opened(self) -> None:
        """The session is open: look at everything once, then at what is in sight."""
        self._watch()
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

    def troubles(self) -> tuple[Trouble, ...]:
        """Everything wrong that the latest readings show, worst first."""
        return worst_first(
            trouble for name, feed in self.feeds.items() for trouble in troubles_in(name, feed.reading)
        )

    def strip_state(self, connecting: str, now: datetime) -> StripState:
        """What the strip says: what is wrong and since when, and what answers."""
        session, troubles = self.session, self.troubles()
        first = self._since.of(troubles, now)
        count = {role: sum(t.role == role for t in troubles) for role in ("error", "warn", "unknown")}
        worst = troubles[0] if troubles else None
        return StripState(
            host=session.host.name,
            kind=session.host.kind,
            tenant=session.tenant or "",
            errors=count["error"],
            warnings=count["warn"],
            unknowns=count["unknown"],
            worst=worst.in_cells(self.size.width - BESIDE_WORST) if worst else "",
            worst_role=worst.role if worst else "ok",
            since=first[worst] if worst else None,
            lights=self._lights(),
            round_trip=session.host.link.round_trip if self.cockpit.opened else None,
            read_only=session.read_only,
            notice=connecting or self.cockpit.operator.pending,
            now=now,
        )

    def _lights(self) -> tuple[Light, ...]:
        lights = [
            Light("LXD", STATE_ROLES[self.feeds["containers"].reading.state]),
            Light("ZFS", STATE_ROLES[self.feeds["snapshots"].reading.state]),
        ]
        if self.session.host.kind == "ssh":
            link = self.session.host.link
            lights.append(Light("SSH", "ok" if link.connected else "error", link.why))
        return tuple(lights)

    # -- keys ---------------------------------------------------------------------------------

    @on(DescendantFocus)
    def _follow_focus(self, event: DescendantFocus) -> None:
        for ancestor in event.widget.ancestors_with_self:
            if isinstance(ancestor, Pane) and ancestor.id in self.panes and ancestor.id != self.current:
                self.current = ancestor.id
                self._show_tabs()

    def action_go(self, name: str) -> None:
        self.current = name
        self._arrange()
        self._show_tabs()
        self.panes[name].focus()

    def action_next_pane(self, by: int) -> None:
        self.action_go(PANES[(PANES.index(self.current) + by) % len(PANES)])

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.action_go(self.current)

    def action_look_again(self) -> None:
        source = self.feeds[self.current].source
        if source is not None:
            source.refresh()

    def action_shell(self) -> None:
        shell.open_shell(self.cockpit, self._instance())

    def step_back(self) -> None:
        if self.zoomed:
            self.action_zoom()
        else:
            self.notify("this is the first screen: Q leaves gbtui")

    # -- what panes ask for ---------------------------------------------------------------------

    def _instance(self) -> str:
        """The container meant now: the selected one, or the one whose rules are shown; "" for none."""
        row = self.panes["containers"].selected
        if self.current == "firewall":
            return "" if self.place == "host" else self.place
        return row.name if isinstance(row, Container) else ""

    @on(Pane.Chosen)
    def _details(self, event: Pane.Chosen) -> None:
        if event.row is not None:
            self.app.push_screen(DetailsScreen(event.pane.id or "", event.row))

    @on(Pane.CopyWanted)
    def _copy(self, event: Pane.CopyWanted) -> None:
        self.cockpit.copy(event.text, "the row")

    @on(Pane.ActionsWanted)
    def _actions(self, event: Pane.ActionsWanted) -> None:
        choose_action(self.cockpit, event.pane.id or "", event.row, self.place)

    @on(Pane.Changed)
    def _badge_changed(self) -> None:
        self._heard()

    @on(FirewallPane.PlaceWanted)
    def action_choose_place(self) -> None:
        places = [Choice("host", "host", "the host's own rules")]
        places += [
            Choice(c.name, c.name, c.role, "" if c.running else f"it is {c.state.lower()}")
            for c in self.session.known()
        ]

        def chosen(where: str | None) -> None:
            if where is not None:
                self.show_place(where)

        self.app.push_screen(Choose("Whose rules?", places), chosen)
