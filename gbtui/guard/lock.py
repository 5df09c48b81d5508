"""One change at a time per host, across operators, processes and machines.

The lock is a kernel lock on the host itself, held by a small script for as long as its stdin is
open and not silent: when the holder dies or is killed, the host releases it at once. A link that is
lost without a word (power, Wi-Fi) closes nothing for hours; so the holder writes a byte now and then,
and a host that has heard none for a while releases the lock, too. The holder gives it up before that:
what it sent last may be under way for as long as the link was away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Failed, GbtuiError, Refused
from gbtui.guard import scripts
from gbtui.hosts.base import Host, Stream

RUN_DIR = "/run/gbtui"
ANSWER_WITHIN = 15.0
BEAT = 15.0
"""Seconds between two signs of life."""
SILENCE = 60.0
"""Seconds without one after which the host releases the lock."""
PATIENCE = 0.75
"""The share of it after which the holder, without an answer, does nothing more."""
_AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that goes on while this machine sleeps: the host's silence does."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a host's lock: operation `id` and its name, `user`, since when (RFC 3339)."""

    user: str
    operation: str
    id: str
    since: str

    def line(self) -> str:
        """As it is kept on the host: TAB-separated, one line."""
        return "\t".join(text.clean(part) for part in (self.user, self.operation, self.id, self.since))

    def words(self) -> str:
        """For a refusal."""
        return f"{self.user} runs {self.operation} ({self.id}) since {self.since}"

    @classmethod
    def read(cls, line: bytes) -> Holder | None:
        """The holder in a line from the host; None where it is no such line."""
        parts = text.text(line[:1000]).strip("\n").split("\t")
        return cls(*(text.clean(part) for part in parts)) if len(parts) == 4 else None


class Held:
    """The lock while it is held: by a host that releases it after `silence` seconds without a beat."""

    def __init__(self, silence: float) -> None:
        self._patience = silence * PATIENCE
        self._ended = False
        self._heard = self._clocks()

    @property
    def lost(self) -> bool:
        """Whether the host or the link gave it up, or may have: no beat was answered for too long."""
        passed = max(now - then for now, then in zip(self._clocks(), self._heard, strict=True))
        return self._ended or passed > self._patience

    @staticmethod
    def _clocks() -> tuple[float, float]:
        return asyncio.get_running_loop().time(), time.clock_gettime(_AWAKE_OR_NOT)

    async def watch(self, chunks: AsyncIterator[bytes]) -> None:
        """Read the answers to the beats until the script ends: then it is lost."""
        try:
            async for _chunk in chunks:
                self._heard = self._clocks()
        finally:
            self._ended = True

    async def beat(self, stream: Stream, every: float) -> None:
        """Tell the host again and again that we are there, until it is not to be told any more."""
        try:
            while True:
                await stream.write(b".")
                await asyncio.sleep(every)
        except GbtuiError:
            self._ended = True


@asynccontextmanager
async def hold(
    host: Host,
    *,
    user: str,
    operation: str,
    op_id: str,
    run_dir: str = RUN_DIR,
    beat: float = BEAT,
    silence: float = SILENCE,
) -> AsyncIterator[Held]:
    """Hold the host's lock while the context lasts, with a sign of life every `beat` seconds.

    Raises:
        Refused: somebody else holds it (`why` says who and since when).
        Failed: the lock could not be taken for another reason; Unreachable and Denied as the host says.
    """
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = Holder(user, operation, op_id, since).line()
    command = scripts.script("gbtui-lock", scripts.LOCK, run_dir, line, f"{silence:g}", hold=True)
    async with host.stream(command) as stream:
        chunks = aiter(stream)  # one iterator for both: what follows the answer is the watcher's
        _check(host, await _answer(chunks))
        held = Held(silence)
        tasks = (
            asyncio.create_task(held.watch(chunks), name=f"lock of {host.name}"),
            asyncio.create_task(held.beat(stream, beat), name=f"signs of life to {host.name}"),
        )
        try:
            yield held
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(chunks: AsyncIterator[bytes]) -> bytes:
    got = b""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            async for chunk in chunks:
                got += chunk
                if b"\n" in got or len(got) > 2000:
                    break
    except TimeoutError:
        raise Failed("lock the host", why=f"no answer within {ANSWER_WITHIN:g} s") from None
    return got


def _check(host: Host, answer: bytes) -> None:
    if answer.startswith(b"held\n"):
        return
    if answer.startswith(b"busy"):
        holder = Holder.read(answer[5:])
        why = holder.words() if holder else "its holder has not said who it is"
        raise Refused(f"another change is running on {host.name}", why=why, hint="wait until it has ended")
    why = text.line(answer) or "the lock script ended without an answer"
    hint = f"it needs root, flock (util-linux) and a writable {RUN_DIR}: try sudo -n true"
    raise Failed(f"lock {host.name}", why=why, hint=hint)


async def holder(host: Host, *, run_dir: str = RUN_DIR) -> Holder | None:
    """Who holds the lock now; None where nobody does."""
    completed = await host.run(scripts.script("gbtui-lock-look", scripts.LOCK_LOOK, run_dir))
    return Holder.read(completed.stdout) if completed.ok else None
