"""The engine on a real host: what is promised happens, and what is refused touches nothing."""

from __future__ import annotations

import asyncio
import fcntl
import subprocess  # noqa: TID251 - limits of the kernel are for another process
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gbtui.errors import NotFound
from gbtui.guard.fingerprint import rely
from gbtui.guard.lock import hold
from gbtui.guard.plan import Danger, Exec, Step, Verdict, Wait
from gbtui.guard.port import Outcome
from gbtui.guard.recovery import Recovery
from gbtui.operations.folders import make_folder
from tests.unit.guard.rig import CHANGED, UNTOUCHED, Answers, Rig, here, made, plan, replaced

ROOT = Path(__file__).parents[3]


async def apply(rig: Rig, answers: Answers | None = None, **changes: object) -> Outcome:
    return await rig.engine().apply(plan(rig.root, **changes), answers or Answers(), rig.events.append)  # type: ignore[arg-type]  # a plan's fields by name


async def test_everything_is_done_verified_kept_and_told(rig: Rig) -> None:
    outcome = await apply(rig)
    assert outcome.result == "done"
    assert rig.state() == CHANGED
    assert (rig.root / "etc/file.bak-1").read_bytes() == b"old\n"
    assert rig.phases()[:4] == ["begin", "armed", "step-begin", "step-done"]
    assert rig.phases()[-4:] == ["verify-done", "keep", "kept", "end"]
    assert not list((rig.root / "var").iterdir())
    assert [event.phase for event in rig.events][:3] == ["locked", "begin", "armed"]
    assert "kept" in [event.phase for event in rig.events]
    assert rig.journal.verify().broken == 0
    assert rig.journal.unfinished("rig") == ()


async def test_the_journaled_plan_is_the_plan(rig: Rig) -> None:
    outcome = await apply(rig)
    assert rig.engine().story(outcome.id).plan == outcome.plan == plan(rig.root)


@pytest.mark.parametrize(
    ("changes", "answers", "result", "words"),
    [
        ({"noop": "already right"}, Answers(), "noop", "already right"),
        ({"verdicts": (Verdict("g", "refuse", "no", (6, 9)),)}, Answers(), "refused", r"no \(guide 6, 9\)"),
        ({"verdicts": (Verdict("g", "warn", "hm"),)}, Answers(), "refused", "g: hm"),
        ({"danger": Danger.IRREVERSIBLE}, Answers(typed="acme"), "refused", "type 'acme-system'"),
        ({"host": "other"}, Answers(), "refused", "planned for other"),
        ({"title": "hidden\u202e"}, Answers(), "refused", "cannot be shown"),
        ({}, Answers(yes=False), "declined", "not approved by tester"),
    ],
)
async def test_what_is_refused_touches_nothing(
    rig: Rig, changes: dict[str, object], answers: Answers, result: str, words: str
) -> None:
    outcome = await apply(rig, answers, **changes)
    assert outcome.result == result
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(outcome.message)
    assert rig.state() == UNTOUCHED
    assert rig.phases() == []


async def test_acknowledged_warnings_and_typed_names_let_it_pass(rig: Rig) -> None:
    answers = Answers(acknowledged=("g",), typed="acme-system")
    warned = (Verdict("g", "warn", "hm"),)
    assert (await apply(rig, answers, verdicts=warned, danger=Danger.IRREVERSIBLE)).result == "done"


async def test_read_only_is_the_engines_refusal(rig: Rig) -> None:
    engine = rig.engine(read_only="--read-only was given")
    answers = Answers()
    outcome = await engine.apply(plan(rig.root), answers)
    assert outcome.result == "refused"
    assert "--read-only was given" in outcome.message
    assert answers.asked == []
    assert rig.state() == UNTOUCHED


async def test_a_fact_that_stayed_lets_it_pass_and_one_that_changed_does_not(rig: Rig) -> None:
    watched = rig.root / "etc/watched"
    watched.write_text("before")
    relies = await rely(rig.host, "the watched file", Exec("host", ("cat", str(watched))))

    async def meanwhile() -> None:
        watched.write_text("after")

    outcome = await apply(rig, Answers(before_yes=meanwhile), relies_on=(relies,))
    assert outcome.result == "changed"
    assert "the watched file" in outcome.message
    assert rig.state() == UNTOUCHED
    watched.write_text("before")
    assert (await apply(rig, relies_on=(relies,))).result == "done"


async def test_a_held_lock_refuses_and_says_who(rig: Rig) -> None:
    run_dir = str(rig.root / "run")
    async with hold(rig.host, user="bob@there", operation="firewall.x", op_id="id-1", run_dir=run_dir):
        outcome = await apply(rig)
    assert outcome.result == "refused"
    assert "bob@there runs firewall.x (id-1) since" in outcome.message
    assert rig.state() == UNTOUCHED
    assert (await apply(rig)).result == "done"


