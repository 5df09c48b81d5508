"""Every runbook in a process of its own that is killed (SIGKILL) in its middle, and gone on with by the next.

The demo host lives on in this process (`tests.demo_server`); the walk is that of `gbtui runbook`, by real
time. `python -m tests.killed_walk` kills each runbook in the middle of each of its operations, and one
without operations in the middle of its steps.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gbtui.demo.host import DemoHost
from gbtui.runbooks.types import Runbook
from tests.crash_stage import AT, Killed, at_once
from tests.demo_server import RemoteDemo, served
from tests.runbook_crash_matrix import BOOKS, Undisturbed, ended, steps_walked, undisturbed
from tests.ui.screen_stage import HurriedClock
from tests.walk_stage import Fate, Point, Stage, drilled

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0


class Clock(HurriedClock):
    """It begins when that of the undisturbed walk does: times are in names of backups."""

    def now(self) -> float:
        return AT.timestamp() + super().now() - self._began


class Deadly(Fate):
    """Its end is this process's."""

    def at(self, kind: Any, about: str) -> None:
        try:
            super().at(kind, about)
        except Killed:
            os.kill(os.getpid(), signal.SIGKILL)


def middles(points: Sequence[Point]) -> Iterator[Point]:
    """A point in the middle of each operation; without any, the middle of all."""
    visits = dict.fromkeys(one.visit for one in points if one.kind == "in the operation")
    for visit in visits:
        inside = [one for one in points if one.visit == visit and one.kind == "in the operation"]
        yield inside[len(inside) // 2]
    if not visits:
        yield points[len(points) // 2]


async def killed(book: Runbook, drill: str, point: Point, known: Undisturbed, folder: Path) -> str:
    """Killed at `point`, gone on with; "" where everything held, else what did not."""
    demo, socket = drilled(drill, Clock()), folder / "socket"
    async with served(demo, socket):
        await Stage(book, drill, folder, demo).prepare()
        words = (str(socket), book.id, drill, str(folder))
        status, said = await _child(*words, point.kind, str(point.number))
        if status != -signal.SIGKILL:
            return f"not killed but {status}: {said}"
        status, said = await _child(*words)
    if status:
        return f"it ended {status}: {said}"
    wrong, steps, deeds = json.loads(said)
    if wrong or steps != [list(one) for one in known.steps]:
        return wrong or f"other steps: {steps} instead of {known.steps}"
    return "" if deeds == dict(known.deeds) else f"other deeds: {deeds} instead of {dict(known.deeds)}"


async def _child(*words: str) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    argv = (sys.executable, "-m", "tests.killed_walk", "walk", *words)
    child = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(PATIENCE):
        out, err = await child.communicate()
    return child.returncode or 0, (out or err[-1500:]).decode()


async def walk(socket: str, book: str, drill: str, home: str, *dies: str) -> int:
    """The child: walk, or go on, and tell how it ended. `dies`: a kind of point, and its number."""
    host = RemoteDemo(DemoHost(), Path(socket))
    await host.open()
    stage = Stage(BOOKS[book], drill, Path(home), host)
    end = Point(dies[0], int(dies[1]), 0, "") if dies else None  # type: ignore[arg-type]  # as it was told
    last, wrong = await ended(stage, await stage.walk(Deadly(end)))
    print(json.dumps([wrong, steps_walked(last), dict(stage.deeds())]))
    await host.close()
    return 0


def run(book: Runbook, drill: str) -> Iterator[tuple[Point, str]]:
    """Each point tried, and what did not hold."""
    with tempfile.TemporaryDirectory(prefix="killed-walk-") as folder:
        base = Path(folder)
        (base / "undisturbed").mkdir()
        known = at_once(undisturbed(book, drill, base / "undisturbed"))
        for number, point in enumerate(middles(known.points)):
            (base / str(number)).mkdir()
            yield point, asyncio.run(killed(book, drill, point, known, base / str(number)))


def main(words: Sequence[str]) -> int:
    """All runbooks, or those whose name contains one of `words`; 1 where something did not hold."""
    tried, wrong = 0, list[str]()
    for book in BOOKS.values():
        if words and not any(word in book.id for word in words):
            continue
        for point, said in run(book, book.drills[0]):
            tried += 1
            wrong += [said] if said else []
            print(f"{'✖' if said else '●'} {book.id}: {point}{f': {said}' if said else ''}", flush=True)
    print(f"{tried} killed, {tried - len(wrong)} held")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["walk"]:
        sys.exit(asyncio.run(walk(*sys.argv[2:])))
    sys.exit(main(sys.argv[1:]))
