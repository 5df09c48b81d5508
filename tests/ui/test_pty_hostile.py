"""Hostile output in a real terminal: nothing a host says acts on it, ends the cockpit or can be clicked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

#: What must never reach the terminal: OSC 52 (clipboard), bidi overrides, C1 controls in UTF-8, NUL,
#: invalid UTF-8, DEL.
FORBIDDEN = re.compile(
    rb"\x1b\]52|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xc2[\x80-\x9f]|\x00|\x7f|\xff|\xfe|\xc0\xaf"
)
MARKUP = "[@click=app.quit]"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    env = {"GBTUI_STATE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "gbtui", "--drill", "log-noise"], env=env) as terminal:
        yield terminal


def clean(terminal: Terminal) -> None:
    found = FORBIDDEN.search(bytes(terminal.raw))
    assert found is None, bytes(terminal.raw[max(0, found.start() - 80) : found.end() + 20])


def click(terminal: Terminal, text: str) -> None:
    """Press and release the mouse on the first place where `text` is shown."""
    row, line = next((n, line) for n, line in enumerate(terminal.screen.display, 1) if text in line)
    column = line.index(text) + 1 + len(text) // 2
    terminal.send(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")


def test_nothing_hostile_reaches_the_terminal_or_can_be_clicked(terminal: Terminal) -> None:
    terminal.until(lambda screen: "acme-drive" in screen)
    terminal.send("5z")
    terminal.until(lambda screen: MARKUP in screen)
    terminal.send("z3z")
    terminal.until(lambda screen: MARKUP in screen)
    terminal.send("z")
    for pane in "12345":
        terminal.send(pane + "z")
        terminal.pump(0.5)
        if MARKUP in terminal.text():
            click(terminal, MARKUP)
            terminal.pump(0.5)
        clean(terminal)
        terminal.send("z")
        terminal.pump(0.3)
    assert terminal.process.poll() is None, "a click on hostile text ended the cockpit"
    clean(terminal)


def test_a_hostile_description_is_text_in_the_details(terminal: Terminal) -> None:
    terminal.until(lambda screen: "acme-drive" in screen)
    terminal.send("1/drive\r\r")
    terminal.until(lambda screen: MARKUP in screen)
    click(terminal, MARKUP)
    terminal.pump(0.5)
    clean(terminal)
    assert terminal.process.poll() is None
