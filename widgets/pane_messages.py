"""What a pane says to the screen that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from widgets.pane_face import PaneFace


class PaneMessage(Message, namespace="pane"):
    """A message of `pane`."""

    def __init__(self, pane: PaneFace[Any]) -> None:
        super().__init__()
        self.pane = pane

    @property
    def control(self) -> PaneFace[Any]:
        return self.pane


class PaneRowMessage(PaneMessage, namespace="pane"):
    """A message about one `row` of `pane`; None where there is none under the cursor."""

    def __init__(self, pane: PaneFace[Any], row: Any) -> None:
        super().__init__(pane)
        self.row = row


class Chosen(PaneRowMessage, namespace="pane"):
    """Details of a row are wanted."""


class ActionsWanted(PaneRowMessage, namespace="pane"):
    """What can be done with a row is wanted."""


class Changed(PaneMessage, namespace="pane"):
    """`pane.badge` is another one."""


class CopyWanted(Message, namespace="pane"):
    """`text` is wanted on the clipboard."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
