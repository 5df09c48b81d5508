"""What files held and shall hold, kept beside the journal: its own lines have their hashes only (R8).

A file that is replaced may hold what its operator did not mean for a record: a token, somebody's hash.
The record is read, listed and exported; the bytes are needed to finish or undo, and for nothing else.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from gbtui.errors import Malformed, NotFound
from gbtui.guard.fingerprint import sha256
from gbtui.guard.journal_parts import sync_directory

HASH = "sha256"
_HELD = ("before", "after")


class Contents:
    """The folder `contents` in `directory` (0700), one file for each content, by its SHA-256 (0600)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "contents"

    def put_away(self, plan: Any) -> Any:
        """A journaled plan with hashes in the place of contents, which are on disk then. Raises OSError."""
        return _changed(plan, self._put)

    def filled(self, plan: Any) -> Any:
        """The same with its contents again; one of an earlier release has them in it.

        Raises:
            NotFound: one is not kept any more. Malformed: one is not what was put away.
        """
        return _changed(plan, self._got)

    def keep_only(self, wanted: Collection[str]) -> None:
        """Remove every content but those `wanted` by their hashes. Raises OSError."""
        with suppress(FileNotFoundError):
            for path in self.directory.iterdir():
                if len(path.name) == len(sha256(b"")) and path.name not in wanted:
                    path.unlink(missing_ok=True)

    def _put(self, held: Any) -> Any:
        if not isinstance(held, str):
            return held
        data = base64.b64decode(held)
        name = sha256(data)
        path = self.directory / name
        if not path.exists():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            new.replace(path)
            sync_directory(self.directory)
        return {HASH: name}

    def _got(self, held: Any) -> Any:
        name = named(held)
        if not name:
            return held
        try:
            data = (self.directory / name).read_bytes()
        except FileNotFoundError:
            why = f"{self.directory / name} is not there: it is too long ago, or was removed"
            raise NotFound("what a file held before the operation", why=why) from None
        if sha256(data) != name:
            raise Malformed("what a file held before the operation", why=f"{name} was altered")
        return base64.b64encode(data).decode("ascii")  # one-door: base64 of our own making


def named(held: Any) -> str:
    """The hash that stands for a content; "" where none does."""
    name = held.get(HASH) if isinstance(held, dict) else None
    return name if isinstance(name, str) and len(name) == len(sha256(b"")) and name.isalnum() else ""


def hashes(plan: Any) -> Iterator[str]:
    """The contents that a journaled plan refers to."""
    found: list[str] = []

    def note(held: Any) -> Any:
        found.append(named(held))
        return held

    _changed(plan, note)
    return (name for name in found if name)


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with `change` made to what every replaced file in it held and shall hold."""
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "replace":
        return {key: change(item) if key in _HELD else item for key, item in value.items()}
    return {key: _changed(item, change) for key, item in value.items()}
