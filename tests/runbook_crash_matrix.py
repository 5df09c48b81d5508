"""Every runbook killed at every step, gone on with by the next start, and held to how it goes undisturbed.

Each point is one run of its own: a fresh demo host with the drill's fault, the walk, death at one point
(`tests.walk_stage.Point`), then a new process: `gbtui recover --finish` for an operation that was cut off,
and `gbtui runbook` again. It holds when the walk ends, its findings are gone, its records are those of the
undisturbed walk (no step lost, none twice), no operation was begun once more than there, and the host
keeps the same walk. `make crash-matrix` runs all of it; a share of it runs in `make test`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from gbtui.errors import GbtuiError
from gbtui.runbooks.catalog import runbooks
from gbtui.runbooks.types import Runbook
from gbtui.runbooks.walk import Walk
from gbtui.runbooks.walk_shared import decoded, name_of, steps_of
from gbtui.session import Session
from tests.crash_matrix import Score
from tests.crash_stage import Killed, at_once
from tests.walk_stage import AGAIN, Fate, Point, Stage

BOOKS = {book.id: book for book in runbooks(Path("/nowhere"))[0]}


@dataclass
class Undisturbed:
    """How the walk goes when nobody dies."""

    points: tuple[Point, ...]
    steps: list[tuple[str, str]]
    deeds: Counter[str]


async def undisturbed(book: Runbook, drill: str, folder: Path) -> Undisturbed:
    """Raises AssertionError where it does not end well."""
    stage, fate = Stage(book, drill, folder), Fate()
    await stage.prepare()
    walk, wrong = await ended(stage, await stage.walk(fate))
    assert not wrong, wrong
    return Undisturbed(tuple(fate.passed), steps_walked(walk), stage.deeds())


async def tried(book: Runbook, drill: str, point: Point, known: Undisturbed, folder: Path) -> str:
    """Die at `point`, go on; "" where everything held, else what did not."""
    stage = Stage(book, drill, folder)
    await stage.prepare()
    for death in (point, AGAIN)[: 1 + point.twice]:
        try:
            await stage.walk(Fate(death))
            return "not killed"
        except Killed:
            pass
    try:
        walk, wrong = await ended(stage, await stage.walk(Fate()))
    except (AssertionError, GbtuiError) as error:
        return f"{type(error).__name__}: {error}"
    if not wrong and steps_walked(walk) != known.steps:
        wrong = f"other steps: {_difference(steps_walked(walk), known.steps)}"
    if not wrong and stage.deeds() != known.deeds:
        wrong = f"other deeds: {stage.deeds() - known.deeds or ''} instead of {known.deeds - stage.deeds()}"
    return wrong


async def ended(stage: Stage, session: Session) -> tuple[Walk, str]:
    """The one walk there is, and what is not as it has to be at its end."""
    walks = session.walks._walks.all()
    walk = walks[-1]
    file = await stage.host.read(f"/var/lib/gbtui/walks/{name_of(walk)}")
    there = decoded(name_of(walk), file)
    left = [record.step for number, record in enumerate(walk.records) if _is_left(walk, number)]
    wrong = {
        f"{len(walks)} walks": len(walks) != 1,
        f"it stands at {walk.at}": not walk.ended,
        "the host has another walk": there is None or steps_of(there) != steps_of(walk),
        "an operation is unfinished": bool(stage.journal.unfinished(stage.host.name)),
        "the journal's chain is broken": bool(stage.journal.verify().broken),
        f"begun and never ended: {left}": bool(left),
        "its findings are still there": bool(await stage.findings(session)),
    }
    return walk, "; ".join(words for words, so in wrong.items() if so)


def _is_left(walk: Walk, number: int) -> bool:
    """Whether a step was begun, and nothing became of it later."""
    record, later = walk.records[number], walk.records[number + 1 :]
    return record.state == "begun" and not any(
        one.step == record.step and one.state != "begun" for one in later
    )


def steps_walked(walk: Walk) -> list[tuple[str, str]]:
    return [(record.step, record.state) for record in walk.records if record.state != "begun"]


def _difference(ours: Sequence[tuple[str, str]], known: Sequence[tuple[str, str]]) -> str:
    at = next((n for n, pair in enumerate(zip(ours, known, strict=False)) if pair[0] != pair[1]), len(known))
    return f"from {at + 1}: {ours[at : at + 3]} instead of {known[at : at + 3]}"


# All of them

Choose = Callable[[Sequence[Point]], Iterable[Point]]


def every(points: Sequence[Point]) -> Iterable[Point]:
    """The whole matrix."""
    again = [replace(point, twice=True) for point in points if point.kind == "not recorded"]
    return (*points, *again[:-1])  # behind the last step nothing is begun any more


def share(points: Sequence[Point]) -> Iterable[Point]:
    """Of an operation's step a point before it, one in its middle and one after it; of every other second
    step one, another kind each time."""
    for visit, group in groupby(points, lambda point: point.visit):
        of_step = list(group)
        inside = [point for point in of_step if point.kind == "in the operation"]
        if inside:
            yield from (of_step[0], inside[len(inside) // 2], replace(of_step[-2], twice=True))
        elif visit % 2:
            yield of_step[visit // 2 % len(of_step)]


def run(book: Runbook, drill: str, choose: Choose = every) -> Score:
    """The walk from one drill, killed at the points of it that are chosen."""
    shared = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="runbook-matrix-", dir=shared if shared.is_dir() else None))
    try:
        (base / "undisturbed").mkdir()
        known = at_once(undisturbed(book, drill, base / "undisturbed"))
        wrong, count = list[str](), 0
        for point in choose(known.points):
            folder = base / f"{count}"
            folder.mkdir()
            said = at_once(tried(book, drill, point, known, folder))
            wrong += [f"{point}: {said}"] if said else []
            count += 1
        return Score(count, tuple(wrong))
    finally:
        shutil.rmtree(base)


def main(words: Sequence[str]) -> int:
    """Run all (or the runbooks and drills whose name contains one of `words`); say how many points held."""
    total = held = 0
    for book in BOOKS.values():
        for drill in book.drills:
            name = f"{book.id} from {drill}"
            if words and not any(word in name for word in words):
                continue
            try:
                score = run(book, drill)
            except AssertionError as error:
                score = Score(1, (str(error),))
            total, held = total + score.tried, held + score.tried - len(score.wrong)
            print(f"{'✖' if score.wrong else '●'} {name}: {score.tried - len(score.wrong)} of {score.tried}")
            for line in score.wrong:
                print(f"    {line}")
    print(f"{total} points tried, {held} held")
    return 0 if held == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
