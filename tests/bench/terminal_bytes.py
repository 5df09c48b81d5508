"""Bytes the cockpit writes to the terminal: what an SSH link has to carry."""

from __future__ import annotations

import sys

from tests.bench.measure import say
from tests.terminal import Terminal

SECONDS = 20.0


def _bytes_per_minute(rate: int) -> float:
    env = {"GBTUI_DEMO_RATE": str(rate), "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22"}
    with Terminal([sys.executable, "-m", "gbtui", "--demo"], env=env) as terminal:
        terminal.until(lambda screen: "acme-proxy" in screen)
        terminal.pump(3.0)
        return terminal.pump(SECONDS) * 60 / SECONDS


def terminal_bytes() -> None:
    idle = _bytes_per_minute(0)
    busy = _bytes_per_minute(1000)
    raw = 1000 * 60 * 610  # `tail -f` of the same log: 1,000 lines a second of about 610 bytes
    say(f"terminal bytes a minute, idle, 160×50: {idle / 1e3:.1f} kB")
    say(f"terminal bytes a minute at 1,000 log lines/s: {busy / 1e6:.2f} MB")
    say(f"  that is {busy / raw:.2f}× of what `tail -f` of the same log writes ({raw / 1e6:.1f} MB)")
