"""A shell takes the terminal, gives it back, and both ends of it are in the journal."""

from __future__ import annotations

import sys
from pathlib import Path

from gbtui.guard.journal import Journal
from tests.terminal import Terminal

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


def test_the_shell_has_the_terminal_and_the_cockpit_comes_back(tmp_path: Path) -> None:
    with Terminal([sys.executable, "-m", "tests.ui.shell_host", str(tmp_path)]) as terminal:
        terminal.until(lambda text: "acme-alm " in text)
        terminal.send("!")
        terminal.until(lambda _: b"shell in acme-alm" in terminal.raw)
        assert LEAVE_ALTERNATE_SCREEN in bytes(terminal.raw).split(b"shell in acme-alm", maxsplit=1)[0]
        terminal.send("Q ls\r")
        terminal.until(lambda _: b"said Q ls" in terminal.raw)
        assert [record.record for record in Journal(tmp_path).entries()] == ["shell-opened"]
        written = len(terminal.raw)
        terminal.until(lambda _: (tmp_path / "ticks").read_text().count("aside") >= 3)
        assert len(terminal.raw) == written, "it is awake, and draws nothing over the shell"
        terminal.send("\r")
        terminal.until(lambda text: "1 containers" in text and "status 3" in text)
        terminal.send("Q")
        while terminal.process.poll() is None:
            terminal.pump(0.1)
        assert terminal.process.returncode == 0
    records = Journal(tmp_path).entries()
    assert [record.record for record in records] == ["shell-opened", "shell-closed"]
    assert {record.data["container"] for record in records} == {"acme-alm"}