async def test_a_lock_whose_holder_has_not_said_who_yet_refuses_all_the_same(rig: Rig) -> None:
    """Between taking the lock and writing the name, and between removing the name and letting go."""
    run_dir = rig.root / "run"
    run_dir.mkdir()
    with (run_dir / "lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = await apply(rig)
    assert outcome.result == "refused", outcome.message
    assert "its holder has not said who it is" in outcome.message
    assert rig.state() == UNTOUCHED


@pytest.mark.parametrize("failing", range(5))
async def test_a_failing_step_undoes_everything_before_it(rig: Rig, failing: int) -> None:
    steps = list(plan(rig.root).steps)
    steps[failing] = replace(steps[failing], does=Exec("host", ("sh", "-c", "echo why >&2; exit 3")))
    outcome = await apply(rig, steps=tuple(steps))
    assert outcome.result == "failed-undone", outcome.message
    assert "why" in outcome.message
    assert rig.state() == UNTOUCHED
    assert rig.phases()[-1] == "end"


async def test_a_failed_verification_undoes_everything(rig: Rig) -> None:
    outcome = await apply(rig, verify=(Wait(here(rig.root / "nowhere"), 0.1, 0.05),))
    assert outcome.result == "failed-undone"
    assert "not so within" in outcome.message
    assert rig.state() == UNTOUCHED


async def test_a_step_that_failed_after_it_took_effect_is_undone_too(rig: Rig) -> None:
    step = made(rig.root, "one")
    both = Exec("host", ("sh", "-c", 'mkdir "$1"; exit 1', "x", str(rig.root / "steps/one")))
    outcome = await apply(rig, steps=(replace(step, does=both),), verify=(), revert_after=0.0)
    assert outcome.result == "failed-undone"
    assert rig.state() == UNTOUCHED


async def test_an_undo_that_fails_says_so_and_leaves_the_hosts_timer(rig: Rig) -> None:
    one = made(rig.root, "one", armed=True)
    bad = replace(one, undo=(Exec("host", ("false",)),))
    broken = Step("Break", Exec("host", ("false",)))
    outcome = await apply(rig, steps=(bad, broken), verify=())
    assert outcome.result == "failed"
    assert "Undo failed" in outcome.message
    assert "tries again by itself" in outcome.message
    assert len(rig.state()["timers"]) == 1  # type: ignore[arg-type]  # a list of names


async def test_an_existing_backup_is_never_overwritten(rig: Rig) -> None:
    (rig.root / "etc/file.bak-1").write_bytes(b"precious")
    outcome = await apply(rig)
    assert outcome.result == "failed-undone"
    assert "stays untouched" in outcome.message
    assert (rig.root / "etc/file.bak-1").read_bytes() == b"precious"
    assert rig.state() == UNTOUCHED


async def test_a_file_changed_by_somebody_else_is_not_replaced(rig: Rig) -> None:
    (rig.root / "etc/file").write_bytes(b"theirs\n")
    outcome = await apply(rig, steps=(replaced(rig.root),), verify=(), revert_after=0.0)
    assert outcome.result == "changed"
    assert "not the file the plan was made from" in outcome.message
    assert (rig.root / "etc/file").read_bytes() == b"theirs\n"


async def test_without_a_timer_nothing_is_begun(rig: Rig) -> None:
    (rig.root / "no-timers").touch()
    outcome = await apply(rig)
    assert outcome.result == "failed-undone"
    assert "Nothing had been changed" in outcome.message
    assert rig.state() == UNTOUCHED
    assert not list((rig.root / "var").iterdir()), "and nothing stays behind on the host"


async def test_without_a_journal_nothing_is_asked_or_done(rig: Rig) -> None:
    (rig.root / "state").write_text("a file in the way")
    answers = Answers()
    outcome = await apply(rig, answers)
    assert outcome.result == "refused"
    assert "journal" in outcome.message
    assert answers.asked == []
    assert rig.state() == UNTOUCHED


SMALL_FILES = 'ulimit -f 2; shift; exec "$@"'
SMALL_DISK = 'mount -t tmpfs -o size=400k none "$1" && head -c 200000 /dev/zero >"$1/full"; shift; exec "$@"'


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (("sh", "-c", SMALL_FILES), "File too large"),
        (("unshare", "-m", "sh", "-c", SMALL_DISK), "KiB are free"),
    ],
    ids=["file limit", "small disk"],
)
def test_a_full_disk_starts_nothing(rig: Rig, wrap: tuple[str, ...], words: str) -> None:
    """The kernel's own limits: a file that may not grow, a disk of 400 KiB that is half full."""
    if wrap[0] == "unshare" and subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mount namespaces here")
    (rig.root / "state").mkdir()
    child = (sys.executable, "-m", "tests.unit.guard.rig", str(rig.root), "keep")
    argv = (*wrap, "full", str(rig.root / "state"), *child)
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.stdout.startswith(b"refused: nothing is changed without a journal"), done.stderr
    assert words in done.stdout.decode()
    assert rig.state() == UNTOUCHED
    assert not (rig.root / "var").exists()
    assert rig.journal.verify().broken == 0
    assert rig.journal.entries() == ()


