"""Every runbook whose fault is real on the twin, walked by keystrokes over SSH: from symptom to *verified*.

One drill for each, in `make lab-full`: the twin is put back for every one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from textual.widgets import Input

from gbtui.checks.catalog import chosen
from gbtui.config import load_config, resolve_host
from gbtui.guard.journal import Journal
from gbtui.hosts.ssh import SshHost
from gbtui.incidents.types import ringing as ringing_on
from gbtui.profiles import load
from gbtui.runbooks.catalog import runbooks
from gbtui.runbooks.drills import find_drill
from gbtui.runbooks.types import Runbook, Step
from gbtui.session import Session
from screens.app import CockpitApp
from screens.choose import ChoiceList, Choose
from screens.drill import DrillScreen, begin_drill
from screens.form import Form
from screens.plan import PlanScreen
from screens.runbook import RunbookScreen
from tests.ui.screen_stage import WIDE, AppPilot, cockpit, toasts, until
from tests.unit.runbooks.walk_cases import ROWS, Row

from .ci_stage import ssh_lent
from .gbtui_over_ssh import Operator
from .release_stage import built, checked_out, names_its_commit
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(1800), full]
PATIENCE = 300.0
MOST = 40
FAULTS = {path.stem for path in (Path(__file__).parent / "faults").glob("*.sh")}
BOOKS = {book.id: book for book in runbooks(Path("/nowhere"))[0]}
DRILLED = ("valkey-timeout", "vault-sealed")


def drill_of(book: Runbook) -> str:
    """The first of its drills that the twin knows; "" for none."""
    return next((name for name in book.drills if name in FAULTS), "")


VALUES = {"bot": "default"}
"""Parameters that are others here than on the demo host."""
USERS = "CREATE TABLE IF NOT EXISTS users (id uuid PRIMARY KEY)"
BUILDS = ("deploy-fix", "suggestions-missing")
"""Their walks deliver a build: it has to be there, and botserver has to name its commit."""


WALKED = [id_ for id_, book in BOOKS.items() if drill_of(book)]


def test_most_runbooks_can_be_walked_here() -> None:
    assert len(WALKED) >= 14, sorted(set(BOOKS) - set(WALKED))


@pytest.mark.parametrize("id_", WALKED)
async def test_from_symptom_to_verified(lab: Lab, tmp_path: Path, id_: str) -> None:
    book, row = BOOKS[id_], ROWS[id_]
    drill = drill_of(book)
    lab.reset()
    if row.prepared:
        assert lab.run(*row.prepared).returncode == 0
    if id_ in BUILDS:
        built(lab, "1111111")
        names_its_commit(lab)
        checked_out(lab)
        lab.inside("system", "psql", "-h", "localhost", "-U", "gbuser", "-d", "botserver", "-c", USERS)
    if id_ == "runner-cannot-deploy":
        ssh_lent(lab)
    await asyncio.to_thread(lab.fault, drill)
    session = session_on(lab, tmp_path)
    async with cockpit(session, WIDE, patience=PATIENCE) as (app, pilot):
        await until(pilot, lambda: app.opened, PATIENCE)
        assert await ringing(session, book), f"{drill} leads to no finding of {id_}"
        screen = await opened(app, pilot, book, row, tmp_path)
        await walked(app, pilot, screen, row, lambda: lab.undo(drill))
        assert screen.walk.ended, told(screen, app)
        assert "failed" not in [one.state for one in screen.walk.records], told(screen, app)
        assert await ringing(session, book) == [], told(screen, app)
    assert session.journal.verify().broken == 0


def session_on(lab: Lab, folder: Path) -> Session:
    host = SshHost(resolve_host("lab", load_config(Operator(lab, folder).config)))
    return Session(host, load(), Journal(folder / "state"), user="test", tenant="acme")


@pytest.mark.parametrize("id_", DRILLED)
async def test_a_drill_is_practised_on_the_twin_and_scored(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, id_: str
) -> None:
    """As `gbtui --host lab drill NAME`: somebody else puts the fault in; the symptom is all that is told."""
    monkeypatch.setenv("GBTUI_WAIVERS", str(Path(__file__).parent / "waivers.toml"))
    book, row = BOOKS[id_], ROWS[id_]
    drill = drill_of(book)
    lab.reset()
    session = session_on(lab, tmp_path)
    async with cockpit(session, WIDE, patience=PATIENCE) as (app, pilot):
        await until(pilot, lambda: app.opened, PATIENCE)
        await asyncio.to_thread(lab.fault, drill)
        begin_drill(app, find_drill(drill))
        await until(pilot, lambda: isinstance(app.screen, DrillScreen), PATIENCE)
        await until(pilot, lambda: "rang" in str(session.incidents.current), PATIENCE)
        await pilot.press("q")
        screen = await opened(app, pilot, book, row, tmp_path)
        await walked(app, pilot, screen, row, lambda: lab.undo(drill))
        practice = session.practice
        assert practice is not None
        try:
            await until(pilot, lambda: practice.over is not None, PATIENCE)
        except TimeoutError:
            assert practice.timeline is not None
            rings = [one.title for one in ringing_on(practice.timeline.entries).values()]
            pytest.fail(f"it is not over: {rings}\n{told(screen, app)}")
        score = practice.score()
    assert score is not None
    assert score.repaired, score
    assert score.mistakes == (), score
    assert score.points > 0, score


async def ringing(session: Session, book: Runbook) -> list[tuple[str, str]]:
    report = await session.inspector(chosen(book.findings)).once(fresh=True)
    return [one.key for one in report.findings]


async def opened(app: CockpitApp, pilot: AppPilot, book: Runbook, row: Row, folder: Path) -> RunbookScreen:
    """The runbook, chosen among those offered; what it asks for is typed into its form."""
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen, Choose), PATIENCE)
    await chosen_line(app, pilot, book.id)
    await until(pilot, lambda: isinstance(app.screen, RunbookScreen | Form), PATIENCE)
    if isinstance(app.screen, Form):
        for parameter in book.parameters:
            value = VALUES.get(parameter.name, row.values.get(parameter.name, ""))
            if parameter.name in row.files:
                file = folder / parameter.name
                caddyfile = await app.session.host.read("/opt/gbo/conf/config", instance="acme-proxy")
                file.write_bytes(b"# mine\n" + caddyfile)
                value = str(file)
            field = next(one for one in app.screen.query(Input) if one.name == parameter.name)
            field.focus()
            field.value = value
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunbookScreen), PATIENCE)
    assert isinstance(app.screen, RunbookScreen)
    return app.screen


async def chosen_line(app: CockpitApp, pilot: AppPilot, id_: str) -> None:
    """Move to a line of the box on screen, and choose it."""
    offered = app.screen.query_one(ChoiceList)
    wanted = offered.get_option_index(id_)
    now = offered.highlighted or 0
    await pilot.press(*["j" if wanted > now else "k"] * abs(wanted - now))
    await until(pilot, lambda: offered.highlighted == wanted)
    await pilot.press("enter")


async def walked(
    app: CockpitApp, pilot: AppPilot, screen: RunbookScreen, row: Row, mend: Callable[[], None]
) -> None:
    """Step by step to the end, or to the first that fails and leads nowhere."""
    for _ in range(MOST):
        step, began = screen.step, monotonic()
        if step is None or (screen.walk.records and screen.walk.records[-1].state == "failed"):
            return
        await one_step(pilot, screen, step, row, mend)
        print(f"[walk {monotonic() - began:6.1f}s] {step.id} ({step.kind})", flush=True)
    raise AssertionError(f"goes round: {told(screen, app)}")


async def one_step(
    pilot: AppPilot, screen: RunbookScreen, step: Step, row: Row, mend: Callable[[], None]
) -> None:
    """`step` done by its key, answered, or approved on the plan screen."""
    app, before = screen.cockpit, ended(screen)
    await pilot.press("enter")
    if step.kind == "ask":
        await until(pilot, lambda: isinstance(app.screen, Choose), PATIENCE)
        if step.id in row.hands:
            await asyncio.to_thread(mend)
        await chosen_line(app, pilot, row.says.get(step.id, step.answers[0].text))
    elif step.kind == "operation":
        await until(pilot, lambda: _planned(app) or ended(screen) > before, PATIENCE)
        if _planned(app):
            await approved(app, pilot)
    await until(pilot, lambda: ended(screen) > before and not screen._doing, PATIENCE)
    await until(pilot, lambda: app.screen is screen, PATIENCE)


def ended(screen: RunbookScreen) -> int:
    return sum(one.state != "begun" for one in screen.walk.records)


def _planned(app: CockpitApp) -> bool:
    return isinstance(app.screen, PlanScreen) and app.screen.stage in ("asking", "ended")


async def approved(app: CockpitApp, pilot: AppPilot) -> None:
    """The plan on screen: warnings acknowledged, what has to be typed typed, run, kept, left."""
    plan = app.screen
    assert isinstance(plan, PlanScreen)
    await until(pilot, lambda: plan.seen_at is not None or plan.stage == "ended", PATIENCE)
    if plan.stage == "asking":
        if plan.plan.must_type:
            field = plan.query_one("#typed", Input)
            field.value = plan.plan.must_type
            plan.query_one("#cancel").focus()
        await pilot.press(*["w"] * len(plan.plan.warnings), "y")
        await until(pilot, lambda: plan.stage in ("keep", "ended"), PATIENCE)
        if plan.pending:
            await pilot.press("K")
        await until(pilot, lambda: plan.stage == "ended", PATIENCE)
    await pilot.press("q")


def told(screen: RunbookScreen, app: CockpitApp) -> str:
    """What is to be read where a walk went wrong."""
    done = (one for one in screen.walk.records if one.state != "begun")
    rows = [f"{one.step}: {one.state} {one.note} {one.output}" for one in done]
    return "\n".join((*rows, toasts(app)))
