"""The audit record: what was begun, done, verified, undone and kept, line by line (R7).

One JSON object per line, on disk before the engine goes on. Each line carries the SHA-256 of the
whole line before it, and a small `journal.head` beside the file carries the last one, so that an
altered, removed or cut-off line shows (`verify`). That guards against accidents and careless hands,
not against somebody who owns the account and rewrites everything.
"""

from __future__ import annotations

import fcntl
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
from gbtui.guard.fingerprint import sha256
from gbtui.text import decode_json

START = "0" * 64
_TAIL = 64 * 1024


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

    `torn` counts lines cut off by a crash in the middle of writing: told, and no break.
    """

    lines: int
    broken: int = 0
    why: str = ""
    torn: int = 0


class Journal:
    """The journal in `directory` (0700, the file 0600). Safe for several processes at a time."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or state_dir()
        self.path = self.directory / "journal.jsonl"
        self._head = self.directory / "journal.head"

    def ready(self) -> None:
        """Refuse now what could not be recorded later.

        Raises:
            Refused: the journal cannot be written; `why` says how.
        """
        with self._locked():
            pass

    def append(self, op_id: str, host: str, record: str, **data: Any) -> None:
        """Add one line and return when it is on disk.

        Raises:
            Refused: it could not be written (disk full, read-only, no permission).
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"at": now, "id": op_id, "host": host, "record": record, **data}
        with self._locked() as fd:
            tail, whole = _tail(fd)
            head = self._read_head()
            if head not in {None, tail.last.encode(), tail.before.encode()}:
                body["lost"] = True  # whole lines are gone: say so for ever, in the line that comes next
            if tail.torn:
                body["torn"] = list(tail.torn)
            line = json.dumps({**body, "prev": tail.last}, separators=(",", ":")).encode()
            _write(fd, line + b"\n" if whole else b"\n" + line + b"\n")
            self._write_head(sha256(line))

    def entries(self, host: str | None = None) -> tuple[Record, ...]:
        """All whole lines, oldest first; of one host where given."""
        found = (record for _raw, record in self._lines() if record is not None)
        return tuple(record for record in found if host in {None, record.host})

    def story(self, op_id: str) -> tuple[Record, ...]:
        """All lines of one operation, oldest first; empty where there is none."""
        return tuple(record for record in self.entries() if record.id == op_id)

    def unfinished(self, host: str) -> tuple[str, ...]:
        """Ids of operations on `host` that have begun and not ended, oldest first."""
        begun: dict[str, None] = {}
        for record in self.entries(host):
            if record.record == "begin":
                begun[record.id] = None
            elif record.record == "end":
                begun.pop(record.id, None)
        return tuple(begun)

    def torn(self) -> int:
        """How many lines a crash has cut off."""
        return sum(record is None for _raw, record in self._lines())

    def verify(self) -> Proof:
        """Walk the chain and say which line, if any, was altered or removed."""
        last, count, cut = START, 0, 0
        seen, torn = {START.encode()}, list[str]()
        for raw, record in self._lines():
            count += 1
            if record is None:
                torn.append(sha256(raw))
                cut += 1
                continue
            if record.data.get("lost"):
                return Proof(count, count, "lines before this one were removed", cut)
            if record.data.get("prev") != last or record.data.get("torn", []) != torn:
                return Proof(count, count, "this line, or the one before it, is not the one written", cut)
            last, torn = sha256(raw), []
            seen.add(last.encode())
        head = self._read_head()
        if head is not None and head not in seen:
            return Proof(count, count + 1, "the last lines were removed or altered", cut)
        return Proof(count, torn=cut)

    def _lines(self) -> Iterator[tuple[bytes, Record | None]]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise GbtuiError("read the journal", why=f"{self.path}: {error.strerror}") from error
        for raw in data.split(b"\n"):
            if raw:
                yield raw, _parse(raw)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open for appending and locked against other processes."""
        try:
            fresh = not self.path.exists()
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if fresh:
                    _sync_directory(self.directory)
                yield fd
            finally:
                os.close(fd)
        except OSError as error:
            raise Refused(
                "nothing is changed without a journal",
                why=f"{self.path}: {error.strerror or error}",
                hint="free space or point GBTUI_STATE at a directory you can write",
            ) from error

    def _read_head(self) -> bytes | None:
        """The last line's hash as it was written down; None where a power loss cut that off."""
        try:
            head = self._head.read_bytes().strip()
        except OSError:
            return None
        return head if len(head) == len(START) else None

    def _write_head(self, digest: str) -> None:
        new = self._head.with_suffix(".new")
        new.write_bytes(digest.encode() + b"\n")
        new.replace(self._head)


@dataclass(frozen=True, slots=True)
class _Tail:
    last: str
    before: str
    torn: tuple[str, ...]


def _tail(fd: int) -> tuple[_Tail, bool]:
    """Hashes of the last two whole lines and of the torn ones after them; is the end a line's end?"""
    size = os.fstat(fd).st_size
    window = _TAIL
    while True:
        start = max(0, size - window)
        data = os.pread(fd, size - start, start)
        lines = data.split(b"\n")
        known = lines if start == 0 else lines[1:]
        found: list[str] = []
        torn: list[str] = []
        for raw in reversed([line for line in known if line]):
            if _parse(raw) is not None:
                found.append(sha256(raw))
            elif not found:
                torn.insert(0, sha256(raw))
            if len(found) == 2:
                break
        if len(found) == 2 or start == 0:
            last, before, *_rest = [*found, START, START]
            return _Tail(last, before, tuple(torn)), not data or data.endswith(b"\n")
        window *= 4


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


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
    os.fsync(fd)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
