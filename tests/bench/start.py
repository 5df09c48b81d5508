"""From the command to the first painted screen, and to the first live row, in a real pty."""

from __future__ import annotations

import sys
import time

from tests.bench.measure import Ratio, paired
from tests.terminal import Terminal

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""


def _seconds(argv: list[str], marker: str) -> float:
    with Terminal(argv) as terminal:
        terminal.until(lambda screen: marker in screen)
        return time.monotonic() - terminal.began


def _ratio(title: str, marker: str, *, rounds: int, goal: float | None) -> Ratio:
    return paired(
        title,
        lambda: _seconds([sys.executable, "-m", "gbtui", "--demo"], marker),
        lambda: _seconds([sys.executable, "-c", BARE], "painted"),
        rounds=rounds,
        goal=goal,
    )


def start(rounds: int = 7) -> tuple[Ratio, Ratio]:
    """Against a bare Textual app that paints one word: the frames of the panes, and a container's row."""
    return (
        _ratio("start to first paint, against a bare Textual app", "1 containers", rounds=rounds, goal=1.3),
        _ratio("start to the first live row, against the same", "acme-proxy", rounds=rounds, goal=None),
    )
