"""A walk's file, which outlives a crash: written whole, and read as what somebody else may have written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import msgspec

from gbtui.errors import GbtuiError, Malformed
from gbtui.guard.journal import state_dir
from gbtui.runbooks.walk import Walk
from gbtui.text import clean

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")


class Walks:
    """The walks on file, one file each, 0600: `runbooks/HOST/` below gbtui's state."""

    def __init__(self, host: str, directory: Path | None = None) -> None:
        self._folder = (directory or state_dir()) / "runbooks" / re.sub(r"[^A-Za-z0-9._-]", "_", host)[:100]

    def save(self, walk: Walk) -> None:
        """On disk when this returns.

        Raises:
            GbtuiError: it could not be written; `why` says how.
        """
        try:
            self._write(walk)
        except OSError as error:
            hint = "free space or point GBTUI_STATE at a directory you can write"
            raise GbtuiError(
                "keep the walk on this machine", why=f"{self._folder}: {error.strerror}", hint=hint
            ) from error

    def _write(self, walk: Walk) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{walk.id}.json"
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(walk), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def all(self) -> tuple[Walk, ...]:
        """Every walk that can be read, oldest first."""
        return tuple(self._read())

    def unfinished(self, runbook: str = "") -> tuple[Walk, ...]:
        """Those that have not ended; of one runbook, or of all."""
        return tuple(one for one in self.all() if not one.ended and runbook in ("", one.runbook))

    def _read(self) -> Iterator[Walk]:
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                yield from_json(json.loads(path.read_bytes()))
            except (OSError, ValueError, Malformed):
                continue  # a file that is none costs itself


def from_json(value: object) -> Walk:
    """A walk from its file: every field of its type, ids and times of their form, lines that are lines.

    Raises:
        Malformed: it is none.
    """
    try:
        walk = msgspec.convert(value, Walk)
    except msgspec.ValidationError as error:
        raise Malformed("state of a runbook", why=clean(str(error))) from error
    wrong = next(_wrong(walk), "")
    if wrong:
        raise Malformed("state of a runbook", why=wrong)
    return walk


def _wrong(walk: Walk) -> Iterator[str]:
    """What has the type and not the form: the id names a file, values and times are worked with."""
    if not _ID.fullmatch(walk.id):
        yield f"not the id of a walk: {clean(walk.id)[:40]!r}"
    lines = [walk.runbook, walk.host, walk.at, *walk.values, *walk.values.values()]
    for record in walk.records:
        lines += [record.step, record.by, record.operation]
        lines += [one.replace("\t", " ") for one in record.output]
    for line in lines:
        if line != clean(line):
            yield f"not one line of text: {clean(line)[:40]!r}"
    for at in (walk.started, *(record.at for record in walk.records)):
        if not _moment(at):
            yield f"not a time with its zone: {clean(at)[:40]!r}"


def _moment(at: str) -> bool:
    try:
        return datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        return False
