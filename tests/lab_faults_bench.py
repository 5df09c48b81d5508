"""The twin for `make lab-faults`: looked at, and put right through the engine."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from gbtui.checks.base import Check, Failing
from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.config import HostConfig
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
from tests.check_case import Case
from tests.lab.twin.fixtures import Lab

WAIVERS = Path(__file__).parent / "lab" / "waivers.toml"
Found = tuple[tuple[Check, Failing], ...]


class Yes:
    """Says yes to everything, knowingly."""

    async def approve(self, plan: Plan) -> Approval:
        warned = tuple(verdict.guard for verdict in plan.verdicts if verdict.verdict == "warn")
        return Approval(True, "lab-faults", warned, plan.target)

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep"]:  # noqa: A002 - the port's name
        return "keep"


def waived() -> set[tuple[str, str]]:
    """(check id, subject) of what stand-ins cannot do."""
    table = tomllib.loads(WAIVERS.read_text("utf-8")) if WAIVERS.exists() else {}
    return {(one["check"], one["subject"]) for one in table.get("waiver", [])}


class Bench:
    """The twin and one connection to it."""

    def __init__(self, lab: Lab, state: Path) -> None:
        self.lab = lab
        self.healthy: dict[Key, Any] = {}
        self.unknown: dict[str, str] = {}
        """What could not be judged in the last look, by the check's id: why."""
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
        surveyor = Surveyor(await self.host(), self.profile)
        survey = await surveyor.look(needs_of(CHECKS), patient=True)
        good = {key: one for key, one in survey.answers.items() if not isinstance(one, GbtuiError)}
        self.healthy = {key: one for key, one in good.items() if key[0].every}

    async def look(self, cases: Sequence[Case]) -> Found:
        """What fails now, waived aside; what is uncertain has to fail a second time."""
        subjects = {id_.partition(".")[0] for case in cases for id_, _ in case.finds}
        anew = {need.ask for need in needs_of([c for c in CHECKS if c.id.partition(".")[0] in subjects])}
        surveyor = Surveyor(await self.host(), self.profile, clock=lambda: 0.0)
        kept = {key: one for key, one in self.healthy.items() if key[0] not in anew}
        surveyor._kept.keep(kept, 0.0, surveyor._kept.turn)
        first = judge(CHECKS, await surveyor.look(needs_of(CHECKS), patient=True))
        self.unknown = {one.check.id: one.why for one in first.unknown}
        found = {(check.id, one.subject): (check, one) for check, _, one in first.failing}
        if doubtful := [check for check, _ in found.values() if not check.certain]:
            surveyor.forget(need.ask for need in needs_of(doubtful))
            again = judge(doubtful, await surveyor.look(needs_of(doubtful), patient=True))
            self.unknown |= {one.check.id: one.why for one in again.unknown}
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
