"""A refusal holds, except where its guard says what to type; then exactly that text passes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.cli import main
from gbtui.demo.host import DemoHost
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Danger, Plan, Verdict
from gbtui.guard.port import Outcome
from gbtui.guard.recovery import Recovery
from gbtui.hosts.base import Command, inside
from gbtui.operations import catalog
from gbtui.operations.base import Context
from gbtui.profiles import load
from tests.unit.guard.rig import Answers
from tests.unit.operations import guarded

BOX = "acme-system"
TEXT = f"yes {BOX}"
HARD = Verdict("never", "refuse", "no")


@pytest.fixture
def host() -> DemoHost:
    return DemoHost()


async def planned(host: DemoHost, operation: str) -> Plan:
    known = {one.id: one for one in (guarded.REFUSED, guarded.UNLESS_TYPED)}
    return await known[operation].plan(Context(host, load()), {"container": BOX})


async def apply(host: DemoHost, path: Path, plan: Plan, typed: str = "") -> Outcome:
    every = tuple(verdict.guard for verdict in plan.verdicts)
    return await Engine(host, Journal(path), user="t@h").apply(plan, Answers(typed=typed, acknowledged=every))


async def there(host: DemoHost) -> bool:
    done = await host.run(inside(BOX, Command(("iptables", "-S", "INPUT"))))
    return guarded.SPEC in done.stdout.decode()


@pytest.mark.parametrize("typed", ["", TEXT, BOX, "never", "yes"])
async def test_nothing_typed_passes_a_refusal(host: DemoHost, tmp_path: Path, typed: str) -> None:
    outcome = await apply(host, tmp_path, await planned(host, "firewall.test-refused"), typed)
    assert outcome.result == "refused"
    assert "cut everybody off" in outcome.message
    assert "(guide 6)" in outcome.message
    assert not await there(host)
    assert Journal(tmp_path).entries() == ()


@pytest.mark.parametrize("typed", ["", BOX, "only-typed", TEXT.upper(), f"{TEXT} ", f" {TEXT}", "y"])
async def test_another_text_does_not_override(host: DemoHost, tmp_path: Path, typed: str) -> None:
    outcome = await apply(host, tmp_path, await planned(host, "firewall.test-typed"), typed)
    assert outcome.result == "refused"
    assert "everybody uses it (guide 9)" in outcome.message
    assert f"Type '{TEXT}'" in outcome.message
    assert not await there(host)


async def test_its_own_text_overrides_and_the_journal_says_so(host: DemoHost, tmp_path: Path) -> None:
    outcome = await apply(host, tmp_path, await planned(host, "firewall.test-typed"), TEXT)
    assert outcome.result == "done", outcome.message
    assert await there(host)
    begin = Journal(tmp_path).entries()[0]
    assert begin.data["overridden"] == ["only-typed"]


async def test_a_hard_refusal_beside_it_holds(host: DemoHost, tmp_path: Path) -> None:
    plan = await planned(host, "firewall.test-typed")
    both = replace(plan, verdicts=(*plan.verdicts, HARD))
    assert (await apply(host, tmp_path, both, TEXT)).message == "no"
    assert not await there(host)


async def test_two_texts_cannot_both_be_typed(host: DemoHost, tmp_path: Path) -> None:
    plan = await planned(host, "firewall.test-typed")
    other = Verdict("other", "refuse", "hm", unless_typed="another")
    for twice in (
        replace(plan, verdicts=(*plan.verdicts, other)),
        replace(plan, danger=Danger.IRREVERSIBLE, target=BOX),
    ):
        for typed in (TEXT, "another", BOX):
            assert (await apply(host, tmp_path, twice, typed)).result == "refused"
    assert not await there(host)
    irreversible = replace(plan, danger=Danger.IRREVERSIBLE, target=TEXT)
    assert (await apply(host, tmp_path, irreversible, TEXT)).result == "done"


async def test_a_warning_or_permission_cannot_ask_for_text(host: DemoHost, tmp_path: Path) -> None:
    plan = await planned(host, "firewall.test-typed")
    allowed = replace(plan, verdicts=(Verdict("g", "allow", "ok", unless_typed="x"),))
    assert allowed.must_type == ""
    assert (await apply(host, tmp_path, allowed)).result == "done"


async def test_read_only_is_not_overridden(host: DemoHost, tmp_path: Path) -> None:
    engine = Engine(host, Journal(tmp_path), user="t@h", read_only="--read-only")
    outcome = await engine.apply(await planned(host, "firewall.test-typed"), Answers(typed=TEXT))
    assert "read-only" in outcome.message
    assert not await there(host)


async def test_undo_has_its_own_refusals_and_none_can_be_typed_away(host: DemoHost, tmp_path: Path) -> None:
    done = await apply(host, tmp_path, await planned(host, "firewall.test-typed"), TEXT)
    engine = Engine(host, Journal(tmp_path), user="t@h")
    await host.run(inside(BOX, Command(("iptables", "-D", *guarded.RULE))))
    outcome = await engine.undo(done.id, Answers(typed=TEXT, acknowledged=("step-1-still-there",)))
    assert outcome.result == "refused"
    assert "is not as we left it any more" in outcome.message


async def test_recovery_begins_nothing_that_was_refused(host: DemoHost, tmp_path: Path) -> None:
    await apply(host, tmp_path, await planned(host, "firewall.test-refused"), TEXT)
    assert await Recovery(Engine(host, Journal(tmp_path), user="t@h")).unfinished() == ()


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    guarded.install(monkeypatch)


@pytest.mark.usefixtures("cli")
@pytest.mark.parametrize(
    ("operation", "more", "status"),
    [
        ("firewall.test-refused", ("--yes",), 3),
        ("firewall.test-refused", ("--yes", "--confirm", TEXT), 3),
        ("firewall.test-typed", ("--yes",), 3),
        ("firewall.test-typed", ("--yes", "--confirm", BOX), 3),
        ("firewall.test-typed", ("--confirm", TEXT), 3),
        ("firewall.test-typed", ("--yes", "--confirm", TEXT, "--read-only"), 3),
        ("firewall.test-typed", ("--yes", "--confirm", TEXT), 0),
    ],
)
def test_the_command_line(
    capsys: pytest.CaptureFixture[str], operation: str, more: tuple[str, ...], status: int
) -> None:
    assert main(["--demo", "apply", operation, f"container={BOX}", *more]) == status
    capsys.readouterr()
    assert main(["journal", "--json"]) == 0
    assert bool(json.loads(capsys.readouterr().out)["records"]) is (status == 0)


@pytest.mark.usefixtures("cli")
def test_the_plan_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "plan", "firewall.test-typed", f"container={BOX}"]) == 3
    assert f"--confirm '{TEXT}' overrides it" in capsys.readouterr().out
    assert main(["--demo", "plan", "firewall.test-typed", f"container={BOX}", "--json"]) == 3
    plan = json.loads(capsys.readouterr().out)
    assert plan["confirm"] == TEXT
    assert plan["verdicts"][0]["unless_typed"] == TEXT


@pytest.mark.usefixtures("cli")
def test_every_operation_is_listed_with_its_guards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops"]) == 0
    blocks = capsys.readouterr().out.strip().split("\n\n")
    said = {block.split()[0]: "".join(block.split()) for block in blocks}
    assert main(["ops", "--json"]) == 0
    shown = {one["id"]: one for one in json.loads(capsys.readouterr().out)["operations"]}
    for operation in catalog.OPERATIONS:
        assert operation.guards, operation.id
        for guard in operation.guards:
            assert guard.id in said[operation.id]
            assert guard.sentence
        assert [one["id"] for one in shown[operation.id]["guards"]] == [
            guard.id for guard in operation.guards
        ]
        for parameter in operation.parameters:
            assert "".join(parameter.usage.split()) in said[operation.id]
