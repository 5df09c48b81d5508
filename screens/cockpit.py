"""The cockpit: the panes of `CockpitFace`, their keys, and what they ask for."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.events import DescendantFocus

from gbtui.facts.containers import Container
from screens import edit, shell
from screens.actions import PANES, Scope, bindings
from screens.actions_menu import choose_action
from screens.choose import Choice, Choose
from screens.cockpit_face import CockpitFace
from screens.details import DetailsScreen
from widgets.firewall_pane import FirewallPane
from widgets.pane import Pane
from widgets.tabs import Tabs


class Cockpit(CockpitFace):
    """The first screen, and the one below all others."""

    BINDINGS: ClassVar = bindings(Scope.COCKPIT)

    @on(DescendantFocus)
    def _follow_focus(self, event: DescendantFocus) -> None:
        for ancestor in event.widget.ancestors_with_self:
            if isinstance(ancestor, Pane) and ancestor.id in self.panes and ancestor.id != self.current:
                self.current = ancestor.id
                self._show_tabs()

    @on(Tabs.Wanted)
    def _tab_wanted(self, event: Tabs.Wanted) -> None:
        self.go(event.name)

    def action_go(self, name: str) -> None:
        self.go(name)

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

    def action_edit(self) -> None:
        edit.edit_proxy(self.cockpit)

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
