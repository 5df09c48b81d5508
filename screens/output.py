"""What is sent to the terminal for a change on the screen: the changed cells and nothing left of them.

Textual 8.2.8 writes every changed line from the left edge of its widget on ("TODO: crop to x
extents"), 300 bytes where one digit of an age ticked. Over SSH that was 160 kB a minute at rest.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class ChangedCells(ChopsUpdate):
    """A compositor's update that starts at the first changed cell."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> ChangedCells:
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        sequences: list[str] = []
        for y, first, end in self.spans:
            for right, (left, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                start, stop = max(left, first), min(right, end)
                if strip is None or start >= stop:
                    continue
                whole = start == left and stop == right
                shown = strip if whole else strip.crop(start - left, stop - left)
                sequences += (Control.move_to(start, y).segment.text, shown.render(console))
        return "".join(sequences)
