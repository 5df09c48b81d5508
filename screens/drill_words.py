"""A drill in words: what is asked of whoever practises, how it goes, what it came to. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from gbtui.incidents.export import duration
from gbtui.incidents.practice import Practice
from gbtui.incidents.score import HINT, MISTAKE, Score
from screens.look import lines, mark, say
from widgets.format import counted
from widgets.roles import Role
from widgets.safe import safe

TASK = (
    "You are on call for a simulated host: nothing here is real, and nothing can be broken for good.",
    "Find out what is wrong, repair it, and see that nothing rings any more.",
)
KEYS = (
    ("f", "findings: what is not as the guide says, with evidence and remedy"),
    ("r", "runbooks: walkthroughs that lead from a symptom to the repair"),
    ("h", f"a hint; each costs {HINT} points, a mistake {MISTAKE}"),
    ("q", "the cockpit; d comes back here"),
)


def told(practice: Practice) -> Content:
    """The whole page."""
    found = practice.score()
    if practice.over is not None and found is not None:
        return lines(*_over(practice, found))
    return lines(*_under_way(practice, found))


def _under_way(practice: Practice, found: Score | None) -> Iterator[Content]:
    yield safe("A drill", "bold")
    yield Content("")
    yield Content.assemble(say("dim", "users say  "), safe(practice.drill.title, "bold"))
    yield Content("")
    yield from (safe(line) for line in TASK)
    yield Content("")
    yield from (Content.assemble(safe(f"  {key}  ", "bold $text-accent"), safe(what)) for key, what in KEYS)
    yield Content("")
    if found is not None:
        yield safe(f"{duration(found.seconds)} · {counted(len(found.mistakes), 'mistake')} · {_hints(found)}")
    yield from _details(practice, found)


def _over(practice: Practice, found: Score) -> Iterator[Content]:
    role: Role = "ok" if found.repaired else "warn"
    how = f"repaired after {duration(found.seconds)}" if found.repaired else "given up"
    yield mark(role, f"{how}: {found.points} of 100 points")
    yield Content("")
    yield Content.assemble(say("dim", "users said  "), safe(practice.drill.title))
    yield Content.assemble(say("dim", "it was      "), safe(practice.drill.id))
    yield Content.assemble(say("dim", "runbook     "), safe(practice.drill.book.title))
    yield Content.assemble(
        say("dim", "the guide's "), safe(f"items {', '.join(map(str, practice.drill.items))}")
    )
    yield Content("")
    yield safe(f"{counted(len(found.mistakes), 'mistake')} · {_hints(found)}")
    yield from _details(practice, found)
    yield Content("")
    yield say("dim", "i shows the timeline, x there writes it down; a chooses another drill")


def _hints(found: Score) -> str:
    return counted(found.hints, "hint")


def _details(practice: Practice, found: Score | None) -> Iterator[Content]:
    yield from (mark("warn", one) for one in (found.mistakes if found else ()))
    yield from (mark("unknown", one) for one in practice.given)
