"""The one place where local processes start.

Every process is a group and a session of its own, so that ending it ends what it started, too, and
so that it has no terminal to write on or to ask a password from.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess  # noqa: TID251 – this is the one place
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from gbtui.errors import Denied, MissingTool
from gbtui.hosts.guardian import KILL_AFTER, LOCALE, PATH_EXTRA

#: Seconds between TERM and KILL for a process that is ours to signal.
GRACE = 2.0
#: Seconds for a program whose stdin was held to see its end and leave by itself.
FAREWELL = 5.0
#: Seconds for what was killed to be gone.
EMPTY = 0.5


class LocalProgram:
    """A local process group (`gbtui.hosts.collect.Program`).

    `held`: stdin stays open after `feed`, and closing it is how the program is told to end: the
    only way where it runs under sudo and may not be signalled from here.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        stdout: _Pipe,
        stderr: _Pipe,
        *,
        held: bool,
    ) -> None:
        self._process = process
        self._pipes = (stdout, stderr)
        self._held = held
        self._ended: asyncio.Task[None] | None = None
        self.stdout = stdout.reader
        self.stderr = stderr.reader
        self.pid = process.pid

    async def feed(self, data: bytes) -> None:
        """Write to stdin, and close it unless it is held. A program that stopped reading is no error."""
        pipe = self._process.stdin
        if pipe is None:
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if data:
                pipe.write(data)
                await pipe.drain()
            if not self._held:
                pipe.close()

    async def wait(self) -> int:
        """The exit status; 128 + n when signal n ended it."""
        status = await self._process.wait()
        return status if status >= 0 else 128 - status

    async def end(self) -> None:
        """End the whole group and reap its leader. Idempotent, and the same end for all who ask."""
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._end())
        await asyncio.shield(self._ended)

    async def _end(self) -> None:
        try:
            pipe = self._process.stdin
            if pipe is not None and not pipe.is_closing():
                pipe.transport.abort()
            if self._held:
                await self._left(FAREWELL + KILL_AFTER)
            if self._process.returncode is None:
                self._signal(signal.SIGTERM)
                await self._left(GRACE)
        finally:
            # Also when the loop is being torn down: whatever remains of the group goes at once.
            self._signal(signal.SIGKILL)
        await self._left(GRACE)
        await self._emptied()
        for output in self._pipes:
            output.close()

    async def _left(self, seconds: float) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), seconds)

    async def _emptied(self) -> None:
        """Killed children go a moment after the signal: wait for it, but not for unreaped zombies."""
        deadline = time.monotonic() + EMPTY
        # ASYNC110: the kernel has no event for the end of a group
        while self._signal(0) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    def _signal(self, number: int) -> bool:
        """Signal the group; whether there was one to signal."""
        # It may be gone, or belong to root (under sudo): both are no reason to fail here.
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


class _Pipe:
    """The reading end of a pipe of our own.

    asyncio's pipes belong to the process and would make its end wait for every child that still
    holds them; ours are closed when we say so.
    """

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(limit=256 * 1024)
        read_fd, self.write_fd = os.pipe()
        self._file = os.fdopen(read_fd, "rb", 0)
        self._transport: asyncio.ReadTransport | None = None

    async def connect(self) -> None:
        protocol = asyncio.StreamReaderProtocol(self.reader)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(lambda: protocol, self._file)

    def close_child_side(self) -> None:
        os.close(self.write_fd)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        else:
            self._file.close()


def environment() -> dict[str, str]:
    """This process' environment, with English messages and the folders of system tools."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "LC_ALL": LOCALE, "PATH": f"{path}:{PATH_EXTRA}"}


async def start(argv: Sequence[str], *, stdin: bool = False, held: bool = False) -> LocalProgram:
    """Start `argv` in a session of its own. Without `stdin` or `held` its stdin is empty.

    Raises:
        MissingTool: there is no such program here.
        Denied: it may not be executed.
    """
    stdout, stderr = _Pipe(), _Pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if stdin or held else asyncio.subprocess.DEVNULL,
            stdout=stdout.write_fd,
            stderr=stderr.write_fd,
            start_new_session=True,
            env=environment(),
        )
    except BaseException as error:
        stdout.close()
        stderr.close()
        if isinstance(error, OSError):
            raise _cannot_start(argv, error) from error
        raise
    finally:
        stdout.close_child_side()
        stderr.close_child_side()
    program = LocalProgram(process, stdout, stderr, held=held)
    try:
        await stdout.connect()
        await stderr.connect()
    except BaseException:
        await program.end()
        raise
    return program


async def attend_in_terminal(argv: Sequence[str]) -> int:
    """Run an interactive program on the operator's own terminal and return its exit status.

    Everything else here goes on: a link to a host is kept alive meanwhile. Ctrl+C belongs to the program.

    Raises:
        MissingTool: there is no such program here.
        Denied: it may not be executed.
    """
    with _interrupts_are_its_own():
        return await asyncio.to_thread(_in_terminal, argv)


@contextlib.contextmanager
def _interrupts_are_its_own() -> Iterator[None]:
    main = threading.current_thread() is threading.main_thread()
    # A handler, not SIG_IGN: ignoring would be inherited by the program, a handler is not.
    before = signal.signal(signal.SIGINT, lambda *_: None) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


def _in_terminal(argv: Sequence[str]) -> int:
    try:
        status = subprocess.call(list(argv))
    except OSError as error:
        raise _cannot_start(argv, error) from error
    return status if status >= 0 else 128 - status


def _cannot_start(argv: Sequence[str], error: OSError) -> MissingTool | Denied:
    name = PurePath(argv[0]).name
    what = f"starting {name}"
    if isinstance(error, PermissionError):
        return Denied(what, why="it may not be executed", hint=f"check the mode of {argv[0]}")
    if isinstance(error, FileNotFoundError):
        return MissingTool(what, why=f"{name} is not installed here", hint=f"install {name}")
    return MissingTool(what, why=str(error.strerror or error), hint=f"check {argv[0]}")
