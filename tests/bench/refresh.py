"""One refresh of all five panes, against the guide's five commands typed one after another, both over
the same SSH connection to the lab."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gbtui.config import HostConfig
from gbtui.guard.journal import Journal
from gbtui.hosts import Command
from gbtui.hosts.ssh import SshHost
from gbtui.profiles import load
from gbtui.session import Session
from tests.bench.measure import Ratio, median_ratio

if TYPE_CHECKING:
    from tests.lab.twin.fixtures import Lab

#: As the guide has them (items 89, 94, 93, 91 and the bans of 29).
TYPED = (
    Command(("lxc", "list"), timeout=60),
    Command(("sh", "-c", "zfs list -t snapshot -o name,used | sort -k2 -rh | head -20"), timeout=60),
    Command(("lxc", "exec", "acme-system", "--", "iptables", "-L", "-n"), timeout=60),
    Command(("lxc", "exec", "acme-proxy", "--", "tail", "-n", "500", "/opt/gbo/logs/access.log"), timeout=60),
    Command(("fail2ban-client", "status", "sshd"), root=True, timeout=60),
)


async def _typed(session: Session) -> float:
    began = time.monotonic()
    for command in TYPED:
        await session.host.run(command)
    return time.monotonic() - began


async def _refreshed(session: Session) -> float:
    began = time.monotonic()
    reader = await session.log_reader()
    await asyncio.gather(
        session.containers.once(),
        session.snapshots.once(),
        session.firewall("acme-system").once(),
        session.bans.once(),
        reader.read(500),
    )
    return time.monotonic() - began


async def _measure(lab: Lab, rounds: int) -> Ratio:
    config = HostConfig(
        "lab", "ssh", lab.host, lab.user, lab.port, known_hosts=(str(lab.known_hosts),), identity=str(lab.key)
    )
    session = Session(SshHost(config), load(), Journal(Path(os.devnull).parent), user="bench", tenant="acme")
    await session.open()
    try:
        await _refreshed(session)
        pairs = [(await _refreshed(session), await _typed(session)) for _ in range(rounds)]
    finally:
        await session.close()
    return median_ratio("one refresh of five panes, against five typed commands", pairs, goal=0.5)


def refresh(rounds: int = 5) -> Ratio | None:
    """None where the lab is not up (`make lab`)."""
    if os.environ.get("GBTUI_LAB") != "1":
        return None
    from tests.lab.twin.fixtures import Lab
    from tests.lab.twin.lifecycle import Twin
    from tests.lab.twin.settings import Settings

    twin = Twin(Settings())
    twin.up()
    return asyncio.run(_measure(Lab(twin), rounds))
