"""Helpers for the tests of hosts: processes found by a marker in their argv, waiting, descriptors."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def names_and_modes(folder: Path) -> dict[str, int]:
    """What lies in a folder, hidden files too, with its permissions."""
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()}


def is_private_socket(path: Path) -> bool:
    """Whether `path` is a socket in a folder that only its owner may enter."""
    return stat.S_ISSOCK(path.stat().st_mode) and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def processes(marker: str) -> list[int]:
    """The ids of live processes with `marker` in their argv."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if marker.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


async def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.01)


def owner(path: Path) -> tuple[int, int]:
    """(user id, group id) of a file."""
    found = path.stat()
    return found.st_uid, found.st_gid
