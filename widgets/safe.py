"""The only way text that came from a host reaches a widget, and the net below it.

Textual reads markup in almost every `str` it is given: a user agent of `x[/]` ends the app and
`[@click=app.quit]` becomes something to click. `Content` is never read as markup. `SafeFilter`
is the second line: whatever slipped through loses its control characters before the terminal.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from gbtui.text import REPLACEMENT, UNSAFE, clean


def safe(text: str, style: str = "") -> Content:
    """`text` literally, as one cleaned line; `style` is gbtui's own ("$text-error", "bold")."""
    return Content.styled(clean(text), style) if style else Content(clean(text))


def safe_lines(text: str, style: str = "") -> Content:
    """As `safe`, keeping the line feeds of a block of output."""
    return Content("\n").join(safe(line, style) for line in text.split("\n"))


class SafeFilter(LineFilter):
    """Replaces control, bidi and invisible characters in everything drawn.

    For `App.get_line_filters()`. Verified against the pinned Textual: it is called for every
    line of every widget, borders included.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if not any(segment.control is None and UNSAFE.search(segment.text) for segment in segments):
            return segments
        return [
            Segment(UNSAFE.sub(REPLACEMENT, segment.text), segment.style)
            if segment.control is None
            else segment
            for segment in segments
        ]