async def test_a_journal_lost_on_the_way_undoes_everything(rig: Rig) -> None:
    """The disk fills up after step 0: nothing unrecorded may happen, and the host is put right."""
    engine = rig.engine()

    def fill(label: str) -> None:
        if label == "step-ran:0":
            rig.journal.path.unlink()
            rig.journal.path.symlink_to("/dev/full")

    engine._observe = fill
    outcome = await engine.apply(plan(rig.root), Answers())
    assert outcome.result == "failed-undone"
    assert "No space left" in outcome.message
    assert "not all of it is in the journal" in outcome.message
    assert rig.state() == UNTOUCHED


async def test_revert_at_the_prompt_puts_everything_armed_back(rig: Rig) -> None:
    outcome = await apply(rig, Answers(keeps="revert"))
    assert outcome.result == "reverted", outcome.message
    assert rig.state() == {**UNTOUCHED, "made": ["two"]}
    assert await Recovery(rig.engine()).report() == ()


async def test_nobody_answers_and_the_host_puts_itself_back(rig: Rig) -> None:
    """The operator stares at the prompt until the host's own timer has fired."""
    fires = plan(rig.root, revert_after=1.0)
    one = made(rig.root, "one", where="acme-system", armed=True)
    quick = (replace(one, does=Exec("acme-system", ("mkdir", str(rig.root / "steps/one")), timeout=0.5)),)
    outcome = await rig.engine().apply(replace(fires, steps=quick, verify=()), Answers(keeps="never"))
    assert outcome.result == "reverted", outcome.message
    assert rig.state() == UNTOUCHED


async def test_leave_then_keep_later(rig: Rig) -> None:
    outcome = await apply(rig, Answers(keeps="leave"))
    assert outcome.result == "done"
    assert outcome.armed_until is not None
    refused = await apply(rig)
    assert refused.result == "refused"
    assert outcome.id in refused.message
    assert "unless: gbtui keep" in (await Recovery(rig.engine()).report())[0]
    kept = await rig.engine().keep(outcome.id)
    assert kept.result == "done"
    assert rig.state() == CHANGED
    assert (await rig.engine().keep(outcome.id)).result == "refused"


async def test_leave_then_revert_later(rig: Rig) -> None:
    outcome = await apply(rig, Answers(keeps="leave"))
    assert (await rig.engine().revert(outcome.id)).result == "reverted"
    assert rig.state() == {**UNTOUCHED, "made": ["two"]}


async def test_the_timer_reverts_what_nobody_kept_and_the_next_start_says_so_once(rig: Rig) -> None:
    (rig.root / "fast").write_text("1")
    outcome = await apply(rig, Answers(keeps="leave"), steps=plan(rig.root).steps[:2], verify=())
    recovery = Recovery(rig.engine())
    async with asyncio.timeout(20):
        while await rig.engine().reverter.outcome(outcome.id) is None:
            await asyncio.sleep(0.05)
    assert rig.state() == UNTOUCHED
    said = await recovery.report()
    assert len(said) == 1
    assert "put itself back" in said[0]
    assert await recovery.report() == ()
    assert rig.journal.story(outcome.id)[-1].record == "reverted"


async def test_a_revert_that_failed_is_told_and_can_be_tried_again(rig: Rig) -> None:
    """LXD was away when the timer fired: every try failed, and said so."""
    outcome = await apply(rig, Answers(keeps="leave"), steps=plan(rig.root).steps[:1], verify=())
    (rig.root / "bin/sleep").write_text("#!/bin/sh\n")  # the script's own pauses, not what is tested
    (rig.root / "bin/sleep").chmod(0o755)
    (rig.root / "instances/acme-system").rename(rig.root / "away")
    failed = await rig.engine().revert(outcome.id)
    assert failed.result == "failed"
    assert "tried to put itself back and failed" in failed.message
    (rig.root / "away").rename(rig.root / "instances/acme-system")
    assert (await rig.engine().revert(outcome.id)).result == "reverted"
    assert rig.state() == UNTOUCHED


