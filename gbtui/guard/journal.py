"""The audit record: what was begun, done, verified, undone and kept, line by line (R7).

One JSON object per line, on disk before the engine goes on. Each line carries the SHA-256 of the
whole line before it, and a small `journal.head` beside the file carries the last one, so that an
altered, removed or cut-off line shows (`verify`), and so does a whole file of it that is gone. That
guards against accidents and careless hands, not against somebody who owns the account and rewrites
everything.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gbtui.errors import GbtuiError, Malformed, Refused
from gbtui.guard.contents import Contents, hashes
from gbtui.guard.fingerprint import sha256
from gbtui.guard.journal_parts import LIMIT, ROOM, Parts, append, ends_whole
from gbtui.guard.mask import mask_tree
from gbtui.text import decode_json

START = "0" * 64
UNDOABLE = 4
"""Full parts of which what was done can still be undone where it replaced a file."""
_TURNS = (b'"begin"', b'"end"', b'"undone"')


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where the journal lives: `$GBTUI_STATE`, else `$XDG_STATE_HOME/gbtui`, else `~/.local/state/gbtui`."""
    env = os.environ if environ is None else environ
    if env.get("GBTUI_STATE"):
        return Path(env["GBTUI_STATE"])
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "gbtui"


def new_id(now: datetime | None = None) -> str:
    """An id for an operation: sortable by time, short, safe in file and unit names."""
    at = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    return f"{at}-{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True)
class Record:
    """One line. `record` is its kind; `data` holds what that kind carries (`step`, `status`, …)."""

    at: str
    id: str
    host: str
    record: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """What `verify` found. `broken` is the 1-based number of the first line that does not fit, 0 for none.

    `torn` counts lines cut off by a crash in the middle of writing: told, and no break. `part` is the
    file the broken line is (or should be) in.
    """

    lines: int
    broken: int = 0
    why: str = ""
    torn: int = 0
    part: str = ""


