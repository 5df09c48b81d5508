"""From the command to the first painted screen, against a bare Textual app, in a real pty."""

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


def start(rounds: int = 7) -> Ratio:
    return paired(
        "start to first paint, against a bare Textual app",
        lambda: _seconds([sys.executable, "-m", "gbtui", "--demo"], "containers"),
        lambda: _seconds([sys.executable, "-c", BARE], "painted"),
        rounds=rounds,
        goal=1.3,
    )
