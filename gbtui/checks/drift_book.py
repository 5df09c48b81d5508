"""The timeline of changes, kept across starts: what a host was like at the last look, and what changed since.

In `drift/<host>/` of the state directory (0700, files 0600): `state.json` is the last look, `timeline.jsonl`
the changes, one a line, put aside once (`timeline.1.jsonl`) when it is full. Several gbtui at a time share
them: whoever sees a change first writes it down.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gbtui.checks.drift import INSTANCES, Change, Key, Look, Source, Thing, compare
from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.shapes import rfc3339
from gbtui.guard.journal import state_dir
from gbtui.guard.mask import mask
from gbtui.text import clean, decode_json

LIMIT = 512 * 1024
"""Bytes from which on the timeline is put aside."""
IN_MEMORY = 500

Before = Mapping[Source, Mapping[Key, Thing]]


def drift_dir(host: str, tenant: str | None = None, state: Path | None = None) -> Path:
    """Where a host's timeline is; one of a single tenant has its own."""
    name = host if tenant is None else f"{host}@{tenant}"
    return (state or state_dir()) / "drift" / re.sub(r"[^A-Za-z0-9._@-]", "_", name)[:150].lstrip(".")


class DriftBook:
    """The timeline in `directory`; None keeps it in memory only, for a host that is not real.

    `error` is why it could not be kept the last time.
    """

    def __init__(self, directory: Path | None = None, *, limit: int = LIMIT) -> None:
        self.directory = directory
        self.error: GbtuiError | None = None
        self.looked_at: datetime | None = None
        self._limit = limit
        self._before: Before = {}
        self._memory: list[Change] = []

    def take(
        self, new: Look, whose: Callable[[Change], Change] = lambda change: change
    ) -> tuple[Change, ...]:
        """Compare with the last look, and keep this one. `whose` says who made a change.

        The first look has nothing to be compared with. What cannot be kept is said in `error`.
        """
        try:
            with self._locked():
                found = self._take(new, whose)
            self.error = None
        except OSError as error:
            self.error = GbtuiError("keep what changed", why=clean(str(error)), hint="see GBTUI_STATE")
            return ()
        return found

    def _take(self, new: Look, whose: Callable[[Change], Change]) -> tuple[Change, ...]:
        since = self._load()
        found = () if since is None else tuple(whose(one) for one in compare(self._before, since, new))
        fresh = {source: {thing.key: thing for thing in things} for source, things in new.things.items()}
        changed = bool(found) or fresh.keys() != self._before.keys() & fresh.keys()
        # What was not read this time is compared with its last reading the next time; an instance that
        # is gone for good says so in the list of instances.
        self._before = {**self._before, **fresh}
        if INSTANCES in fresh:
            there = {"host", *(name for thing in fresh[INSTANCES].values() for name in thing.lines)}
            self._before = {source: one for source, one in self._before.items() if source[1] in there}
        self.looked_at = new.at
        self._append(found)
        self._save(whole=changed or since is None)
        return found

    def last_look(self) -> datetime | None:
        """When this host was looked at the last time, by whichever gbtui; None: never."""
        if self.directory is None:
            return self.looked_at
        try:
            return datetime.fromtimestamp((self.directory / "state.json").stat().st_mtime, UTC)
        except OSError:
            return None

    def timeline(self) -> tuple[Change, ...]:
        """Every change that is kept, newest first. Lines that are not understood are left out."""
        if self.directory is None:
            return tuple(reversed(self._memory))
        found: list[Change] = []
        for name in ("timeline.1.jsonl", "timeline.jsonl"):
            try:
                data = (self.directory / name).read_bytes()
            except OSError:
                continue
            found += (one for one in map(_parsed, data.split(b"\n")) if one is not None)
        return tuple(reversed(found))

    # -- files

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.directory is None:
            yield
            return
        for folder in (self.directory.parent.parent, self.directory.parent, self.directory):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _load(self) -> datetime | None:
        """What is on file now, and when it was looked at; None: nothing that is understood."""
        if self.directory is None:
            return self.looked_at
        path = self.directory / "state.json"
        try:
            data = decode_json(path.read_bytes(), what=str(path))
            self._before = _state(data)
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (FileNotFoundError, Malformed):
            self._before = {}
            return None

    def _save(self, *, whole: bool) -> None:
        """The last look; where nothing is different only its time."""
        if self.directory is None:
            return
        path = self.directory / "state.json"
        if whole:
            rows = [
                {"source": source, "things": [asdict(thing) for thing in things.values()]}
                for source, things in self._before.items()
            ]
            new = path.with_suffix(".new")
            _write(new, json.dumps({"schema": 1, "sources": rows}, separators=(",", ":")).encode())
            new.replace(path)
        if self.looked_at is not None:
            at = self.looked_at.timestamp()
            os.utime(path, (at, at))

    def _append(self, found: Sequence[Change]) -> None:
        self._memory = [*self._memory, *found][-IN_MEMORY:]
        if self.directory is None or not found:
            return
        path = self.directory / "timeline.jsonl"
        if path.exists() and path.stat().st_size >= self._limit:
            path.replace(path.with_name("timeline.1.jsonl"))
        lines = [json.dumps(shape(one), separators=(",", ":"), ensure_ascii=False) for one in found]
        _write(path, "".join(f"{line}\n" for line in lines).encode(), append=True)


def shape(one: Change) -> dict[str, Any]:
    """A change as documented JSON (schema 1)."""
    times = {"at": rfc3339(one.at), "since": rfc3339(one.since)}
    lines = {"added": [mask(line) for line in one.added], "removed": [mask(line) for line in one.removed]}
    return {"schema": 1, **asdict(one), **times, **lines}


def _write(path: Path, data: bytes, *, append: bool = False) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if append else os.O_TRUNC)
    fd = os.open(path, flags, 0o600)
    try:
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _parsed(raw: bytes) -> Change | None:
    """The change of one line, None for a line that is none."""
    try:
        row = decode_json(raw, what="timeline")
        kind, where, name, by, operation = (
            str(row[key]) for key in ("kind", "where", "name", "by", "operation")
        )
        at, since = (datetime.fromisoformat(row[key]) for key in ("at", "since"))
        added, removed = (tuple(map(str, row[key])) for key in ("added", "removed"))
        return Change(at, since, kind, where, name, added, removed, int(row["more"]), by, operation)
    except (Malformed, TypeError, KeyError, ValueError):
        return None


def _state(data: Any) -> Before:
    try:
        return {
            (str(row["source"][0]), str(row["source"][1])): {
                thing.key: thing for thing in (_thing(one) for one in row["things"])
            }
            for row in data["sources"]
        }
    except (TypeError, KeyError, IndexError) as error:
        raise Malformed("the last look", why=str(error)) from error


def _thing(one: Mapping[str, Any]) -> Thing:
    kind, where, name, digest = (str(one[key]) for key in ("kind", "where", "name", "digest"))
    return Thing(kind, where, name, digest, tuple(map(str, one["lines"])))
