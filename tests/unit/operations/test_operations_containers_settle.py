"""A service that was up before what it looks for only at its start is restarted with its container."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess  # noqa: TID251 - the shell under test is another process
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gbtui.demo.clock import RealClock
from gbtui.guard.plan import Danger, Exec
from gbtui.operations.containers_settle import SETTLE
from tests.unit.operations.containers_rig import Desk

SYSTEM, DRIVE, UNIT = "acme-system", "acme-drive", "system.service"
TITLE = "Restart system.service if it was up before :6379"
HEALTH = ("curl", "-sS", "-w", "%{http_code}", "-o", "/dev/null", "http://127.0.0.1:5858/health")
SYSTEMCTL = '#!/bin/sh\necho "$*" >>"${0%/*}/log"\n'


class Health(BaseHTTPRequestHandler):
    """Answers what its server was told to."""

    server: Served

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class Served(HTTPServer):
    """A service's health URL."""

    status = 200


@pytest.fixture
def served() -> Iterator[Served]:
    with Served(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def settle(folder: Path, port: int, needs: int, seconds: str = "20") -> tuple[str, list[str]]:
    """What the script says, and what systemctl was told."""
    (folder / "systemctl").write_text(SYSTEMCTL)
    (folder / "systemctl").chmod(0o755)
    (folder / "log").touch()
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    words = ("gbtui-settle", UNIT, f"http://127.0.0.1:{port}/health", seconds, str(needs))
    argv = ["sh", "-c", SETTLE, *words]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip(), (folder / "log").read_text().splitlines()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as once:
        return int(once.getsockname()[1])


def test_who_is_healthy_is_left_alone(tmp_path: Path, served: Served) -> None:
    port = served.server_port
    assert settle(tmp_path, port, port) == (f"{UNIT} found what it needs", [])


def test_who_was_first_is_restarted_once(tmp_path: Path, served: Served) -> None:
    served.status = 503
    port = served.server_port
    assert settle(tmp_path, port, port) == (f"{UNIT} was up first: restarted", [f"restart {UNIT}"])


def test_nothing_is_restarted_before_what_it_needs_is_there(tmp_path: Path, served: Served) -> None:
    served.status = 503
    said, told = settle(tmp_path, served.server_port, closed_port(), seconds="1")
    assert "is left as it is" in said
    assert told == []


def test_who_does_not_answer_is_left_alone(tmp_path: Path, served: Served) -> None:
    said, told = settle(tmp_path, closed_port(), served.server_port, seconds="1")
    assert "is left as it is" in said
    assert told == []


def test_nothing_is_restarted_where_nothing_there_can_ask(tmp_path: Path, served: Served) -> None:
    (tmp_path / "curl").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "curl").chmod(0o755)
    said, told = settle(tmp_path, served.server_port, served.server_port, seconds="1")
    assert "is left as it is" in said
    assert told == []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, clock=RealClock())  # botserver needs its three seconds


@pytest.mark.parametrize("how", ["restart", "set-privileged", "start"])
async def test_a_degraded_botserver_comes_back_with_its_container(desk: Desk, how: str) -> None:
    desk.host.state.places[SYSTEM].units[UNIT].cache_reached = False
    given = {"value": "true"} if how == "set-privileged" else {}
    if how == "set-privileged":
        reply = await desk.host.lxd.get(f"instances/{SYSTEM}")
        config = {key: value for key, value in reply.data["config"].items() if key != "security.privileged"}
        await desk.host.lxd.put(f"instances/{SYSTEM}", {"config": config})
    if how == "start":
        await desk.run("lxc", "stop", SYSTEM)
    plan = await desk.plan(f"containers.{how}", container=SYSTEM, **given)
    assert plan.steps[-1].title == TITLE
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert await desk.run(*HEALTH, where=SYSTEM) == "200"


async def test_a_stop_is_taken_back_with_a_botserver_that_works(desk: Desk) -> None:
    desk.host.state.places[SYSTEM].units[UNIT].cache_reached = False
    stopped = await desk.done("containers.stop", container=SYSTEM)
    assert (await desk.undo(stopped)).result == "done"
    async with asyncio.timeout(30):  # it needs its three seconds once more
        while not (said := await desk.run(*HEALTH, where=SYSTEM)):
            await asyncio.sleep(0.1)
    assert said == "200"


async def test_a_start_with_it_can_still_be_taken_back(desk: Desk) -> None:
    await desk.run("lxc", "stop", SYSTEM)
    plan = await desk.plan("containers.start", container=SYSTEM)
    assert plan.danger is Danger.REVERSIBLE
    done = await desk.apply(plan)
    assert (await desk.undo(done)).result == "done"
    assert not desk.instance(SYSTEM).running


async def test_other_containers_have_no_such_step(desk: Desk) -> None:
    plan = await desk.plan("containers.restart", container=DRIVE)
    assert [
        step.does for step in plan.steps if isinstance(step.does, Exec) and step.does.where == DRIVE
    ] == []
