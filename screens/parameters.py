"""The parameters of an operation chosen by name: asked one by one, then its plan is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gbtui.operations.base import Operation, Parameter
from screens.ask import AskText
from screens.choose import Choice, Choose

if TYPE_CHECKING:
    from screens.app import CockpitApp


def ask_parameters(app: CockpitApp, operation: Operation) -> None:
    """Ask for every parameter of `operation`, then open its plan. Escape at any of them leaves."""
    _ask(app, operation, tuple(operation.parameters), {})


def _ask(app: CockpitApp, operation: Operation, wanted: Sequence[Parameter], given: dict[str, str]) -> None:
    if not wanted:
        app.operator.start(operation.id, given)
        return
    first, *rest = wanted

    def answered(value: str | None) -> None:
        if value is not None:
            _ask(app, operation, rest, {**given, first.name: value})

    question = f"{operation.title}: {first.name}"
    if first.name == "container":
        app.push_screen(Choose(question, _containers(app)), answered)
    else:
        app.push_screen(AskText(question, form=first.form, check=first.check), answered)


def _containers(app: CockpitApp) -> list[Choice]:
    return [
        Choice(c.name, c.name, c.role, "" if c.running else f"it is {c.state.lower()}")
        for c in app.session.known()
    ]
