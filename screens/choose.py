"""A box with choices: what can be done, and what cannot, with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.look import say
from screens.page import Dialog
from widgets.safe import safe


@dataclass(frozen=True, slots=True)
class Choice:
    """One line. `id` is what is answered; `refusal` is why it cannot be chosen, "" where it can."""

    id: str
    title: str
    about: str = ""
    refusal: str = ""


class ChoiceList(OptionList):
    """An option list that the movement keys of the cockpit move."""

    BINDINGS: ClassVar = [Binding("j", "cursor_down", show=False), Binding("k", "cursor_up", show=False)]


class Choose(Dialog[str]):
    """Answers the `id` of the chosen line, None where it was left."""

    DEFAULT_CSS = """
    Choose { align: center middle; }
    Choose > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    Choose .title { text-style: bold; margin-bottom: 1; }
    Choose .keys { color: $text-muted; margin-top: 1; }
    Choose ChoiceList, Choose ChoiceList:focus {
        height: auto; max-height: 16; border: none; padding: 0; background: $surface;
    }
    """

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._heading = title
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(safe(self._heading), classes="title")
            yield ChoiceList(
                *(
                    Option(_prompt(choice), id=choice.id, disabled=bool(choice.refusal))
                    for choice in self._choices
                ),
                markup=False,
            )
            yield Static(safe("enter choose · esc back"), classes="keys")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


def _prompt(choice: Choice) -> Content:
    if choice.refusal:
        return Content.assemble(
            say("dim", choice.title),
            "\n",
            say("dim", f"  ✖ not now: {choice.refusal}"),
        )
    about = say("dim", f"\u2002{choice.about}") if choice.about else ""
    return Content.assemble(safe(choice.title, "bold"), about)
