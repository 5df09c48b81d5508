"""Confirm or revert, kept on the host: arm, disarm, revert now, and what became of it (R5).

Before the first armed step the host gets the undo script and a transient systemd timer. Keeping is
an explicit `disarm` after verification. Nothing here depends on this process staying alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gbtui import text
from gbtui.errors import Failed, NotFound
from gbtui.guard import scripts
from gbtui.guard.plan import Plan
from gbtui.guard.revert_script import bundle
from gbtui.hosts.base import Completed, Host

STATE_DIR = "/var/lib/gbtui"
State = Literal["prepared", "armed", "reverting", "reverted", "failed", "lost"]
_STATES: dict[str, State] = {
    "prepared": "prepared",
    "armed": "armed",
    "reverting": "reverting",
    "reverted": "reverted",
    "failed": "failed",
    "lost": "lost",
}


@dataclass(frozen=True, slots=True)
class Reverted:
    """What the host's own revert left. `ok` when everything armed was put back and proven so.

    `at` is RFC 3339 by the host's clock, `output` the script's own words, bounded.
    """

    ok: bool
    at: str
    output: str

    def words(self) -> str:
        """In one sentence, with the script's own words."""
        result = "put itself back" if self.ok else "tried to put itself back and failed"
        return f"the host {result} at {self.at}: {'; '.join(self.output.split(chr(10)))}"


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation the host still remembers, not yet told to anybody.

    `state`: prepared (never armed) · armed (fires at `at`) · reverting · reverted · failed (to
    revert) · lost (armed, but its timer is gone: the host was restarted meanwhile).
    """

    id: str
    state: State
    at: datetime
    title: str


class Reverter:
    """The reverts of one host. `state_dir` is where the host keeps them (root only)."""

    def __init__(self, host: Host, *, state_dir: str = STATE_DIR) -> None:
        self._host = host
        self._root = state_dir

    def directory(self, op_id: str) -> str:
        """Where the host keeps operation `op_id`."""
        return f"{self._root}/{op_id}"

    async def arm(self, plan: Plan, op_id: str) -> None:
        """Write the undo script and start the timer: `plan.revert_after` seconds from now.

        Raises:
            Failed: the host could not arm it; nothing has been changed yet.
        """
        directory = self.directory(op_id)
        prepare = scripts.script("gbtui-revert-prepare", scripts.PREPARE, directory)
        _need(await self._host.run(prepare), f"make {directory}")
        for name, data in bundle(plan, op_id, directory).files:
            await self._host.write(f"{directory}/{name}", data, mode=0o600)
        await self.renew(op_id, plan.revert_after)

    async def renew(self, op_id: str, seconds: float) -> None:
        """Give it `seconds` from now. Never without a timer: the new one stands before the old one goes.

        Raises:
            Failed: too late (the host has reverted), or the timer could not be started.
        """
        unit = f"gbtui-revert-{op_id}"
        arguments = (self.directory(op_id), unit, str(max(1, round(seconds))))
        arm = scripts.script("gbtui-revert-arm", scripts.ARM, *arguments, timeout=45.0)
        completed = await self._host.run(arm)
        if completed.status == scripts.OVER:
            raise Failed("hold the revert", why=_outcome(completed.stdout).words())
        _need(completed, f"arm the revert of {op_id}")

    async def disarm(self, op_id: str) -> Reverted | None:
        """Stop the timer and prove it gone; None when the change is kept.

        Returns what the host did when it was too late.
        """
        disarm = scripts.script("gbtui-revert-disarm", scripts.DISARM, self.directory(op_id), timeout=75.0)
        completed = await self._host.run(disarm)
        if completed.status == scripts.OVER:
            return _outcome(completed.stdout)
        _need(completed, f"disarm the revert of {op_id}")
        return None

    async def now(self, op_id: str) -> Reverted:
        """Revert at once, by the same script the timer would start."""
        now = scripts.script("gbtui-revert-now", scripts.NOW, self.directory(op_id), timeout=300.0)
        completed = await self._host.run(now)
        reverted = await self.outcome(op_id)
        if reverted is None:
            _need(completed, f"revert {op_id}")
            raise Failed(f"revert {op_id}", why="the script left no outcome; it was not armed any more")
        return reverted

    async def outcome(self, op_id: str) -> Reverted | None:
        """What the host's revert of `op_id` left; None where it has not reverted."""
        try:
            return _outcome(await self._host.read(f"{self.directory(op_id)}/outcome", limit=64 * 1024))
        except NotFound:
            return None

    async def pending(self) -> tuple[Pending, ...]:
        """Everything armed, reverted or lost that nobody has been told of, oldest first."""
        look = scripts.script("gbtui-revert-list", scripts.LIST, self._root)
        completed = await self._host.run(look)
        lines = text.text(completed.stdout).splitlines()
        return tuple(found for line in lines if (found := _pending(line)) is not None)

    async def reported(self, op_id: str) -> None:
        """Mark the outcome of `op_id` as told."""
        mark = scripts.script("gbtui-revert-reported", scripts.REPORTED, self.directory(op_id))
        _need(await self._host.run(mark), f"mark the revert of {op_id} as told")


def _need(completed: Completed, what: str) -> None:
    if not completed.ok:
        said = text.line(completed.stderr or completed.stdout)
        raise Failed(what, why=said or f"exit status {completed.status}")


def _outcome(data: bytes) -> Reverted:
    first, _, output = text.text(data, limit=6000).partition("\n")
    word, _, at = first.partition(" ")
    return Reverted(word == "reverted", text.clean(at), output.strip())


def _pending(line: str) -> Pending | None:
    """One line of gbtui-revert-list; None for one that is not (somebody else's directory)."""
    parts = line.split("\t", 3)
    if len(parts) != 4 or parts[1] not in _STATES or not parts[2].isascii() or not parts[2].isdigit():
        return None
    try:
        at = datetime.fromtimestamp(int(parts[2]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Pending(text.clean(parts[0]), _STATES[parts[1]], at, text.clean(parts[3]))