async def test_undo_later_is_an_operation_of_its_own(rig: Rig) -> None:
    outcome = await apply(rig, undo_warning="it will be broken again")
    refused = await rig.engine().undo(outcome.id, Answers())
    assert refused.result == "refused"
    assert "broken again" in refused.message
    undone = await rig.engine().undo(outcome.id, Answers(acknowledged=("undo-warning",)))
    assert undone.result == "done", undone.message
    assert rig.state() == UNTOUCHED
    assert (rig.root / "bell").read_text() == "rung\n"
    again = await rig.engine().undo(outcome.id, Answers(acknowledged=("undo-warning",)))
    assert "taken back already" in again.message


async def test_undo_is_refused_when_somebody_changed_it_since(rig: Rig) -> None:
    outcome = await apply(rig)
    (rig.root / "etc/file").write_bytes(b"theirs\n")
    refused = await rig.engine().undo(outcome.id, Answers())
    assert refused.result == "refused"
    assert "Replace file: is not as we left it any more" in refused.message
    assert rig.state() == {**CHANGED, "file": b"theirs\n"}


@pytest.mark.parametrize("used", [False, True])
async def test_a_folder_goes_with_what_made_it_unless_somebody_uses_it(rig: Rig, used: bool) -> None:
    folder = rig.root / "steps" / "folder"
    outcome = await apply(rig, steps=(make_folder("host", str(folder)),), verify=(), revert_after=0.0)
    assert outcome.result == "done", outcome.message
    if used:
        (folder / "theirs").write_bytes(b"theirs\n")
    undone = await rig.engine().undo(outcome.id, Answers())
    assert undone.result == "done", undone.message
    assert folder.exists() is used
    again = await rig.engine().undo(undone.id, Answers())
    assert again.result == "done", again.message
    assert folder.is_dir()


async def test_an_unknown_operation_is_not_found(rig: Rig) -> None:
    with pytest.raises(NotFound, match="not in this journal"):
        await rig.engine().keep("20260101T000000Z-0000")


async def test_cancelled_in_the_middle_the_step_is_finished_and_the_host_reverts(rig: Rig) -> None:
    slow = Exec("acme-system", ("sh", "-c", 'sleep 0.5; mkdir "$1"', "x", str(rig.root / "steps/one")))
    steps = plan(rig.root).steps
    begun = asyncio.Event()
    engine = rig.engine()

    def seen(label: str) -> None:
        if label == "step-begin:0":
            begun.set()

    engine._observe = seen
    changed = replace(plan(rig.root), steps=(replace(steps[0], does=slow), *steps[1:]))
    task = asyncio.create_task(engine.apply(changed, Answers()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rig.phases()[-2:] == ["step-done", "left"]
    assert rig.state()["made"] == ["one"]
    assert len(rig.state()["timers"]) == 1  # type: ignore[arg-type]  # a list of names
    found = (await Recovery(engine).unfinished())[0]
    assert [step.state for step in found.steps] == ["done", *["not-done"] * 4]
    assert found.armed
    assert found.running is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 2)), st.permutations([0, 1, 2]))
def test_whatever_was_done_in_whatever_order_undo_leads_back(
    rig: Rig, chosen: set[int], order: list[int]
) -> None:
    steps = (made(rig.root, "one"), replaced(rig.root), made(rig.root, "two"))
    done = tuple(steps[number] for number in order if number in chosen)
    broken = Step("Break", Exec("host", ("false",)))
    outcome = asyncio.run(apply(rig, steps=(*done, broken), verify=(), revert_after=0.0))
    assert outcome.result == "failed-undone"
    assert rig.state() == UNTOUCHED


@pytest.mark.parametrize("done", [(), (0,), (1,), (0, 1), (2,), (0, 2), (1, 2), (0, 1, 2)])
async def test_from_any_subset_done_the_engine_and_the_hosts_script_lead_back(
    rig: Rig, done: tuple[int, ...]
) -> None:
    """Some steps were done, by whatever history: the host's own script leads back to the start."""
    steps = (
        made(rig.root, "one", armed=True),
        replaced(rig.root, armed=True),
        made(rig.root, "two", armed=True),
    )
    armed = replace(plan(rig.root), steps=steps)
    reverter = rig.engine().reverter
    await reverter.arm(armed, "20260101T000000Z-0001")
    if 0 in done:
        (rig.root / "steps/one").mkdir()
    if 1 in done:
        (rig.root / "etc/file").write_bytes(b"new\xff\n")
    if 2 in done:
        (rig.root / "steps/two").mkdir()
    reverted = await reverter.now("20260101T000000Z-0001")
    assert reverted.ok, reverted.output
    assert rig.state() == UNTOUCHED
