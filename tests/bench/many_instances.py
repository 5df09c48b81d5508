"""A round of all checks over many tenants: what one instance costs at 200, against what it costs at 10.

The simulated tenant again and again under other names, all running; of gbtui's own work (asking,
parsing, judging) everything is in it, of the host's nothing. Linear is 1×.
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


def crowded(tenants: int) -> DemoHost:
    """The demo host with this many tenants of ten instances each."""
    host = DemoHost()
    state = host.state
    state.life = []  # the simulated world stands still: its traffic is no work of gbtui's
    for number in range(1, tenants):
        for name in [name for name in state.instances if name.startswith("acme-")]:
            other = name.replace("acme-", f"t{number:02}-", 1)
            state.instances[other] = replace(copy.deepcopy(state.instances[name]), name=other)
            state.places[other] = replace(copy.deepcopy(state.places[name]), name=other)
    return host


async def _round(tenants: int) -> float:
    """Seconds that a round costs per instance."""
    host = crowded(tenants)
    await host.open()
    surveyor = Surveyor(host, load())
    began = time.process_time()
    survey = await surveyor.look(needs_of(CHECKS))
    judge(CHECKS, survey)
    return (time.process_time() - began) / len(survey.containers)


def many_instances(rounds: int = 3) -> Ratio:
    return paired(
        f"a round of {len(CHECKS)} checks, per instance, at {10 * TENANTS} against 10",
        lambda: asyncio.run(_round(TENANTS)),
        lambda: asyncio.run(_round(1)),
        rounds=rounds,
    )
