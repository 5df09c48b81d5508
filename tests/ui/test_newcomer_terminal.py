"""A newcomer in a real terminal at 80×24: a drill is offered, the runbook leads to the repair."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal

ARGV = (sys.executable, "-m", "gbtui", "--demo")
SECONDS = 110.0


@pytest.mark.timeout(300)
def test_from_the_first_screen_to_the_repair(tmp_path: Path) -> None:
    env = {"GBTUI_STATE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(ARGV, columns=80, rows=24, env=env) as terminal:

        def see(*words: str) -> str:
            return terminal.until(lambda text: all(word in text for word in words), seconds=SECONDS)

        def press(keys: str, *words: str) -> str:
            terminal.send(keys)
            return see(*words)

        see("a simulated host", "Nothing here is real", "d practises an incident")
        press("d", "Practise: what users say", "os error 110")
        press("\r", "users say", "runbooks: walkthroughs")
        see("✖ 1")  # the checks have found something
        press("r", "Runbooks", "a finding leads here")
        press("\r", "1/5 Is loopback cut off?", "enter do it")
        press("\r", "2/5 Accept loopback")
        press("\r", "iptables -w -I INPUT 1", "warning 1 of 1: w says that it was read")
        while "warning 1 of 1" in terminal.text():  # a key that comes before the plan was seen is dropped
            terminal.send("w")
            terminal.pump(0.2)
        press("y", "verified", "K keep")
        press("K", "done and verified")
        press("\x1b", "3/5 Does Valkey answer?")
        press("\r", "4/5 Are users served?")
        press("q", "100 of 100 points", "0 mistakes")
        press("Q", "")
        assert terminal.process.wait(timeout=30) == 0
