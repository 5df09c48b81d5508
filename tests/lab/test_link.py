"""The cockpit over a cable that is cut and mended; a shell over SSH; a host that cannot be trusted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gbtui.config import load_config, resolve_host
from gbtui.facts.reading import State
from gbtui.guard.journal import Journal
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from gbtui.session import Session
from tests.terminal import Terminal
from tests.ui.screen_stage import WIDE, cockpit, see, until

from .cable import Cable
from .gbtui_over_ssh import Operator
from .test_inside import IN_SOURCE, PYTHON
from .twin.deploy import deploy
from .twin.fixtures import Lab
from .twin.settings import Settings
from .twin.shell import Shell

pytestmark = pytest.mark.timeout(900)
PATIENCE = 240.0


async def test_panes_keep_what_they_hold_while_the_link_is_down(lab: Lab, tmp_path: Path) -> None:
    async with Cable(lab.port) as cable:
        operator = Operator(lab, tmp_path, port=cable.port)
        host = SshHost(resolve_host("lab", load_config(operator.config)))
        session = Session(host, load(), Journal(tmp_path / "state"), user="test", tenant="acme")
        async with cockpit(session, WIDE, patience=PATIENCE) as (app, pilot):
            await see(app, pilot, "10.77.0.30", patience=PATIENCE)
            cable.cut()
            containers = app.root.feeds["containers"]
            await until(pilot, lambda: containers.reading.state is State.DISCONNECTED, PATIENCE)
            await see(app, pilot, "disconnected", "10.77.0.30", patience=PATIENCE)
            cable.mend()
            await until(pilot, lambda: containers.reading.state is State.OK, PATIENCE)
            assert host.link.connected


def test_a_shell_in_a_container_over_ssh_is_recorded(lab: Lab, tmp_path: Path) -> None:
    operator = Operator(lab, tmp_path)
    with Terminal([sys.executable, "-m", "gbtui"], env=operator.env) as terminal:
        terminal.until(lambda screen: "acme-dns" in screen and "10.77.0.53" in screen, seconds=PATIENCE)
        terminal.send("1/dns\r")
        terminal.until(lambda screen: "acme-alm-ci" not in screen, seconds=PATIENCE)
        terminal.send("!")
        terminal.until(lambda screen: "root@acme-dns" in screen, seconds=PATIENCE)
        terminal.send("exit\r")
        terminal.until(lambda screen: "containers" in screen and "root@" not in screen, seconds=PATIENCE)
    assert operator.story() == ["shell-opened", "shell-closed"]


def test_a_host_key_that_is_not_known_is_refused_with_what_to_do(lab: Lab, tmp_path: Path) -> None:
    operator = Operator(lab, tmp_path)
    (tmp_path / "known_hosts").write_text("")
    done = operator.run("show", "containers")
    assert done.returncode == 1
    assert "known_hosts" in done.stderr
    assert "ssh" in done.stderr.split("(", 1)[1], "the hint says how the key gets there"
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_user_who_may_not_use_lxd_is_told_what_to_grant(lab: Lab) -> None:
    deploy(Shell(Settings()))
    words = f"{IN_SOURCE} GBTUI_STATE=/tmp/nobody {PYTHON} -m gbtui --host local show containers"
    done = lab.run("sudo", "-u", "nobody", "sh", "-c", words, seconds=240)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "lxd" in done.stderr
    assert "group" in done.stderr
