"""What a warm round of all checks costs the watched host, against the guide's five commands typed once.

The guest's own CPU time (its root cgroup) over both, less what it spends while nobody asks anything.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gbtui.checks import drift_look
from gbtui.checks.catalog import CHECKS
from gbtui.checks.inspector import Inspector
from gbtui.config import HostConfig
from gbtui.facts.surveyor import Surveyor
from gbtui.hosts import Command
from gbtui.hosts.base import Host
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from tests.bench.measure import Ratio
from tests.bench.refresh import TYPED

if TYPE_CHECKING:
    from tests.lab.twin.fixtures import Lab

ROUNDS, IDLE = 5, 10.0
"""Warm rounds, and seconds in which it is measured what the guest does by itself."""


async def _used(host: Host) -> float:
    """Seconds of CPU that the guest has used since it was booted."""
    done = await host.run(Command(("cat", "/sys/fs/cgroup/cpu.stat")))
    found = re.search(rb"usage_usec (\d+)", done.stdout)
    assert found is not None, "the guest has no unified cgroups"
    return int(found[1]) / 1e6


async def _cost(host: Host, work: Callable[[], Awaitable[None]], idle: float) -> tuple[float, float]:
    """(seconds of CPU beyond what is used anyway, seconds it took)."""
    before, began = await _used(host), time.monotonic()
    await work()
    seconds = time.monotonic() - began
    return max(0.0, await _used(host) - before - idle * seconds), seconds


async def _measure(lab: Lab) -> tuple[Ratio, str]:
    known = (str(lab.known_hosts),)
    host = SshHost(HostConfig("lab", "ssh", lab.host, lab.user, lab.port, known, str(lab.key)))
    await host.open()
    inspector = Inspector(Surveyor(host, load(), "acme"), CHECKS, also=drift_look.NEEDS)
    try:

        async def round_() -> None:
            await inspector.round()

        async def typed() -> None:
            for command in TYPED:
                await host.run(command)

        await round_()
        began = await _used(host)
        await asyncio.sleep(IDLE)
        idle = (await _used(host) - began) / IDLE
        ours = [await _cost(host, round_, idle) for _ in range(ROUNDS)]
        theirs = [await _cost(host, typed, idle) for _ in range(ROUNDS)]
    finally:
        await host.close()
    mine, other = (sum(cpu for cpu, _ in costs) / ROUNDS for costs in (ours, theirs))
    took = sum(seconds for _, seconds in ours) / ROUNDS
    said = (
        f"  a warm round took {took:.2f} s, {mine:.2f} s of the guest's CPU; it idles at {100 * idle:.0f} %"
    )
    return Ratio("CPU of a warm round of all checks, against five typed commands", mine, other, 2.0), said


def checks_round() -> tuple[Ratio, str] | None:
    """None where the lab is not up (`make lab`)."""
    if os.environ.get("GBTUI_LAB") != "1":
        return None
    from tests.lab.twin.fixtures import Lab
    from tests.lab.twin.lifecycle import Twin
    from tests.lab.twin.settings import Settings

    twin = Twin(Settings())
    twin.up()
    return asyncio.run(_measure(Lab(twin)))
