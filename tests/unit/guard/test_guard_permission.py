"""Who has no permission changes nothing, by whatever route, and learns what to grant (item 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.lxd import DemoLxd
from gbtui.errors import Denied, Unreachable
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.permission import lacking
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command, Completed, LxdReply
from gbtui.hosts.errors import LXD_HINT, SUDO_HINT
from gbtui.profiles import load
from gbtui.session import Session
from tests.unit.guard.rig import UNTOUCHED, Answers, Rig, plan

SUDO_SAYS_NO = "echo 'sudo: a password is required' >&2; exit 1"


class Guarded(DemoHost):
    """A demo host whose sudo, or whose LXD, can be taken from the operator."""

    def __init__(self) -> None:
        super().__init__()
        self.sudo = True
        self.socket = GuardedLxd(self.state)
        self.lxd = self.socket

    async def run(self, command: Command) -> Completed:
        if command.root and not self.sudo:
            raise Denied("running it", why="sudo wants a password or does not allow it", hint=SUDO_HINT)
        return await super().run(command)


class GuardedLxd(DemoLxd):
    error: Denied | Unreachable | None = None

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        if self.error is not None:
            raise self.error
        return await super().get(path, params)


NO_LXD = Denied("LXD", why="no permission on /var/snap/lxd/common/lxd/unix.socket", hint=LXD_HINT)


def sudo(rig: Rig, body: str) -> None:
    """What sudo does on the rig's host, whoever runs these tests."""
    rig.host._sudo = True
    (rig.root / "bin/sudo").write_text(f"#!/bin/sh\n{body}\n")


async def test_without_sudo_every_route_is_refused_and_nothing_is_touched(rig: Rig) -> None:
    left = await rig.engine().apply(plan(rig.root), Answers(keeps="leave"))
    state, phases = rig.state(), rig.phases()
    sudo(rig, SUDO_SAYS_NO)
    answers, engine = Answers(), rig.engine()
    recovery = Recovery(engine)
    tried = [
        await engine.apply(plan(rig.root), answers),
        await engine.keep(left.id),
        await engine.revert(left.id),
        await recovery.finish(left.id, answers),
        await recovery.undo_unfinished(left.id, Answers()),
        await recovery.mark(left.id, "seen to"),
    ]
    for outcome in tried:
        assert outcome.result == "refused"
        assert "read-only: no permission for root: sudo wants a password" in outcome.message
        assert "grant it: a sudoers drop-in" in outcome.message
    assert answers.asked == []
    assert (rig.state(), rig.phases()) == (state, phases)


async def test_sudo_that_is_granted_meanwhile_lets_it_pass(rig: Rig) -> None:
    sudo(rig, SUDO_SAYS_NO)
    engine = rig.engine()
    assert (await engine.apply(plan(rig.root), Answers())).result == "refused"
    assert rig.state() == UNTOUCHED
    sudo(rig, '[ "$1" = -n ] && shift 2; exec "$@"')
    assert (await engine.apply(plan(rig.root), Answers())).result == "done"
    assert engine.read_only == ""


async def test_a_host_without_sudo_permits_nothing_either(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.host._sudo = True
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr("gbtui.hosts.process.PATH_EXTRA", str(tmp_path / "empty"))
    assert "no permission for root: " in await lacking(rig.host)


async def test_lxds_socket_is_asked_too_and_both_are_named() -> None:
    host = Guarded()
    assert await lacking(host) == ""
    host.socket.error = NO_LXD
    said = await lacking(host)
    assert said == f"no permission for LXD: {NO_LXD.why} ({LXD_HINT})"
    host.sudo = False
    assert "no permission for root: " in await lacking(host)
    assert said in await lacking(host)


async def test_an_lxd_that_does_not_answer_has_refused_nobody() -> None:
    host = Guarded()
    host.socket.error = Unreachable("LXD", why="nobody listens")
    assert await lacking(host) == ""


async def test_what_was_asked_for_stays_whatever_the_host_permits(tmp_path: Path) -> None:
    engine = Engine(Guarded(), Journal(tmp_path), user="t@h", read_only="started with --read-only")
    assert await engine.forbidden() == "started with --read-only"


async def test_a_session_says_it_once_it_is_open_and_takes_it_back_at_the_next_open(tmp_path: Path) -> None:
    host = Guarded()
    host.sudo = False
    session = Session(host, load(), Journal(tmp_path), user="test")
    await session.open()
    async with asyncio.timeout(10):
        while not session.read_only:
            await asyncio.sleep(0)
    assert "grant it" in session.read_only
    await session.close()
    host.sudo = True
    await session.open()
    async with asyncio.timeout(10):
        while session.read_only:
            await asyncio.sleep(0)
    await session.close()


async def test_opening_does_not_wait_for_the_answer(tmp_path: Path) -> None:
    class Slow(Guarded):
        async def run(self, command: Command) -> Completed:
            await asyncio.Event().wait()
            raise AssertionError

    session = Session(Slow(), load(), Journal(tmp_path), user="test")
    async with asyncio.timeout(10):
        await session.open()
        await session.close()
    assert session.read_only == ""
