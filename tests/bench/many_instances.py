"""A round of all checks over many tenants: what one instance costs at 200, against what it costs at 10.

The simulated tenant again and again under other names, all running, and all others stopped; of gbtui's own
work (asking, parsing, judging) everything is in it, of the host's nothing. Linear is 1×.
"""

from __future__ import annotations

import asyncio
import copy
import time
from dataclasses import replace

from gbtui.checks.catalog import CHECKS
from gbtui.checks.judge import judge, needs_of
from gbtui.demo.host import DemoHost
from gbtui.facts.surveyor import Surveyor
from gbtui.profiles import load
from tests.bench.measure import Ratio, paired

TENANTS = 20
LINEAR = 1.3
"""What a round may cost per instance, of many against few: what every instance is compared with grows."""
CHEAP = 0.2
"""The same where nearly all of them are stopped: nothing is asked of those."""


def crowded(tenants: int, *, stopped: bool = False) -> DemoHost:
    """The demo host with this many tenants of ten instances each; with `stopped` one of them runs."""
    host = DemoHost()
    state = host.state
    state.life = []  # the simulated world stands still: its traffic is no work of gbtui's
    for number in range(1, tenants):
        for name in [name for name in state.instances if name.startswith("acme-")]:
            other = name.replace("acme-", f"t{number:02}-", 1)
            one = replace(copy.deepcopy(state.instances[name]), name=other)
            one.running = one.running and not stopped
            state.instances[other] = one
            state.places[other] = replace(copy.deepcopy(state.places[name]), name=other)
    return host


async def _round(tenants: int, *, stopped: bool = False) -> float:
    """Seconds that a round costs per instance."""
    host = crowded(tenants, stopped=stopped)
    await host.open()
    surveyor = Surveyor(host, load())
    began = time.process_time()
    survey = await surveyor.look(needs_of(CHECKS))
    judge(CHECKS, survey)
    return (time.process_time() - began) / len(survey.containers)


def many_instances(rounds: int = 3) -> tuple[Ratio, Ratio]:
    """With all instances running, and with those of one tenant running."""
    return (
        _ratio("all running", rounds, stopped=False, goal=LINEAR),
        _ratio("one tenant running", rounds, stopped=True, goal=CHEAP),
    )


def _ratio(title: str, rounds: int, *, stopped: bool, goal: float) -> Ratio:
    return paired(
        f"a round per instance, {10 * TENANTS} against 10, {title}",
        lambda: asyncio.run(_round(TENANTS, stopped=stopped)),
        lambda: asyncio.run(_round(1)),
        rounds=rounds,
        goal=goal,
    )
