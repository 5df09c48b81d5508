"""Every command that opens a host says first what was left unfinished there: on stderr, by one look."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gbtui.cli import main, opening
from gbtui.demo.host import DemoHost
from gbtui.errors import Denied
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal, Record
from gbtui.hosts.base import Command, Completed
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers


class Now:
    """The machine's own time, and nothing takes any of it: no timer fires while a test is slow."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    wait = sleep


class Counting(DemoHost):
    """A demo host that counts gbtui's own looks, and may refuse root."""

    def __init__(self) -> None:
        super().__init__(clock=Now(), faults=("valkey-loopback",))
        self.looks: Counter[str] = Counter()
        self.sudo = True

    async def run(self, command: Command) -> Completed:
        if command.root and not self.sudo:
            raise Denied("running it", why="sudo wants a password or does not allow it")
        if command.argv[3:4] and command.argv[3].startswith(("gbtui-revert", "gbtui-lock")):
            self.looks[command.argv[3]] += 1
        return await super().run(command)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    made = Counting()
    monkeypatch.setattr(opening, "_adapter", lambda _chosen, _drill: made)
    return made


def left_armed(host: Counting) -> str:
    """An operation that nobody has kept: its id."""
    (op_id,) = {entry.id for entry in asyncio.run(applied(host))}
    host.looks.clear()
    return op_id


class Killed(BaseException):
    """gbtui is gone from one instant to the next."""


def left_unfinished(host: Counting) -> str:
    """An operation whose terminal died in the middle: its id."""

    def die(label: str) -> None:
        if label == "step-done:0":
            raise Killed

    with pytest.raises(Killed):
        asyncio.run(applied(host, die))
    (op_id,) = Journal().unfinished(host.name)
    return op_id


async def applied(host: Counting, observe: Callable[[str], None] = lambda _label: None) -> list[Record]:
    plan = await find("firewall.accept-loopback").plan(Context(host, load()), {"container": "acme-system"})
    warned = tuple(verdict.guard for verdict in plan.warnings)
    engine = Engine(host, Journal(), user="alice@laptop", observe=observe)
    await engine.apply(plan, Answers(keeps="leave", acknowledged=warned))
    return list(Journal().entries(host.name))


COMMANDS = {
    "plan": ("plan", "containers.stop", "container=acme-webmail", "--json"),
    "show": ("show", "containers", "--json"),
    "check": ("check", "containers.internal-only", "--json"),
    "undo": ("undo", "20200101-000000-none", "--json"),
    "keep": ("keep", "20200101-000000-none", "--json"),
    "revert": ("revert", "20200101-000000-none", "--json"),
    "apply": ("apply", "containers.start", "container=acme-webmail", "--json"),
    "recover": ("recover", "20200101-000000-none", "--mark", "x", "--json"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_tells_on_stderr_and_never_in_the_document(
    host: Counting, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    op_id = left_armed(host)
    main(["--demo", *COMMANDS[name]])
    out, err = capsys.readouterr()
    assert f"gbtui: {op_id} " in err
    assert f"unless: gbtui keep {op_id}" in err
    assert op_id not in out
    assert json.loads(out)["schema"] == 1


def test_what_was_cut_off_is_told_with_the_way_out(
    host: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    op_id = left_unfinished(host)
    main(["--demo", "show", "containers"])
    err = capsys.readouterr().err
    assert f"gbtui: unfinished: {op_id} " in err
    assert f"(gbtui recover {op_id})" in err


def test_the_printed_first_page_tells_too(host: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    op_id = left_armed(host)
    main(["--demo"])
    assert f"unless: gbtui keep {op_id}" in capsys.readouterr().err


def test_a_command_is_not_told_of_what_it_is_about(
    host: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    op_id = left_armed(host)
    assert main(["--demo", "keep", op_id]) == 0
    assert op_id not in capsys.readouterr().err


def test_one_look_where_there_is_nothing(host: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "show", "containers"]) == 0
    assert capsys.readouterr().err == ""
    assert host.looks == {"gbtui-revert-list": 1}


def test_only_a_command_that_acts_counts_as_told(host: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    op_id = left_armed(host)

    async def fired() -> None:
        from gbtui.guard.revert import Reverter

        await Reverter(host).now(op_id)

    asyncio.run(fired())
    for _ in range(2):
        main(["--demo", "show", "containers"])
        assert f"gbtui: {op_id} " in capsys.readouterr().err
    main(["--demo", "apply", "containers.start", "container=acme-webmail"])
    assert f"gbtui: {op_id} " in capsys.readouterr().err
    main(["--demo", "show", "containers"])
    assert op_id not in capsys.readouterr().err


def test_who_may_not_look_is_told_what_the_journal_knows_and_gets_the_answer(
    host: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    host.sudo = False
    assert main(["--demo", "show", "containers"]) == 0
    assert capsys.readouterr().err == ""
    host.sudo = True
    op_id = left_unfinished(host)
    host.sudo = False
    assert main(["--demo", "show", "containers"]) == 0
    assert f"unfinished: {op_id}; how it stands cannot be seen" in capsys.readouterr().err
