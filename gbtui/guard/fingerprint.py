"""What a plan was made from, as hashes: changed since the preview means refused, not run (R1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from gbtui.guard.plan import Exec, Reliance
from gbtui.guard.preview import command
from gbtui.guard.serial import reliance_json
from gbtui.hosts.base import Completed, Host


def sha256(data: bytes) -> str:
    """Hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def digest(completed: Completed) -> str:
    """Hex SHA-256 of what a command said: exit status and stdout."""
    return sha256(b"%d\n" % completed.status + completed.stdout)


async def rely(host: Host, title: str, run: Exec) -> Reliance:
    """Read a fact now and hold on to it. Raises whatever `host.run` raises."""
    return Reliance(title, run, digest(await host.run(command(run))))


def fingerprint(relies_on: Sequence[Reliance]) -> str:
    """One hash over all facts a plan relies on; equal facts give an equal fingerprint."""
    values = [reliance_json(reliance) for reliance in relies_on]
    return sha256(json.dumps(values, sort_keys=True).encode())


async def changed(host: Host, relies_on: Sequence[Reliance]) -> tuple[str, ...]:
    """Titles of the facts that are no longer what the plan was made from."""
    now = [(reliance, await rely(host, reliance.title, reliance.run)) for reliance in relies_on]
    return tuple(then.title for then, again in now if then.sha256 != again.sha256)
