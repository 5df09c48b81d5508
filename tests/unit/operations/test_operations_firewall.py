"""`firewall.accept-loopback` on the simulated host, through the real engine: the guide's incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Danger, Exec, Plan, Replace, Step, Wait
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command, inside
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import load
from tests.unit.guard.rig import Answers

BOX = "acme-system"
FIRST = "-A INPUT -i lo -j ACCEPT"
SAVED = "/etc/iptables/rules.v4"
YES = Answers(acknowledged=("services-restart", "survives-reboot", "undo-warning"))
BACK = Answers(acknowledged=(*YES.acknowledged, "loopback-stays"))


@pytest.fixture
def host() -> DemoHost:
    return DemoHost(faults=["valkey-loopback"])


async def plan(host: DemoHost, container: str = BOX) -> Plan:
    context = Context(host, load(), now=lambda: datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC))
    return await find("firewall.accept-loopback").plan(context, {"container": container})


async def rules(host: DemoHost) -> list[str]:
    done = await host.run(inside(BOX, Command(("iptables", "-w", "-S", "INPUT"))))
    return done.stdout.decode().splitlines()[1:]


async def sh(host: DemoHost, *argv: str) -> bytes:
    return (await host.run(inside(BOX, Command(argv)))).stdout


def engine(host: DemoHost, path: Path) -> Engine:
    guards = guarding(Context(host, load()))
    return Engine(host, Journal(path), user="tester@here", guard_undo=guards)


async def test_the_incident_is_repaired(host: DemoHost, tmp_path: Path) -> None:
    assert (await rules(host))[0] != FIRST
    before = await host.read(SAVED, instance=BOX)
    made = await plan(host)
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message
    assert (await rules(host))[0] == FIRST
    assert FIRST.encode() in await host.read(SAVED, instance=BOX)
    assert await host.read(f"{SAVED}.bak-20261123140322", instance=BOX) == before
    assert (await sh(host, "timeout", "2", load().cache_client, "ping")).strip() == b"PONG"
    assert (await plan(host)).noop.startswith("already right: loopback is accepted before any DROP")


async def test_the_plan_says_what_it_does(host: DemoHost) -> None:
    made = await plan(host)
    assert [type(step.does) for step in made.steps] == [Exec, Replace, Wait, Exec, Wait, Wait]
    assert made.danger is Danger.DISRUPTIVE
    assert made.dark == ("botserver :5858, about 10 s", "botui :5859, about 10 s")
    assert made.revert_after == 60.0
    assert [step.armed for step in made.steps] == [True, True, False, False, False, False]
    assert "DROP stands at" in made.why
    assert {item for verdict in made.verdicts for item in verdict.items} >= {32, 33, 34, 36, 37, 67}
    assert not made.refused
    assert "services-restart" in [verdict.guard for verdict in made.warnings]
    save = made.steps[1].does
    assert isinstance(save, Replace)
    assert save.after.index(FIRST.encode()) < save.after.index(b"DROP")


async def test_equal_facts_give_an_equal_fingerprint_and_counters_do_not_matter(host: DemoHost) -> None:
    first = await plan(host)
    await sh(host, "timeout", "2", load().cache_client, "ping")
    assert (await plan(host)).fingerprint == first.fingerprint
    await sh(host, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "9100", "-j", "DROP")
    assert (await plan(host)).fingerprint != first.fingerprint


async def test_a_rule_added_while_the_plan_was_read_makes_it_stale(host: DemoHost, tmp_path: Path) -> None:
    made = await plan(host)
    await sh(host, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "9100", "-j", "DROP")
    before = await rules(host)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "changed"
    assert await rules(host) == before


async def test_running_right_and_saved_wrong_is_only_saved(host: DemoHost, tmp_path: Path) -> None:
    await sh(host, "iptables", "-w", "-I", "INPUT", "1", "-i", "lo", "-j", "ACCEPT")
    made = await plan(host)
    assert [type(step.does) for step in made.steps] == [Replace]
    assert made.danger is Danger.REVERSIBLE
    assert made.dark == ()
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert (await plan(host)).noop


async def test_a_healthy_host_is_a_no_op(tmp_path: Path) -> None:
    host = DemoHost()
    made = await plan(host)
    assert made.noop
    assert made.steps == ()
    assert (await engine(host, tmp_path).apply(made, YES)).result == "noop"


async def test_a_later_accept_is_no_accept(host: DemoHost, tmp_path: Path) -> None:
    """Accepted, but after the DROP: a second rule goes first, and undoing takes only that one."""
    await sh(host, "iptables", "-w", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
    before = await rules(host)
    made = await plan(host)
    assert "loopback at" in made.why
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert await rules(host) == [FIRST, *before]
    undone = await engine(host, tmp_path).undo(done.id, BACK)
    assert undone.result == "done", undone.message
    assert await rules(host) == before


async def test_undo_warns_and_puts_rules_and_file_back(host: DemoHost, tmp_path: Path) -> None:
    before, file = await rules(host), await host.read(SAVED, instance=BOX)
    working = engine(host, tmp_path)
    done = await working.apply(await plan(host), YES)
    back = await working.plan_undo(done.id)
    assert "cut off again" in back.warnings[0].reason
    refused = await working.apply(back, YES)
    assert (refused.result, "loopback is cut off over IPv4" in refused.message) == ("refused", True)
    assert "(guide 37, 67)" in refused.message
    assert (await rules(host))[0] == FIRST
    assert (await working.apply(back, BACK)).result == "done"
    assert await rules(host) == before
    assert await host.read(SAVED, instance=BOX) == file


async def test_a_cache_that_stays_silent_undoes_everything(host: DemoHost, tmp_path: Path) -> None:
    before, file = await rules(host), await host.read(SAVED, instance=BOX)
    await sh(host, "systemctl", "stop", "valkey-server")
    made = await plan(host)
    quick = [s if not isinstance(s.does, Wait) else _quick(s) for s in made.steps]
    outcome = await engine(host, tmp_path).apply(_with(made, tuple(quick)), YES)
    assert outcome.result == "failed-undone", outcome.message
    assert "PONG" in outcome.message
    assert await rules(host) == before
    assert await host.read(SAVED, instance=BOX) == file


async def test_nobody_keeps_it_and_the_host_reverts(host: DemoHost, tmp_path: Path) -> None:
    before, file = await rules(host), await host.read(SAVED, instance=BOX)
    working = engine(host, tmp_path)
    outcome = await working.apply(await plan(host), Answers(keeps="revert", acknowledged=YES.acknowledged))
    assert outcome.result == "reverted", outcome.message
    assert await rules(host) == before
    assert await host.read(SAVED, instance=BOX) == file
    assert await Recovery(working).unfinished() == ()


@pytest.mark.parametrize(
    ("container", "words"), [("acme-nothing", "there is no container"), ("acme-webmail", "stopped")]
)
async def test_a_container_that_cannot_be_asked_is_refused_in_words(
    tmp_path: Path, container: str, words: str
) -> None:
    host = DemoHost(faults=["container-stop"])
    made = await plan(host, container)
    assert words in made.refused[0].reason
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"


def _quick(step: Step) -> Step:
    assert isinstance(step.does, Wait)
    return replace(step, does=replace(step.does, timeout=0.1, interval=0.05))


def _with(made: Plan, steps: tuple[Step, ...]) -> Plan:
    return replace(made, steps=steps)
