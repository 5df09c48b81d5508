"""`a` on a row: what can be done with it, and what cannot, with the reason.

Choosing an operation only opens its plan; nothing runs from a menu.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gbtui.operations.base import Operation
from gbtui.operations.catalog import OPERATIONS, find
from gbtui.operations.parameters import CONTAINER
from screens import edit
from screens.choose import Choice, Choose
from screens.details import DetailsScreen
from screens.parameters import ask_parameters
from screens.selection import known, subjects
from screens.shell import refusal

if TYPE_CHECKING:
    from screens.app import CockpitApp

OPERATION = "operation:"
"""Prefix of the answers that are operations."""


def choose_action(app: CockpitApp, pane: str, row: Any, place: str) -> None:
    """Show the menu of `row` (and of the marked ones) in `pane` and do what is chosen."""
    rows = app.root.panes[pane].table.marked or (() if row is None else (row,))
    given = known(pane, rows, place)
    instance = "" if given.get("container", "host") == "host" else given["container"]
    # What can be done comes first: the cursor starts there, and nobody has to scroll past refusals.
    choices = sorted(choices_for(app, pane, row, given), key=lambda choice: bool(choice.refusal))

    def chosen(answer: str | None) -> None:
        if answer is not None and answer.startswith(OPERATION):
            ask_parameters(app, find(answer.removeprefix(OPERATION)), given)
        elif answer == "shell":
            app.root.action_shell()
        elif answer == "edit":
            edit.edit_proxy(app, {"container": instance} if instance else {})
        elif answer == "copy":
            app.root.panes[pane].action_copy()
        elif answer == "details":
            app.push_screen(DetailsScreen(pane, row))

    app.push_screen(Choose(f"What to do with {_about(pane, rows, instance)}", choices), chosen)


def _about(pane: str, rows: tuple[Any, ...], instance: str) -> str:
    if len(rows) > 1:
        return f"{len(rows)} rows of {pane}"
    return instance or (f"a row of {pane}" if rows else pane)


def choices_for(app: CockpitApp, pane: str, row: Any, given: Mapping[str, str]) -> Iterator[Choice]:
    """The lines of the menu: operations, then what only looks."""
    for operation in OPERATIONS:
        if operation.subject in subjects(pane, row) and _meant(operation, pane, given):
            why_not = _why_not(app, operation, given)
            yield Choice(f"{OPERATION}{operation.id}", operation.title, operation.summary, why_not)
    if "proxy" in subjects(pane, row):
        yield Choice("edit", "Edit the Caddyfile", "in your editor; its plan opens", edit.refusal(app))
    instance = given.get("container", "host")
    if instance != "host":
        yield Choice("shell", "Shell", f"in {instance}", refusal(app, instance))
    if row is not None:
        yield Choice("details", "Details", "everything known about the row")
        yield Choice("copy", "Copy", "the row, to the terminal's clipboard")


def _meant(operation: Operation, pane: str, given: Mapping[str, str]) -> bool:
    """In the containers pane only what is done to a container; elsewhere all of the subject."""
    names = {parameter.name for parameter in operation.parameters}
    return pane != "containers" or "container" in names or operation.subject not in ("firewall", "services")


def _why_not(app: CockpitApp, operation: Operation, given: Mapping[str, str]) -> str:
    """Why an operation cannot be planned now; guards say the rest in the plan."""
    session = app.session
    if session.read_only:
        return f"read-only: {session.read_only}"
    if CONTAINER in operation.parameters and given.get("container") == "host":
        return "these are the host's own rules; c chooses a container's"
    return f"one change at a time: {app.operator.pending}" if app.operator.pending else ""
