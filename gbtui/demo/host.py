"""The simulated production host: the `Host` protocol over one `State`, entirely in this process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from gbtui.demo import faults as drills
from gbtui.demo import tools
from gbtui.demo.call import Answer, Call
from gbtui.demo.clock import Clock, RealClock
from gbtui.demo.lxc import unwrap
from gbtui.demo.lxd import DemoLxd
from gbtui.demo.seed import build
from gbtui.demo.streams import DemoStream
from gbtui.errors import BadInput, MissingTool
from gbtui.hosts import files
from gbtui.hosts.base import MIB, TIMED_OUT, Command, Completed, HostKind, Link, Lxd, inside
from gbtui.hosts.errors import explain

DEFAULT_SEED = 20_260_318


#: What `GBTUI_DEMO_RATE` may ask for at most.
HIGHEST_RATE = 10_000


class DemoHost:
    """A production host that is not there (`gbtui.hosts.base.Host`).

    The same `seed` and `clock` give the same host, byte for byte. `faults` are in from the start
    (see `gbtui.demo.faults.FAULTS`), with those named in the environment (`GBTUI_DEMO_FAULTS=a,b`);
    `inject` and `undo` change them later. It answers as to an operator who has sudo: programs that
    need root refuse without `Command.root`.
    """

    kind: HostKind = "demo"

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        clock: Clock | None = None,
        faults: Iterable[str] = (),
        name: str = "demo",
    ) -> None:
        self.name = name
        self.address = "demo"
        self.clock: Clock = clock or RealClock()
        self.state = build(self.clock, seed)
        self.state.log_rate = _rate_from_environment(self.state.log_rate)
        self.state.execute = tools.answer
        self.on_link: list[Callable[[Link], None]] = []
        self.lxd: Lxd = DemoLxd(self.state)
        self._link = Link(connected=True, since=datetime.fromtimestamp(self.clock.now(), UTC))
        self._streams: set[DemoStream] = set()
        for fault in (*faults, *_from_environment()):
            self.inject(fault)

    @property
    def link(self) -> Link:
        return self._link

    def inject(self, fault: str) -> None:
        """Put a named fault in (a drill). Raises BadInput for an unknown name."""
        drills.inject(self.state, fault)

    def undo(self, fault: str) -> None:
        """Take a named fault out again."""
        drills.undo(self.state, fault)

    def only(self, fault: str) -> None:
        """Take every fault out, and put this one in afresh: whoever practises begins with a whole host.

        Raises BadInput for an unknown name.
        """
        drills.check(fault)
        for other in tuple(self.state.faults):
            self.undo(other)
        self.inject(fault)

    async def open(self) -> None:
        """Nothing to reach."""

    async def close(self) -> None:
        for stream in tuple(self._streams):
            stream.close()

    async def run(self, command: Command) -> Completed:
        call = self._call(command)
        _installed(call)
        return await self._finish(command, tools.answer(call))

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        if instance is not None and commands:
            whole = Command(inside(instance, Command(("sh",))).argv)
            found = unwrap(self._call(whole)) if self.state.lxd_up else tools.answer(self._call(whole))
            if isinstance(found, Answer):
                ended = Completed(whole, found.status, found.stdout, found.stderr, 0.0)
                raise explain(ended, f"running commands in {instance}")
        done = []
        for command in commands:
            argv = ("timeout", "-k", "2", f"{command.timeout:g}", *command.argv)
            bounded = Command(argv, root=command.root, timeout=command.timeout + 1, limit=command.limit)
            call = self._call(bounded if instance is None else inside(instance, bounded))
            done.append(await self._finish(command, tools.answer(call)))
        return tuple(done)

    @asynccontextmanager
    async def stream(self, command: Command) -> AsyncIterator[DemoStream]:
        call = self._call(command)
        _installed(call)
        stream = DemoStream(call, command)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            stream.close()
            self._streams.discard(stream)

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        return await files.read(self.run, path, instance=instance, limit=limit)

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        await files.write(self.run, path, data, instance=instance, mode=mode)

    def shell(self, instance: str) -> tuple[str, ...]:
        words = f"{instance} is simulated: there is no shell to open (gbtui --host … reaches a real one)"
        return ("printf", "%s\\n", words)

    def _call(self, command: Command) -> Call:
        self.state.settle()
        return Call(self.state, self.state.host, command.argv, command.stdin or b"", command.root)

    async def _finish(self, command: Command, answer: Answer) -> Completed:
        """Let the call take its time in the host's clock, and cut what is too much."""
        status, seconds = answer.status, answer.takes
        if seconds > command.timeout:
            status, seconds = TIMED_OUT, command.timeout
        await self.clock.sleep(seconds)
        out, error = answer.stdout[: command.limit], answer.stderr[: command.limit]
        cut = len(answer.stdout) > command.limit or len(answer.stderr) > command.limit
        return Completed(command, status, out, error, seconds, cut)


def _from_environment() -> tuple[str, ...]:
    """Faults for a demo somebody else starts: a drill in a terminal multiplexer, a screenshot, a test."""
    named = os.environ.get("GBTUI_DEMO_FAULTS", "").split(",")
    return tuple(name.strip() for name in named if name.strip())


def _rate_from_environment(usual: float) -> float:
    """Requests a second in the access log (`GBTUI_DEMO_RATE`), for benches and for a quiet picture."""
    given = os.environ.get("GBTUI_DEMO_RATE", "")
    if not given:
        return usual
    if not given.isdecimal() or int(given) > HIGHEST_RATE:
        why, hint = "not a number of requests a second", f"0 to {HIGHEST_RATE}"
        raise BadInput(f"GBTUI_DEMO_RATE={given[:20]}", why=why, hint=hint)
    return float(given)


def _installed(call: Call) -> None:
    """Raise what a real adapter raises for a program that is not on the host."""
    name = call.argv[0] if call.argv else ""
    if name not in ("sudo", "timeout") and tools.installed(call) is None:
        raise MissingTool(f"running {name}", why=f"{name} is not installed there", hint=f"install {name}")
