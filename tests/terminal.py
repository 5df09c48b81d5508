"""A real terminal for tests and benches: a pty, a program in it, and its screen read back."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess  # noqa: TID251 - the program under test runs in a pty of its own
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte


class Terminal:
    """Runs `argv` in a pty of `columns`×`rows`; `raw` is every byte it wrote."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = 160, rows: int = 50, env: Mapping[str, str] | None = None
    ) -> None:
        self.raw = bytearray()
        self.screen = pyte.Screen(columns, rows)
        self._parser = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        terminal = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            list(argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **terminal, **(env or {})},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program and everything it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        os.close(self._master)

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def pump(self, seconds: float) -> int:
        """Take in what comes within `seconds`; returns the number of bytes."""
        end = time.monotonic() + seconds
        taken = 0
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], min(left, 0.05))
            if not ready:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the program ended and the pty closed
                break
            if not data:
                break
            taken += len(data)
            self.raw += data
            self._parser.feed(data)
        return taken

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, condition: Callable[[str], bool], *, seconds: float = 60) -> str:
        """The screen's text as soon as `condition` holds for it."""
        end = time.monotonic() + seconds
        while not condition(self.text()):
            if time.monotonic() > end or (self.process.poll() is not None and not self.pump(0.2)):
                raise AssertionError(f"never seen on the screen:\n{self.text()}")
            self.pump(0.02)
        return self.text()
