"""gbtui running inside the twin, as an operator who is SSHed in: its own adapter for the machine it is on."""

from __future__ import annotations

import json

import pytest

from tests.terminal import Terminal

from .twin.deploy import deploy
from .twin.fixtures import FULL, Lab
from .twin.settings import Settings
from .twin.shell import Shell

pytestmark = pytest.mark.timeout(1500)

PYTHON = "/opt/gbtui/bin/python"
IN_SOURCE = "cd /opt/gbtui/src && PYTHONPATH=/opt/gbtui/src PYTHONDONTWRITEBYTECODE=1"


@pytest.fixture
def deployed(fresh_lab: Lab) -> Lab:
    """A fresh twin with this tree's code in it."""
    deploy(Shell(Settings()))
    return fresh_lab


def test_shows_the_host_it_is_on(deployed: Lab) -> None:
    for subject, key, least in (
        ("containers", "containers", 10),
        ("snapshots", "snapshots", 10),
        ("bans", "jails", 3),
    ):
        done = deployed.run("sh", "-c", f"{IN_SOURCE} {PYTHON} -m gbtui show {subject} --json", seconds=240)
        assert done.returncode == 0, done.stderr
        shown = json.loads(done.stdout)
        assert len(shown[key]) >= least, shown


def test_the_contract_holds_on_the_host_itself(deployed: Lab) -> None:
    share = "" if FULL else "-k facts"
    words = f"{IN_SOURCE} GBTUI_CONTRACT=local {PYTHON} -m pytest -p no:cacheprovider tests/contract {share}"
    done = deployed.run("sh", "-c", words, seconds=1400)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "passed" in done.stdout


def test_the_cockpit_opens_in_the_terminal_of_an_operator(deployed: Lab) -> None:
    arguments = Shell(Settings()).arguments("ops", "-t")
    with Terminal([*arguments, f"{IN_SOURCE} {PYTHON} -m gbtui"], columns=80, rows=24) as terminal:
        terminal.until(lambda screen: "acme-proxy" in screen and "10.77.0.30" in screen, seconds=240)
        terminal.send("3")
        terminal.until(lambda screen: "-i lo -j ACCEPT" in screen, seconds=120)
        terminal.send("Q")
        assert terminal.process.wait(timeout=60) == 0
