"""`a` on a row: what can be done with it, and what cannot, with the reason.

Choosing an operation only opens its plan; nothing runs from a menu.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gbtui.facts.containers import Container
from gbtui.operations.catalog import OPERATIONS
from screens.choose import Choice, Choose
from screens.details import DetailsScreen
from screens.shell import refusal

if TYPE_CHECKING:
    from screens.app import CockpitApp

OPERATION = "operation:"
"""Prefix of the answers that are operations."""


def instance_of(pane: str, row: Any, place: str) -> str:
    """The container a row is about: itself, or the one whose rules are shown; "" for none."""
    if isinstance(row, Container):
        return row.name
    return place if pane == "firewall" and place != "host" else ""


def choose_action(app: CockpitApp, pane: str, row: Any, place: str) -> None:
    """Show the menu of `row` in `pane` and do what is chosen."""
    instance = instance_of(pane, row, place)
    choices = list(choices_for(app, pane, row, instance))
    name = instance or (f"a row of {pane}" if row is not None else pane)

    def chosen(answer: str | None) -> None:
        if answer is not None and answer.startswith(OPERATION):
            app.operator.start(answer.removeprefix(OPERATION), {"container": instance})
        elif answer == "shell":
            app.root.action_shell()
        elif answer == "copy":
            app.root.panes[pane].action_copy()
        elif answer == "details":
            app.push_screen(DetailsScreen(pane, row))

    app.push_screen(Choose(f"What to do with {name}", choices), chosen)


def choices_for(app: CockpitApp, pane: str, row: Any, instance: str) -> Iterator[Choice]:
    """The lines of the menu: operations, then what only looks."""
    if pane in ("containers", "firewall"):
        for operation in OPERATIONS:
            if [parameter.name for parameter in operation.parameters] == ["container"]:
                why_not = _why_not(app, pane, instance)
                yield Choice(f"{OPERATION}{operation.id}", operation.title, operation.summary, why_not)
    if instance:
        yield Choice("shell", "Shell", f"in {instance}", refusal(app, instance))
    if row is not None:
        yield Choice("details", "Details", "everything known about the row")
        yield Choice("copy", "Copy", "the row, to the terminal's clipboard")


def _why_not(app: CockpitApp, pane: str, instance: str) -> str:
    """Why an operation on `instance` cannot be planned now; guards say the rest in the plan."""
    session = app.session
    if session.read_only:
        return f"read-only: {session.read_only}"
    if not instance:
        choose = "these are the host's own rules; c chooses a container's" if pane == "firewall" else ""
        return choose or "select a container first"
    states = {container.name: container.state for container in session.known()}
    if instance in states and states[instance] != "Running":
        return f"{instance} is {states[instance].lower()}"
    return f"one change at a time: {app.operator.pending}" if app.operator.pending else ""
