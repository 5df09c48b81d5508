"""From an operation to its plan: what the screen knows is taken, what it does not is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gbtui.operations.base import Operation
from gbtui.operations.parameters import PLACE
from screens.choose import Choice, Choose
from screens.form import Form

if TYPE_CHECKING:
    from screens.app import CockpitApp


def ask_parameters(app: CockpitApp, operation: Operation, known: Mapping[str, str] | None = None) -> None:
    """Ask for the parameters of `operation` that `known` lacks, then open its plan. Escape leaves."""
    needed = {parameter.name: parameter.default is None for parameter in operation.parameters}
    given = {name: value for name, value in (known or {}).items() if name in needed and value}
    if needed.get("container") and "container" not in given:
        _ask_container(app, operation, given)
    else:
        _ask_rest(app, operation, given)


def _ask_container(app: CockpitApp, operation: Operation, given: dict[str, str]) -> None:
    def chosen(name: str | None) -> None:
        if name is not None:
            _ask_rest(app, operation, {**given, "container": name})

    choices = [Choice(c.name, c.name, f"{c.role} {c.state.lower()}") for c in app.session.known()]
    if PLACE in operation.parameters:
        choices.insert(0, Choice("host", "host", "the host itself"))
    app.push_screen(Choose(f"{operation.title}: where?", choices), chosen)


def _ask_rest(app: CockpitApp, operation: Operation, given: dict[str, str]) -> None:
    wanted = [parameter for parameter in operation.parameters if parameter.name not in given]
    if not wanted:
        app.operator.start(operation.id, given)
        return

    def answered(values: dict[str, str] | None) -> None:
        if values is not None:
            app.operator.start(operation.id, {**given, **values})

    about = " ".join(f"{name}={value}" for name, value in given.items()) or operation.summary
    app.push_screen(Form(operation.title, about, wanted), answered)
