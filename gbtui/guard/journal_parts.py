"""The files the journal is made of: `journal.jsonl`, which grows, and the parts that were full before it.

A part that has reached `LIMIT` becomes `journal-0001.jsonl`, `journal-0002.jsonl`, …; the chain of
hashes goes on over the seam. Whoever appends holds the kernel's lock on the growing part.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LIMIT = 8 * 1024 * 1024
"""Bytes from which on a part is full."""
ROOM = 256 * 1024
"""Bytes that must be free on the disk before an operation begins: what one writes, with much to spare."""
_BLOCK = 64 * 1024
_NUMBERED = re.compile(r"journal-(\d{4,})\.jsonl")


class Parts:
    """The journal's files in `directory` (0700, files 0600)."""

    def __init__(self, directory: Path, limit: int = LIMIT) -> None:
        self.directory = directory
        self.path = directory / "journal.jsonl"
        self.limit = limit

    def full(self) -> dict[int, Path]:
        """The full parts by number, oldest first."""
        try:
            names = [(path, _NUMBERED.fullmatch(path.name)) for path in self.directory.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return dict(sorted((int(match[1]), path) for path, match in names if match))

    def missing(self) -> str:
        """The name of the first full part that is gone, as far as the numbers tell; "" for none."""
        number = next((n for n, known in enumerate(self.full(), 1) if n != known), 0)
        return f"journal-{number:04}.jsonl" if number else ""

    def read(self) -> Iterator[tuple[str, bytes]]:
        """(file name, its bytes), oldest first. The growing part is opened first and read last: when it
        becomes a full one meanwhile, it is not read twice, and nothing is left out. Raises OSError."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            fd = -1
        try:
            growing = os.fstat(fd).st_ino if fd >= 0 else 0
            for path in self.full().values():
                if path.stat().st_ino == growing:
                    break
                yield path.name, path.read_bytes()
            if fd >= 0:
                with os.fdopen(os.dup(fd), "rb") as file:
                    yield self.path.name, file.read()
        finally:
            if fd >= 0:
                os.close(fd)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """The growing part, open for appending and locked against other processes. Raises OSError."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            fresh = not self.path.exists()
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if not self._is_growing(fd):
                    continue  # full and put aside while we waited for the lock
                if os.fstat(fd).st_size >= self.limit:
                    self._put_aside()
                    continue
                if fresh:
                    sync_directory(self.directory)
                yield fd
                return
            finally:
                os.close(fd)

    def backwards(self, fd: int) -> Iterator[bytes]:
        """Whole and torn lines without their ends, the last one first, over all parts. `fd` is `locked`."""
        yield from _backwards(fd)
        for path in reversed(self.full().values()):
            older = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                yield from _backwards(older)
            finally:
                os.close(older)

    def room(self) -> int:
        """Free bytes for whoever we are, on the journal's disk."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize

    def _is_growing(self, fd: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), self.path.stat())
        return False

    def _put_aside(self) -> None:
        number = max(self.full(), default=0) + 1
        self.path.rename(self.directory / f"journal-{number:04}.jsonl")
        sync_directory(self.directory)


def append(fd: int, data: bytes) -> None:
    """Write `data` at the end and return when it is on disk; nothing of it stays where that fails."""
    before = os.fstat(fd).st_size
    try:
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    except OSError:
        with suppress(OSError):
            os.ftruncate(fd, before)
        raise


def ends_whole(fd: int) -> bool:
    """Whether the file ends with a line's end (or is empty)."""
    size = os.fstat(fd).st_size
    return size == 0 or os.pread(fd, 1, size - 1) == b"\n"


def sync_directory(directory: Path) -> None:
    """A name made or changed in `directory` is on disk."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _backwards(fd: int) -> Iterator[bytes]:
    end, block, rest = os.fstat(fd).st_size, _BLOCK, b""
    while end > 0:
        start = max(0, end - block)
        rest, *lines = (os.pread(fd, end - start, start) + rest).split(b"\n")
        yield from (line for line in reversed(lines) if line)
        end, block = start, block * 2
    if rest:
        yield rest
