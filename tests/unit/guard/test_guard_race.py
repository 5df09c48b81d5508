"""Two operators, one host: one change at a time, and a plan made before the other's change is refused."""

from __future__ import annotations

import asyncio
import subprocess  # noqa: TID251 - other operators are other processes
import sys
from pathlib import Path

import pytest

from gbtui.cli import main, opening
from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.lock import RUN_DIR, Holder
from gbtui.guard.plan import Plan
from gbtui.hosts.base import Command, inside
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.crash_stage import LoopClock, at_once
from tests.unit.guard.rig import CHANGED, Answers, Rig

ROOT = Path(__file__).parents[3]
BOX = "acme-system"
FIRST = "-A INPUT -i lo -j ACCEPT"


class Everything(Answers):
    """Acknowledges whatever warns; says yes when both have planned."""

    def __init__(self, plan: Plan, both: asyncio.Barrier) -> None:
        async def wait() -> None:
            await both.wait()

        super().__init__(acknowledged=tuple(v.guard for v in plan.warnings), before_yes=wait)


async def planned(host: DemoHost) -> Plan:
    return await find("firewall.accept-loopback").plan(Context(host, load()), {"container": BOX})


async def accepted(host: DemoHost) -> int:
    done = await host.run(inside(BOX, Command(("iptables", "-S", "INPUT"))))
    return done.stdout.decode().splitlines().count(FIRST)


def test_of_two_at_once_one_changes_and_the_other_is_told_who(tmp_path: Path) -> None:
    at_once(_two_at_once(tmp_path))


async def _two_at_once(tmp_path: Path) -> None:
    host = DemoHost(clock=LoopClock(), faults=["valkey-loopback"])
    both = asyncio.Barrier(2)
    alice = Engine(host, Journal(tmp_path / "a"), user="alice@laptop")
    bob = Engine(host, Journal(tmp_path / "b"), user="bob@there")
    plans = await planned(host), await planned(host)
    assert plans[0].fingerprint == plans[1].fingerprint
    outcomes = await asyncio.gather(
        *(one.apply(plan, Everything(plan, both)) for one, plan in zip((alice, bob), plans, strict=True))
    )
    assert sorted(outcome.result for outcome in outcomes) == ["done", "refused"]
    (refused,) = [outcome for outcome in outcomes if outcome.result == "refused"]
    (done,) = [outcome for outcome in outcomes if outcome.result == "done"]
    winner = "alice@laptop" if done is outcomes[0] else "bob@there"
    assert f"{winner} runs firewall.accept-loopback ({done.id}) since 20" in refused.message
    assert await accepted(host) == 1
    assert not host.state.locks


def test_the_seconds_plan_is_stale_once_the_first_is_through(tmp_path: Path) -> None:
    at_once(_one_after_the_other(tmp_path))


async def _one_after_the_other(tmp_path: Path) -> None:
    host = DemoHost(clock=LoopClock(), faults=["valkey-loopback"])
    first, second = await planned(host), await planned(host)
    alone = asyncio.Barrier(1)
    engine = Engine(host, Journal(tmp_path), user="alice@laptop")
    assert (await engine.apply(first, Everything(first, alone))).result == "done"
    stale = await engine.apply(second, Everything(second, alone))
    assert stale.result == "changed"
    assert "rules of acme-system" in stale.message
    assert await accepted(host) == 1
    assert (await planned(host)).noop


UNNAMED = "refused: another change is running on rig: its holder has not said who it is"


@pytest.mark.parametrize("racers", [2, 4])
def test_real_processes_race_and_one_wins(rig: Rig, racers: int) -> None:
    argv = [sys.executable, "-m", "tests.unit.guard.rig", str(rig.root)]
    running = [
        subprocess.Popen([*argv, f"racer{number}", "racer"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for number in range(racers)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "planned\n"
    (rig.root / "go").touch()
    said = [process.communicate(timeout=90)[0].strip() for process in running]
    assert sum(line.startswith("done: ") for line in said) == 1, said
    others = [line for line in said if not line.startswith("done: ")]
    for line in others:
        busy = line.startswith(("refused: another change is running on rig: racer", UNNAMED))
        assert busy or line.startswith("changed: changed since the preview: what is made."), line
    assert rig.state() == CHANGED
    assert (rig.root / "bell").read_text() == "rung\n"
    begun = [Journal(rig.root / f"state-racer{n}").entries() for n in range(racers)]
    assert sum(bool(entries) for entries in begun) == 1, "who changed nothing has nothing to tell"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_line_says_who_holds_the_host_and_since_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    host = DemoHost(faults=["valkey-loopback"])
    holder = Holder("bob@there", "proxy.reload", "20261123T140322Z-1a2b", "2026-11-23T14:03:22Z")
    host.state.locks[RUN_DIR] = holder.line()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    monkeypatch.setattr(opening, "_adapter", lambda *_: host)
    words = ["--demo", "apply", "firewall.accept-loopback", f"container={BOX}", "--yes"]
    words += ["--acknowledge", "services-restart"]
    assert main([*words, *(["--json"] if as_json else [])]) == 3
    captured = capsys.readouterr()
    said = "bob@there runs proxy.reload (20261123T140322Z-1a2b) since 2026-11-23T14:03:22Z"
    assert said in (captured.out if as_json else captured.err)
