"""Every key there is, as data: bindings, footer, help and palette are all made from this table."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import BindingType

from screens.action import Action, Scope
from screens.actions_changes import JOURNAL, PLAN, RECOVERY
from screens.actions_incident import DRILL, IN_COCKPIT, INCIDENT
from screens.actions_looks import DRIFT, FINDINGS, RUNBOOK
from widgets.names import TITLES

__all__ = ["ACTIONS", "PANES", "Action", "Scope", "actions_in", "bindings", "footer"]

PANES = tuple(TITLES)
"""Pane ids in the order of their number keys."""


def _pane_actions() -> Iterator[Action]:
    for number, pane in enumerate(PANES, 1):
        title = TITLES[pane]
        yield Action(
            f"cockpit.{pane}",
            str(number),
            f"Go to {title}",
            f"Show the {title} pane and put the cursor into it.",
            Scope.COCKPIT,
            f"screen.go('{pane}')",
        )


_EVERYWHERE = (
    Action("app.help", "question_mark", "Help", "Show every key.", Scope.EVERYWHERE, "app.help", 8),
    Action(
        "app.palette",
        "colon",
        "Palette",
        "Search everything that can be done, by name.",
        Scope.EVERYWHERE,
        "app.command_palette",
        9,
        palette=False,
    ),
    Action(
        "app.back",
        "escape,q",
        "Back",
        "Go one step back. Nothing typed is lost.",
        Scope.EVERYWHERE,
        "app.go_back",
        palette=False,
    ),
    Action(
        "app.quit",
        "Q",
        "Quit",
        "Leave gbtui. Says so when something is pending.",
        Scope.EVERYWHERE,
        "app.leave",
    ),
    Action(
        "app.how-to-quit",
        "ctrl+c",
        "How to quit",
        "Says how to leave; it stops nothing.",
        Scope.EVERYWHERE,
        "app.how_to_quit",
        palette=False,
    ),
)

_COCKPIT = (
    Action(
        "cockpit.next",
        "tab",
        "Next pane",
        "Go to the next pane.",
        Scope.COCKPIT,
        "screen.next_pane(1)",
    ),
    Action(
        "cockpit.previous",
        "shift+tab",
        "Previous pane",
        "Go to the previous pane.",
        Scope.COCKPIT,
        "screen.next_pane(-1)",
    ),
    *_pane_actions(),
    Action(
        "cockpit.zoom",
        "z",
        "Zoom",
        "Give the pane the whole screen, or give it back.",
        Scope.COCKPIT,
        "screen.zoom",
        4,
    ),
    Action(
        "cockpit.refresh",
        "R",
        "Look again",
        "Read what the pane shows again, now.",
        Scope.COCKPIT,
        "screen.look_again",
    ),
    Action(
        "cockpit.shell",
        "exclamation_mark",
        "Shell",
        "Open a shell in the selected container, in this terminal. It is recorded in the journal.",
        Scope.COCKPIT,
        "screen.shell",
    ),
    Action(
        "cockpit.edit",
        "E",
        "Edit the Caddyfile",
        "Edit the proxy's Caddyfile in your editor, in this terminal. Its plan opens afterwards.",
        Scope.COCKPIT,
        "screen.edit",
    ),
    Action(
        "pane.place",
        "c",
        "Choose place",
        "Choose whose rules the firewall pane shows: the host's or a container's.",
        Scope.COCKPIT,
        "screen.choose_place",
    ),
    Action(
        "cockpit.findings",
        "f",
        "Findings",
        "Show what is not as the guide says, why, and what puts it right.",
        Scope.COCKPIT,
        "app.findings",
        2,
    ),
    Action(
        "cockpit.runbooks",
        "r",
        "Runbooks",
        "Follow a walkthrough step by step; go on with one that was left.",
        Scope.COCKPIT,
        "app.runbooks",
        3,
    ),
    Action(
        "cockpit.drift",
        "D",
        "Drift",
        "Show what changed on the host, when, and who did it where that is known.",
        Scope.COCKPIT,
        "app.drift",
        11,
    ),
    Action(
        "cockpit.journal",
        "J",
        "Journal",
        "Show every operation that was carried out here, and undo one.",
        Scope.COCKPIT,
        "app.journal",
        10,
    ),
    *IN_COCKPIT,
)

_PANE = (
    Action("pane.up", "up,k", "Up", "Move the cursor up.", Scope.PANE, palette=False),
    Action("pane.down", "down,j", "Down", "Move the cursor down.", Scope.PANE, palette=False),
    Action("pane.page-up", "pageup", "Page up", "Move the cursor up by a page.", Scope.PANE, palette=False),
    Action(
        "pane.page-down",
        "pagedown",
        "Page down",
        "Move the cursor down by a page.",
        Scope.PANE,
        palette=False,
    ),
    Action("pane.first", "home,g", "First", "Move the cursor to the first row.", Scope.PANE),
    Action("pane.last", "end,G", "Last", "Move the cursor to the last row.", Scope.PANE),
    Action("pane.actions", "a", "Actions", "Show what can be done with the row.", Scope.PANE, footer=1),
    Action("pane.details", "enter", "Details", "Show everything known about the row.", Scope.PANE, footer=5),
    Action(
        "pane.filter", "slash", "Filter", "Show only rows that contain what you type.", Scope.PANE, footer=3
    ),
    Action("pane.sort", "s", "Sort", "Sort by the next column.", Scope.PANE),
    Action("pane.mark", "space", "Mark", "Mark the row, or take the mark away.", Scope.PANE),
    Action("pane.copy", "y", "Copy", "Copy the row to the clipboard of your terminal.", Scope.PANE),
    Action("pane.pause", "p", "Pause", "Hold the pane still; it keeps reading.", Scope.PANE),
)

ACTIONS: tuple[Action, ...] = (
    *_EVERYWHERE,
    *_COCKPIT,
    *_PANE,
    *PLAN,
    *JOURNAL,
    *RECOVERY,
    *FINDINGS,
    *DRIFT,
    *RUNBOOK,
    *INCIDENT,
    *DRILL,
)


def actions_in(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of some scopes, in the order of the table."""
    return tuple(action for action in ACTIONS if action.scope in scopes)


def bindings(*scopes: Scope) -> list[BindingType]:
    """Textual bindings of some scopes; actions that a widget binds itself are left out."""
    return [action.binding() for action in actions_in(*scopes) if action.does]


def footer(*scopes: Scope, most: int = 6) -> tuple[Action, ...]:
    """The few actions that matter in some scopes, most important first."""
    ranked = sorted((a for a in actions_in(*scopes) if a.footer), key=lambda a: a.footer)
    return tuple(ranked[:most])
