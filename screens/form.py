"""The parameters of an operation that nobody knows yet, in one box: a line each, checked as they are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from gbtui.operations.base import Parameter
from screens.look import mark
from screens.page import Dialog
from widgets.safe import safe


class Form(Dialog[dict[str, str]]):
    """Answers value by parameter name, None where it was left. Typing is literal: letters are no keys here.

    A line left empty takes the parameter's default, where it has one.
    """

    BINDINGS: ClassVar = [
        ("escape", "go_back", "Back"),
        ("up", "app.focus_previous", "Up"),
        ("down", "app.focus_next", "Down"),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    Form { align: center middle; }
    Form > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Form VerticalScroll { height: auto; max-height: 16; margin-top: 1; }
    Form Input { margin-bottom: 1; }
    Form .about { color: $text-muted; }
    Form .keys { color: $text-muted; }
    """

    def __init__(self, title: str, about: str, parameters: Sequence[Parameter]) -> None:
        super().__init__()
        self._heading = title
        self._about = about
        self._parameters = tuple(parameters)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(safe(self._heading, "bold"))
            yield Static(safe(self._about), classes="about")
            with VerticalScroll(can_focus=False):
                for parameter in self._parameters:
                    yield Static(safe(_label(parameter)))
                    yield Input(placeholder=parameter.form, compact=True, name=parameter.name)
            yield Static(safe("enter go on · ↑↓ move · esc back"), classes="keys")

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        """Go on to the next line, and from the last to the plan; stay where something is wrong."""
        inputs = list(self.query(Input))
        number = inputs.index(event.input)
        wrong = _wrong(self._parameters[number], event.value.strip())
        if not wrong and number + 1 < len(inputs):
            inputs[number + 1].focus()
            return
        values = {field.name or "": field.value.strip() for field in inputs}
        if not wrong:
            wrong = self._first_wrong(values)
        if wrong:
            self.query_one(".keys", Static).update(mark("error", wrong))
        else:
            self.dismiss({name: value for name, value in values.items() if value})

    def _first_wrong(self, values: Mapping[str, str]) -> str:
        for parameter, field in zip(self._parameters, self.query(Input), strict=True):
            wrong = _wrong(parameter, values[parameter.name])
            if wrong:
                field.focus()
                return wrong
        return ""


def _label(parameter: Parameter) -> str:
    if parameter.default is None:
        return parameter.name
    return f"{parameter.name} (may be left empty{f': {parameter.default}' if parameter.default else ''})"


def _wrong(parameter: Parameter, value: str) -> str:
    """Why `value` cannot be accepted, in words; "" where it can."""
    if not value:
        return "" if parameter.default is not None else f"{parameter.name}: expected {parameter.form}"
    why = parameter.check(value)
    return f"{parameter.name}: {why}; expected {parameter.form}" if why else ""
