"""Roles to styles, resolved from the widget's own CSS and kept until the CSS changes."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.widget import Widget

from widgets.painting import Run
from widgets.roles import Role


class Looks:
    """The styles of one widget that draws its lines itself. `clear` when its CSS was applied anew."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._known: dict[str, Style] = {}

    def clear(self) -> None:
        self._known.clear()

    def of(self, component: str = "") -> Style:
        """The full style of a component class, or of the widget itself."""
        style = self._known.get(component)
        if style is None:
            widget = self._widget
            style = widget.get_component_rich_style(component) if component else widget.rich_style
            self._known[component] = style
        return style

    def role(self, role: Role) -> Style:
        """What a role adds to whatever background it is drawn on."""
        return self.attributes(f"role--{role}") if role else Style.null()

    def attributes(self, component: str) -> Style:
        """A component's colour and attributes without its background."""
        name = f"{component} on anything"
        style = self._known.get(name)
        if style is None:
            full = self.of(component)
            style = Style(
                color=full.color, bold=full.bold, italic=full.italic, dim=full.dim, underline=full.underline
            )
            self._known[name] = style
        return style

    def segments(self, runs: Iterable[Run], base: Style, *, colour: bool = True) -> list[Segment]:
        """`runs` on `base`; without `colour` only glyphs and words tell (the cursor's line)."""
        if not colour:
            return [Segment("".join(text for text, _ in runs), base)]
        return [
            Segment(text, base + (look if isinstance(look, Style) else self.role(look)))
            for text, look in _merged(runs)
        ]


def _merged(runs: Iterable[Run]) -> list[Run]:
    """`runs` with as few changes of look as they need: each costs forty bytes on the line."""
    merged: list[Run] = []
    for text, look in runs:
        if not merged:
            merged.append((text, look))
        elif look == merged[-1][1] or text.isspace():
            merged[-1] = (merged[-1][0] + text, merged[-1][1])
        elif merged[-1][0].isspace():
            merged[-1] = (merged[-1][0] + text, look)
        elif text:
            merged.append((text, look))
    return merged