class Journal:
    """The journal in `directory` (0700, its files 0600). Safe for several processes at a time.

    `limit` is the size in bytes from which on a new file is begun.
    """

    def __init__(self, directory: Path | None = None, *, limit: int = LIMIT) -> None:
        self.directory = directory or state_dir()
        self.path = self.directory / "journal.jsonl"
        self._parts = Parts(self.directory, limit)
        self._head = self.directory / "journal.head"
        self.contents = Contents(self.directory)

    def ready(self) -> None:
        """Refuse now what could not be recorded later.

        Raises:
            Refused: the journal cannot be written, or the disk is as good as full; `why` says how.
        """
        with self._locked():
            room = self._parts.room()
            self._tidy()
        if room < ROOM:
            raise _refused(f"{self.directory}: only {room // 1024} KiB are free on that disk")

    def append(self, op_id: str, host: str, record: str, **data: Any) -> None:
        """Add one line and return when it is on disk. Secrets are masked, but in a `plan`, of which the
        files' contents are put away beside the journal.

        Raises:
            Refused: it could not be written (disk full, read-only, no permission).
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._locked() as fd:
            told = {
                key: self.contents.put_away(value) if key == "plan" else mask_tree(value)
                for key, value in data.items()
            }
            body = {"at": now, "id": op_id, "host": host, "record": record, **told}
            tail = _tail(self._parts.backwards(fd))
            head = self._read_head()
            if head not in {None, tail.last.encode(), tail.before.encode()}:
                body["lost"] = True  # whole lines are gone: say so for ever, in the line that comes next
            if tail.torn:
                body["torn"] = list(tail.torn)
            line = json.dumps({**body, "prev": tail.last}, separators=(",", ":")).encode()
            append(fd, line + b"\n" if ends_whole(fd) else b"\n" + line + b"\n")
            self._write_head(sha256(line))

    def entries(self, host: str | None = None) -> tuple[Record, ...]:
        """All whole lines, oldest first; of one host where given."""
        return tuple(record for record in self._records() if host in {None, record.host})

    def story(self, op_id: str) -> tuple[Record, ...]:
        """All lines of one operation, oldest first; empty where there is none."""
        return tuple(record for record in self._records(op_id.encode()) if record.id == op_id)

    def unfinished(self, host: str) -> tuple[str, ...]:
        """Ids of operations on `host` that have begun and not ended, oldest first."""
        begun: dict[str, None] = {}
        for record in self._records(b'"begin"', b'"end"'):
            if record.host != host:
                continue
            if record.record == "begin":
                begun[record.id] = None
            elif record.record == "end":
                begun.pop(record.id, None)
        return tuple(begun)

    def _tidy(self) -> None:
        """Once for each part that is full: contents go that nothing needs which can still be undone.

        That is what has not ended, and what was done in the last parts and not undone. Raises OSError.
        """
        full = self._parts.full()
        mark = self.contents.directory / "tidied"
        if not full or (mark.exists() and mark.read_bytes() == b"%d\n" % max(full)):
            return
        recent = {path.name for path in [*full.values()][-UNDOABLE:]} | {self.path.name}
        needed: dict[str, set[str]] = {}
        old = set()
        for name, raw in self._lines():
            record = _parse(raw) if any(word in raw for word in _TURNS) else None
            if record is None:
                continue
            if record.record == "begin":
                needed[record.id] = set(hashes(record.data.get("plan")))
                old |= set() if name in recent else {record.id}
            elif record.record == "undone" or (record.record == "end" and not _stays(record, old)):
                needed.pop(record.id, None)
        if self.contents.directory.exists():
            self.contents.keep_only(set().union(*needed.values()))
            mark.write_bytes(b"%d\n" % max(full))

    def torn(self) -> int:
        """How many lines a crash has cut off."""
        return sum(_parse(raw) is None for _name, raw in self._lines())

    def verify(self) -> Proof:
        """Walk the chain over all files and say which line, if any, was altered or removed."""
        missing = self._parts.missing()
        if missing:
            return Proof(0, 1, f"{missing} is not there any more", part=missing)
        head = self._read_head()  # first: others may append while we read on
        last, count, cut = START, 0, 0
        seen, torn = {START.encode()}, list[str]()
        name = self.path.name
        for name, raw in self._lines():
            count += 1
            record = _parse(raw)
            if record is None:
                torn.append(sha256(raw))
                cut += 1
                continue
            if record.data.get("lost"):
                return Proof(count, count, "lines before this one were removed", cut, name)
            if record.data.get("prev") != last or record.data.get("torn", []) != torn:
                why = "this line, or the one before it, is not the one written"
                return Proof(count, count, why, cut, name)
            last, torn = sha256(raw), []
            seen.add(last.encode())
        if head is not None and head not in seen:
            return Proof(count, count + 1, "the last lines were removed or altered", cut, name)
        return Proof(count, torn=cut)

    def _records(self, *marks: bytes) -> Iterator[Record]:
        """Whole lines, decoded; with `marks` only lines that hold one of them are looked at."""
        for _name, raw in self._lines():
            if not marks or any(mark in raw for mark in marks):
                record = _parse(raw)
                if record is not None:
                    yield record

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        """(file name, line) of every line, oldest first."""
        try:
            for name, data in self._parts.read():
                yield from ((name, raw) for raw in data.split(b"\n") if raw)
        except OSError as error:
            raise GbtuiError("read the journal", why=f"{self.path}: {error.strerror}") from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            with self._parts.locked() as fd:
                yield fd
        except OSError as error:
            raise _refused(f"{self.path}: {error.strerror or error}") from error

    def _read_head(self) -> bytes | None:
        """The last line's hash as it was written down; None where a power loss cut that off."""
        try:
            head = self._head.read_bytes().strip()
        except OSError:
            return None
        return head if len(head) == len(START) else None

    def _write_head(self, digest: str) -> None:
        new = self._head.with_suffix(".new")
        new.unlink(missing_ok=True)  # one that a crash has left may have another mode
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
            file.write(digest.encode() + b"\n")
        new.replace(self._head)


def _refused(why: str) -> Refused:
    hint = "free space or point GBTUI_STATE at a directory you can write"
    return Refused("nothing is changed without a journal", why=why, hint=hint)


def _stays(end: Record, old: set[str]) -> bool:
    """Whether what ended so may still be undone with what its files held."""
    return end.data.get("outcome") == "done" and end.id not in old


@dataclass(frozen=True, slots=True)
class _Tail:
    last: str
    before: str
    torn: tuple[str, ...]


def _tail(backwards: Iterator[bytes]) -> _Tail:
    """Hashes of the last two whole lines, and of the torn ones after them."""
    found: list[str] = []
    torn: list[str] = []
    for raw in backwards:
        if _parse(raw) is not None:
            found.append(sha256(raw))
        elif not found:
            torn.insert(0, sha256(raw))
        if len(found) == 2:
            break
    last, before, *_rest = [*found, START, START]
    return _Tail(last, before, tuple(torn))


def _parse(raw: bytes) -> Record | None:
    try:
        value = decode_json(raw, what="journal")
    except Malformed:
        return None
    if not isinstance(value, dict):
        return None
    fixed = [value.pop(key, None) for key in ("at", "id", "host", "record")]
    if not all(isinstance(item, str) for item in fixed):
        return None
    at, op_id, host, kind = fixed
    return Record(at, op_id, host, kind, value)
