"""`make lab-faults`: every fault on the twin, what the checks find of it, and what puts it right.

For each case of `tests/check_cases.py` the fault is put in, the checks have to find exactly what the
case says, with the words it names; the remedy is applied through the engine (or the fault taken back),
and the finding has to be gone. Prints one line per fault, and the count of the guide's items.

With `--kept` what stays good for a while in the cockpit, too, is taken from a look at the healthy twin,
but for what checks of the case's own subjects need: on an emulated twin a whole look takes a minute.
With `--together` faults of different places are put in at once, and exactly the findings of all of them
have to be there; where it does not go as they say, each of them is tried alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from gbtui.checks.catalog import CHECKS
from gbtui.demo.faults import FAULTS
from gbtui.errors import GbtuiError
from tests.check_cases import CASES, Case
from tests.lab.twin.fixtures import Lab
from tests.lab.twin.lifecycle import Twin
from tests.lab.twin.settings import LabError, Settings
from tests.lab_faults_bench import Bench, Found

ALONE = ("lxd-down",)
"""Faults that leave the checks nothing to look at of what the others are about."""
AT_ONCE = 5
"""Faults that are in at the same time, at most: what goes wrong has to be found."""


@dataclass
class Outcome:
    """How a case went: "" in `wrong` where everything was as it says."""

    case: Case
    found: tuple[str, ...] = ()
    remedy: str = ""
    wrong: str = ""
    seconds: float = 0.0
    beside: tuple[str, ...] = ()


def places(case: Case) -> set[str]:
    """Where its findings are: instances, or the host."""
    named = {subject.replace("/", " ").split()[0] for _, subject in case.finds}
    own = {name for name in named if name.startswith("acme-")}
    spoken = {"dns": "acme-dns", "proxy": "acme-proxy"}
    return own or {spoken.get(id_.partition(".")[0], "host") for id_, _ in case.finds}


def grouped(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases that can be tried at once: of different places, and none that blinds the checks to the others."""
    alone = [[case] for case in cases if case.fault in ALONE]
    groups: list[list[Case]] = []
    for case in cases:
        if case.fault in ALONE:
            continue
        room = next((group for group in groups if fits(case, group)), None)
        if room is None:
            groups.append([case])
        else:
            room.append(case)
    return groups + alone


def fits(case: Case, group: Sequence[Case]) -> bool:
    """Whether it can be tried beside those."""
    return len(group) < AT_ONCE and not any(places(one) & places(case) for one in group)


def own(case: Case, found: Found) -> Found:
    return tuple(one for one in found if (one[0].id, one[1].subject) in case.finds)


async def run(bench: Bench, cases: Sequence[Case]) -> list[Outcome]:
    """Faults from their injection to a host as before; several that did not hold are tried one by one."""
    began, outcomes = monotonic(), [Outcome(case) for case in cases]
    try:
        await attempted(bench, outcomes)
    except (AssertionError, GbtuiError, LabError) as error:
        for outcome in outcomes:
            outcome.wrong = str(error) or "not as the case says"
    await bench.reset()
    for outcome in outcomes:
        outcome.seconds = (monotonic() - began) / len(cases)
        outcome.beside = tuple(case.fault for case in cases if case is not outcome.case)
    if len(cases) == 1 or not any(outcome.wrong for outcome in outcomes):
        return outcomes
    print(f"    together not: {', '.join(case.fault for case in cases)}: {outcomes[0].wrong}", flush=True)
    return [outcome for case in cases for outcome in await run(bench, [case])]


async def attempted(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    """Put in, looked at, put right, looked at.

    Raises:
        AssertionError: it is not as the cases say.
    """
    cases = [outcome.case for outcome in outcomes]
    for case in cases:
        await asyncio.to_thread(bench.lab.fault, case.fault)
    found = await bench.look(cases)
    for outcome in outcomes:
        mine = found if len(cases) == 1 else own(outcome.case, found)
        outcome.found = tuple(f"{check.id} {one.subject}" for check, one in mine)
    wanted = {pair for case in cases for pair in case.finds}
    seen = {(check.id, one.subject) for check, one in found}
    unknown = [bench.unknown[id_] for id_, _ in sorted(wanted - seen) if id_ in bench.unknown]
    other = f"not found {sorted(wanted - seen)} (unknown: {unknown}), too much {sorted(seen - wanted)}"
    assert seen == wanted, f"other findings: {other}"
    for outcome in outcomes:
        told = "\n".join("\n".join((one.message, *one.evidence)) for _, one in own(outcome.case, found))
        missing = [word for word in outcome.case.shows if word not in told]
        assert not missing, f"not shown: {missing} in {told!r}"
    for outcome in outcomes:
        outcome.remedy = await put_right(bench, outcome.case, own(outcome.case, found))
    left = await bench.look(cases)
    assert not left, f"still there: {[(check.id, one.subject) for check, one in left]}"


async def put_right(bench: Bench, case: Case, found: Found) -> str:
    """By the remedy, or by taking the fault back; how."""
    if case.remedy is not None:
        return await bench.apply(case, found)
    await asyncio.to_thread(bench.lab.undo, case.fault)
    return next((one.remedy.shown for _, one in found if one.remedy), "by hand")


async def main(words: Sequence[str]) -> int:
    """Run the cases whose fault is named (all without a name); 1 where one did not go as it says."""
    twin = Twin(Settings())
    await asyncio.to_thread(twin.up)
    names = [word for word in words if not word.startswith("--")]
    cases = [case for case in CASES if case.lab and (not names or case.fault in names)]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as state:
        bench = Bench(Lab(twin), Path(state))
        await bench.reset()
        if "--kept" in words:
            await bench.remember()
        for group in grouped(cases) if "--together" in words else [[case] for case in cases]:
            for outcome in await run(bench, group):
                outcomes.append(outcome)
                print(told(outcome, len(outcomes), len(cases)), flush=True)
        await bench.reset()
    print("\n".join(summary(outcomes)))
    return 1 if any(one.wrong for one in outcomes) else 0


def told(outcome: Outcome, number: int, count: int) -> str:
    """One case's two lines."""
    verdict = "held" if not outcome.wrong else f"WRONG: {outcome.wrong}"
    beside = f" · beside {', '.join(outcome.beside)}" if outcome.beside else ""
    return (
        f"[{number}/{count}] {outcome.case.fault}: {', '.join(outcome.found) or 'nothing'}\n"
        f"    remedy: {outcome.remedy or '-'} · {verdict} · {outcome.seconds:.0f} s{beside}"
    )


def summary(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What held: the items that the checks that found it stand for, those that the faults themselves are
    about, and whose remedy was an operation of gbtui's, whose a hand."""
    held = [one for one in outcomes if not one.wrong]
    by_id = {check.id: check for check in CHECKS}
    checks = sorted({item for one in held for id_, _ in one.case.finds for item in by_id[id_].items})
    own = sorted({item for one in held for item in FAULTS[one.case.fault].items})
    done = [one.case.fault for one in held if one.case.remedy is not None]
    hands = [one.case.fault for one in held if one.case.remedy is None]
    return (
        f"{len(held)} of {len(outcomes)} faults held",
        f"the checks that found them stand for {len(checks)} items of the guide: {checks}",
        f"the faults themselves are failing states of {len(own)} items: {own}",
        f"put right by an operation: {len(done)}: {', '.join(done) or 'none'}",
        f"put right by hand: {len(hands)}: {', '.join(hands) or 'none'}",
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
