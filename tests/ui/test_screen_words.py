"""The pure halves of the screens: troubles, details, stories, progress; and plans of every danger."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import TimedOut
from gbtui.facts.reading import Reading, State
from gbtui.facts.snapshots import Pool, SnapshotRow, Snapshots
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.port import Approval, Event, Outcome
from screens import crash
from screens.details_words import of_row, plain
from screens.journal_words import OUTCOME_LOOK, entries, story
from screens.operate import Desk
from screens.plan import PlanScreen
from screens.plan_parts import guide, undo_line
from screens.run_state import RunState
from screens.troubles import Since, Trouble, troubles_in, worst_first
from tests.ui.screen_stage import cockpit, screen_text, see, session, until

STEP = Step("Delete it", Exec("host", ("zfs", "destroy", "tank/a b@c")), no_undo="gone is gone")
PLAN = Plan(
    operation="snapshots.delete",
    parameters=(("dataset", "tank/a"),),
    title="Delete a snapshot",
    why="the pool is full",
    danger=Danger.IRREVERSIBLE,
    steps=(STEP,),
    verify=(Wait(Probe("gone", Exec("host", ("true",)), "status", "0"), 5.0),),
    verdicts=(Verdict("not-newest", "allow", "two newer ones exist", (80,)),),
    relies_on=(),
    fingerprint="f",
    target="tank/a@c",
)


def test_the_panes_say_what_cannot_be_read_and_leave_the_rest_to_the_checks() -> None:
    pool = Pool("tank", "DEGRADED", 100, 95, 5, 95)
    reading = Reading(State.STALE, Snapshots((pool,), ()), error=TimedOut("zfs list", why="no answer"))
    found = tuple(troubles_in("snapshots", reading))
    assert [(trouble.role, trouble.words) for trouble in found] == [
        ("unknown", "snapshots: cannot be read: no answer")
    ]
    worse = Trouble("error", "tank", "pool is DEGRADED")
    assert worst_first((*found, worse)) == (worse, *found)


def test_nothing_read_yet_is_not_quiet() -> None:
    assert [t.role for t in troubles_in("bans", Reading())] == ["unknown"]


def test_since_is_the_first_time_and_forgets_what_went_away() -> None:
    since, trouble = Since(), Trouble("warn", "tank", "pool is 85% full")
    first = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    later = first + timedelta(minutes=4)
    assert since.of([trouble], first)[trouble] == first
    assert since.of([trouble], later)[trouble] == first
    since.of([], later)
    assert since.of([trouble], later)[trouble] == later


@given(st.text(max_size=80), st.text(max_size=200), st.integers(-50, 300))
def test_a_trouble_fits_the_cells_it_gets(subject: str, message: str, width: int) -> None:
    words = Trouble("error", subject, message).in_cells(width)
    assert len(words) <= max(24, width)


def test_details_say_which_half_of_a_snapshot_is_missing() -> None:
    row = SnapshotRow("tank/a", "s1", 5, 7, None, 0, "lxd", "dataset", "a")
    title, groups = of_row(row)
    assert title == "tank/a@s1"
    assert "behind LXD's back" in plain(groups)


def test_a_step_that_fails_keeps_its_words_and_is_undone() -> None:
    state = RunState.of(PLAN)
    for phase, output in (("step-begin", ""), ("step-failed", "no such dataset"), ("undo-done", "")):
        state.take(Event("x", phase, "Delete it", 0, 1.5, output))
    assert (state.steps[0].state, state.steps[0].output, state.id) == ("undone", "no such dataset", "x")


@given(st.text(string.ascii_lowercase + "-", max_size=20), st.integers(-3, 9))
def test_no_event_breaks_the_progress(phase: str, step: int) -> None:
    RunState.of(PLAN).take(Event("x", phase, "t", step))


def test_a_story_without_an_end_is_unfinished(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append("a1", "demo", "begin", title="[/] first", by="alice")
    journal.append("a2", "demo", "shell-opened", container="acme-alm", by="alice")
    found = entries(journal.entries("demo"))
    assert [(entry.id, entry.outcome) for entry in found] == [("a2", "shell"), ("a1", "unfinished")]
    assert "[/] first" in story(found[1], journal.story("a1")).plain
    assert {entry.outcome for entry in found} <= set(OUTCOME_LOOK)


def test_what_cannot_be_undone_says_why() -> None:
    assert undo_line(STEP) == "irreversible: gone is gone"
    assert undo_line(replace(STEP, no_undo="irreversible: it is out", publishes="it")) == (
        "irreversible: it is out"
    )
    assert undo_line(replace(STEP, no_undo="")) == "irreversible"
    assert undo_line(replace(STEP, no_undo="with the step after it", part=True)) == "with the step after it"
    assert guide("cut off (guide 32)", (31, 32)) == "cut off (guide 32)"
    assert guide("cut off", (31, 32)) == "cut off (guide 31, 32)"


@given(st.text(max_size=200))
def test_redacting_never_fails_and_is_stable(words: str) -> None:
    once = crash.redact(words)
    assert crash.redact(once) == once


async def test_an_irreversible_plan_wants_the_name_typed(tmp_path: Path) -> None:
    approved: list[Approval] = []

    async def asked(desk: Desk) -> Outcome:
        approved.append(await desk.approve(PLAN))
        return Outcome("", "done", "deleted", PLAN)

    async with cockpit(session(tmp_path)) as (app, pilot):
        app.operator.engage(asked)
        await see(app, pilot, "Delete a snapshot", "irreversible", "type tank/a@c to confirm", "Cancel")
        await pilot.press("y")
        await pilot.pause()
        assert not approved  # the cursor went to where the name is typed
        await pilot.press(*"tank/a@b", "enter", "tab", "y")
        await pilot.pause()
        assert not approved
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        screen.query_one("#typed").focus()
        await pilot.press("backspace", "c", "tab", "y")
        await until(pilot, lambda: approved)
        assert (approved[0].yes, approved[0].typed) == (True, "tank/a@c")


@pytest.mark.parametrize("result", ["refused", "changed", "failed", "failed-undone", "reverted"])
async def test_every_ending_is_said_in_words(tmp_path: Path, result: str) -> None:
    plan = replace(PLAN, verdicts=(Verdict("held", "refuse", "a hold is on it: release it first", (82,)),))

    async def ended(_: Desk) -> Outcome:
        return Outcome("x", result, "because of [/] that", plan)  # type: ignore[arg-type] # one of the results

    async with cockpit(session(tmp_path)) as (app, pilot):
        app.operator.engage(ended)
        await see(app, pilot, "because of [/] that", "a hold is on it", "Close")
        assert result.split("-", maxsplit=1)[0] in screen_text(app)
        await pilot.press("y", "enter")
        await until(pilot, lambda: app.screen is app.root)
