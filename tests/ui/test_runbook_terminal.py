"""`gbtui runbook NAME` in a real terminal: followed by keystrokes, killed, and gone on with."""

from __future__ import annotations

import sys
from pathlib import Path

from gbtui.runbooks.walk_file import Walks
from tests.terminal import Terminal

ARGV = (sys.executable, "-m", "gbtui", "--drill", "valkey-loopback", "runbook", "valkey-timeout")
PROMPT = "go on later >"


def answered(terminal: Terminal, keys: str, wanted: str) -> str:
    """What the screen shows once `wanted` is on it, after `keys`."""
    terminal.send(keys)
    return terminal.until(lambda text: wanted in text)


def test_followed_killed_and_gone_on_with(tmp_path: Path) -> None:
    env = {"GBTUI_STATE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(ARGV, columns=120, rows=100, env=env) as terminal:
        assert "1/5 Is loopback cut off?" in answered(terminal, "", PROMPT)
        assert "--dport 6379 -j DROP" in answered(terminal, "\r", "2/5 Accept loopback")
    (walk,) = Walks("demo", tmp_path).unfinished("valkey-timeout")
    assert (walk.at, walk.records[-1].state) == ("accept", "done")
    with Terminal(ARGV, columns=120, rows=100, env=env) as terminal:
        resumed = answered(terminal, "", "2/5 Accept loopback")
        assert f"going on with the walk of {walk.started} begun by {walk.records[0].by}" in resumed
        answered(terminal, "\r", "warning services-restart: ")
        answered(terminal, "yes\r", "run it? type yes:")
        answered(terminal, "yes\r", "keep / revert:")
        answered(terminal, "keep\r", "3/5 Does Valkey answer?")
        assert "PONG" in answered(terminal, "\r", "4/5 Are users served?")
        answered(terminal, "\r", "(yes / no):")
        answered(terminal, "yes\r", "the end of Valkey times out")
        assert terminal.process.wait(timeout=30) == 0
    assert Walks("demo", tmp_path).unfinished() == ()
