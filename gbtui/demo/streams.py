"""Programs that run on: `tail -F`, the lock that lasts as long as its stdin, and any other to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from gbtui.demo import files, traffic
from gbtui.demo.call import Answer, Call
from gbtui.demo.lxc import unwrap
from gbtui.demo.tools import answer
from gbtui.errors import GbtuiError
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.errors import explain


class DemoStream:
    """The output of one simulated program (`gbtui.hosts.base.Stream`)."""

    def __init__(self, call: Call, command: Command) -> None:
        self._call = call
        self._command = command
        self._held = ""
        self._complaint = b""
        self._written = asyncio.Event()
        self.closed = False

    @property
    def complaint(self) -> bytes:
        """What the program said on stderr so far, as the real adapters keep it."""
        return self._complaint

    async def __aiter__(self) -> AsyncIterator[bytes]:
        call = self._bare()
        if isinstance(call, Call) and call.argv[:2] == ("tail", "-F"):
            async for chunk in self._tail(call):
                yield chunk
        elif isinstance(call, Call) and call.argv[3:4] == ("gbtui-lock",):
            async for chunk in self._lock(call):
                yield chunk
        else:
            done = call if isinstance(call, Answer) else answer(call)
            await self._call.state.clock.sleep(min(done.takes, 60.0))
            if done.stdout:
                yield done.stdout
            if done.status:
                raise self._words(done)

    async def write(self, data: bytes) -> None:
        """A sign of life for a lock; nothing else here reads what is written."""
        self._written.set()

    def close(self) -> None:
        """The program ends: a lock it held is free again."""
        self.closed = True
        self._written.set()
        self._release()

    def _release(self) -> None:
        if self._held:
            self._call.state.locks.pop(self._held, None)
            self._held = ""

    def _bare(self) -> Call | Answer:
        """The call without sudo and `lxc exec`, or the client's refusal."""
        call, argv = self._call, self._call.argv
        while argv[:1] == ("sudo",) or argv[:1] in (("-n",), ("--",)):
            argv = argv[1:]
        call = replace(call, argv=argv)
        if argv[:2] != ("lxc", "exec"):
            return call
        return unwrap(call) if call.state.lxd_up else answer(call)

    async def _tail(self, call: Call) -> AsyncIterator[bytes]:
        count, path, _ = files.tail_options(call.arguments)
        state = call.state
        while words := files.why_not(call, path):
            said = f"tail: cannot open '{path}' for reading: {words}\n"
            if words == "Is a directory":
                said = f"tail: error reading '{path}': {words}\n"
            self._complaint = said.encode()
            await state.clock.wait(1.0)
            if self.closed:
                return
        if path != traffic.PATH:
            data = (files.content(state, call.place, path) or b"").splitlines(keepends=True)
            yield b"".join(data[-count:])
        async for chunk in traffic.follow(state, count if path == traffic.PATH else 0):
            if self.closed:
                return
            if path == traffic.PATH and not files.why_not(call, path):
                yield chunk

    async def _lock(self, call: Call) -> AsyncIterator[bytes]:
        run_dir, holder, silence = call.argv[4:7]
        taken = call.state.locks.get(run_dir)
        if taken is not None:
            yield f"busy {taken}\n".encode()
            raise self._words(Answer(75))
        self._held = run_dir
        call.state.locks[run_dir] = holder
        yield b"held\n"
        with suppress(TimeoutError):
            while not self.closed:
                # in the loop's own time: the host's may be made, and nobody beats in it
                # (not wait_for: it swallows a cancellation that meets a sign of life)
                async with asyncio.timeout(float(silence)):
                    await self._written.wait()
                self._written.clear()
                if not self.closed:
                    yield b".\n"
        self._release()

    def _words(self, done: Answer) -> GbtuiError:
        ended = Completed(self._command, done.status, done.stdout, done.stderr, 0.0)
        return explain(ended, f"following {self._command.shown()}")
