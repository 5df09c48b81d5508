"""`make lab-faults`: every fault on the twin, what the checks find of it, and what puts it right.

For each case of `tests/check_cases.py` the fault is put in, the checks have to find exactly what the
case says, with the words it names; the remedy is applied through the engine (or the fault taken back),
and the finding has to be gone. Prints one line per fault, and the count of the guide's items.

With `--kept` what stays good for a while in the cockpit, too, is taken from a look at the healthy twin,
but for what checks of the case's own subjects need: on an emulated twin a whole look takes a minute.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from gbtui.checks.base import Check, Failing
from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.config import HostConfig
from gbtui.demo.faults import FAULTS
from gbtui.errors import GbtuiError
from gbtui.facts.survey import Key
from gbtui.facts.surveyor import Surveyor
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval
from gbtui.hosts.ssh import SshHost
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.check_cases import CASES, Case
from tests.lab.twin.fixtures import Lab
from tests.lab.twin.lifecycle import Twin
from tests.lab.twin.settings import LabError, Settings

WAIVERS = Path(__file__).parent / "lab" / "waivers.toml"
Found = tuple[tuple[Check, Failing], ...]


class Yes:
    """Says yes to everything, knowingly."""

    async def approve(self, plan: Plan) -> Approval:
        warned = tuple(verdict.guard for verdict in plan.verdicts if verdict.verdict == "warn")
        return Approval(True, "lab-faults", warned, plan.target)

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep"]:  # noqa: A002 - the port's name
        return "keep"


@dataclass
class Outcome:
    """How a case went: "" in `wrong` where everything was as it says."""

    case: Case
    found: tuple[str, ...] = ()
    remedy: str = ""
    wrong: str = ""
    seconds: float = 0.0


def waived() -> set[tuple[str, str]]:
    """(check id, subject) of what stand-ins cannot do."""
    table = tomllib.loads(WAIVERS.read_text("utf-8")) if WAIVERS.exists() else {}
    return {(one["check"], one["subject"]) for one in table.get("waiver", [])}


class Bench:
    """The twin and one connection to it."""

    def __init__(self, lab: Lab, state: Path) -> None:
        self.lab = lab
        self.healthy: dict[Key, Any] = {}
        self.state = state
        self.profile = load()
        self._waived = waived()
        self._host: SshHost | None = None

    async def host(self) -> SshHost:
        if self._host is None:
            lab = self.lab
            known = (str(lab.known_hosts),)
            config = HostConfig("lab", "ssh", lab.host, lab.user, lab.port, known, str(lab.key))
            self._host = SshHost(config)
            await self._host.open()
        return self._host

    async def reset(self) -> None:
        if self._host is not None:
            await self._host.close()
            self._host = None
        await asyncio.to_thread(self.lab.reset)

    async def remember(self) -> None:
        """What is so on the healthy twin, of all that is asked seldom."""
        survey = await Surveyor(await self.host(), self.profile).look(needs_of(CHECKS))
        good = {key: one for key, one in survey.answers.items() if not isinstance(one, GbtuiError)}
        self.healthy = {key: one for key, one in good.items() if key[0].every}

    async def look(self, case: Case) -> Found:
        """What fails now, waived aside; what is uncertain has to fail a second time."""
        subjects = {id_.partition(".")[0] for id_, _ in case.finds}
        anew = {need.ask for need in needs_of([c for c in CHECKS if c.id.partition(".")[0] in subjects])}
        surveyor = Surveyor(await self.host(), self.profile, clock=lambda: 0.0)
        kept = {key: one for key, one in self.healthy.items() if key[0] not in anew}
        surveyor._kept.keep(kept, 0.0, surveyor._kept.turn)
        first = judge(CHECKS, await surveyor.look(needs_of(CHECKS)))
        found = {(check.id, one.subject): (check, one) for check, _, one in first.failing}
        if doubtful := [check for check, _ in found.values() if not check.certain]:
            surveyor.forget(need.ask for need in needs_of(doubtful))
            again = judge(doubtful, await surveyor.look(needs_of(doubtful)))
            both = {(check.id, one.subject) for check, _, one in again.failing}
            found = {key: one for key, one in found.items() if one[0].certain or key in both}
        return tuple(one for key, one in sorted(found.items()) if key not in self._waived)

    async def apply(self, case: Case, found: Found) -> str:
        """Apply the remedy of the case's finding; how it is typed.

        Raises:
            AssertionError: it was not done.
        """
        one = next(one for check, one in found if (check.id, one.subject) == case.remedy)
        assert one.remedy is not None, "the finding has no remedy"
        host, given = await self.host(), {**dict(one.remedy.parameters), **case.given}
        plan = await find(one.remedy.operation).plan(Context(host, self.profile), given)
        outcome = await Engine(host, Journal(self.state), user="lab-faults").apply(plan, Yes())
        assert outcome.result == "done", f"{one.remedy.shown}: {outcome.result}: {outcome.message}"
        return one.remedy.shown


async def run(bench: Bench, case: Case) -> Outcome:
    """One fault from its injection to a host as before."""
    began, outcome = monotonic(), Outcome(case)
    try:
        await asyncio.to_thread(bench.lab.fault, case.fault)
        found = await bench.look(case)
        outcome.found = tuple(f"{check.id} {one.subject}" for check, one in found)
        assert {(check.id, one.subject) for check, one in found} == set(case.finds), "other findings"
        told = "\n".join("\n".join((one.message, *one.evidence)) for _, one in found)
        missing = [word for word in case.shows if word not in told]
        assert not missing, f"not shown: {missing} in {told!r}"
        if case.remedy is not None:
            outcome.remedy = await bench.apply(case, found)
        else:
            await asyncio.to_thread(bench.lab.undo, case.fault)
            outcome.remedy = next((one.remedy.shown for _, one in found if one.remedy), "by hand")
        left = await bench.look(case)
        assert not left, f"still there: {[(check.id, one.subject) for check, one in left]}"
    except (AssertionError, GbtuiError, LabError) as error:
        outcome.wrong = str(error) or "not as the case says"
    await bench.reset()
    outcome.seconds = monotonic() - began
    return outcome


async def main(words: Sequence[str]) -> int:
    """Run the cases whose fault is named (all without a name); 1 where one did not go as it says."""
    twin = Twin(Settings())
    await asyncio.to_thread(twin.up)
    names = [word for word in words if word != "--kept"]
    cases = [case for case in CASES if case.lab and (not names or case.fault in names)]
    outcomes = []
    with tempfile.TemporaryDirectory() as state:
        bench = Bench(Lab(twin), Path(state))
        await bench.reset()
        if "--kept" in words:
            await bench.remember()
        for number, case in enumerate(cases, 1):
            outcome = await run(bench, case)
            outcomes.append(outcome)
            verdict = "held" if not outcome.wrong else f"WRONG: {outcome.wrong}"
            print(f"[{number}/{len(cases)}] {case.fault}: {', '.join(outcome.found) or 'nothing'}")
            print(f"    remedy: {outcome.remedy or '-'} · {verdict} · {outcome.seconds:.0f} s", flush=True)
        await bench.reset()
    print("\n".join(summary(outcomes)))
    return 1 if any(one.wrong for one in outcomes) else 0


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
