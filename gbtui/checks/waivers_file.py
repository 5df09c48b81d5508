"""Waivers on file: `waivers.toml` beside the configuration, made to be read by people and kept in git.

    [[waiver]]
    check   = "containers.running"
    subject = "acme-webmail"        # a finding's subject, or a pattern: acme-*
    reason  = "moved to the new mail host, ticket 214"
    by      = "alice"
    until   = 2027-01-31            # its last day, UTC; afterwards the finding is told again
    host    = "prod"                # a host's name or a pattern; left out: every host

Reading is strict: a waiver that is not understood waives nothing and is refused with file and line.
Writing appends, and touches nothing that is there.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gbtui.checks.waivers import Waiver
from gbtui.config import config_path
from gbtui.errors import BadInput, GbtuiError
from gbtui.text import clean

LONGEST = 400
"""Characters of one value."""
LARGEST = 1024 * 1024
"""Bytes of the whole file."""
FORMS = {
    "check": "the id of a check (`gbtui check --list`)",
    "subject": "a finding's subject, or a pattern such as acme-*",
    "reason": "why it is accepted, in words",
    "by": "the name of who accepts it",
    "until": "its last day, such as 2027-01-31",
    "host": "a host's name, or a pattern",
}
_OPTIONAL = {"host": "*"}
_CHECK = re.compile(r"[a-z]+\.[a-z0-9]+(?:-[a-z0-9]+)*")


def waivers_path(environ: Mapping[str, str] | None = None) -> Path:
    """`$GBTUI_WAIVERS`, or `waivers.toml` in the folder of the configuration."""
    env = os.environ if environ is None else environ
    named = env.get("GBTUI_WAIVERS")
    return Path(named).expanduser() if named else config_path().parent / "waivers.toml"


def parse_waivers(source: str, path: Path) -> tuple[Waiver, ...]:
    """The waivers in `source`; `path` is for the words.

    Raises:
        BadInput: with file, line and the expected form.
    """
    try:
        table = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"waivers {path}", why=clean(str(error)), hint="a TOML file") from error
    reader = _Reader(source, path)
    for key in table:
        if key != "waiver":
            raise reader.error(-1, key, "unknown key", "[[waiver]] tables")
    entries = table.get("waiver", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise reader.error(-1, "waiver", "not a list of tables", "[[waiver]] tables")
    return tuple(reader.waiver(number, entry) for number, entry in enumerate(entries))


def written(waiver: Waiver) -> str:
    """The table of one waiver, as it stands in the file."""
    values = {
        "check": waiver.check,
        "subject": waiver.subject,
        "reason": waiver.reason,
        "by": waiver.by,
        "until": waiver.until.isoformat(),
        "host": waiver.host,
    }
    lines = ["[[waiver]]"]
    for key, value in values.items():
        # JSON's escapes are TOML's; what only TOML would escape (DEL) `clean` has replaced.
        shown = value if key == "until" else json.dumps(clean(value), ensure_ascii=False)
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"


class WaiverBook:
    """The waivers that are for one host, read again when the file changed.

    `path` None: they are kept in memory only, for a host that is not real. `error` is why the file
    could not be read the last time; what was read before holds meanwhile.
    """

    def __init__(self, path: Path | None, host: str) -> None:
        self.path = path
        self.host = host
        self.error: GbtuiError | None = None
        self._known: tuple[Waiver, ...] = ()
        self._seen: tuple[int, int, int] | None = None

    @property
    def where(self) -> str:
        """Where they are kept, in words."""
        return str(self.path) if self.path is not None else "memory: this host is not real"

    def current(self) -> tuple[Waiver, ...]:
        """Those for this host, expired or not. A file that cannot be read blinds no check: see `error`."""
        try:
            self.read()
        except GbtuiError as error:
            self.error = error
        return self._known

    def read(self) -> tuple[Waiver, ...]:
        """As `current`, for whoever wants to hear of a bad file.

        Raises:
            BadInput: the file cannot be read, or says what is not understood.
        """
        if self.path is None:
            return self._known
        seen = _signature(self.path)
        if seen is None or seen != self._seen or self.error is not None:
            found = load_waivers(self.path)
            self._known = tuple(one for one in found if fnmatchcase(self.host, one.host))
            self._seen, self.error = seen, None
        return self._known

    def add(self, waiver: Waiver) -> None:
        """Append one, and have it hold from now on.

        Raises:
            BadInput: the file is not understood, or cannot be written; nothing was changed.
        """
        if self.path is None:
            self._known = (*self._known, waiver)
            return
        append_waiver(self.path, waiver)
        self.read()


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """All waivers of a file; none where there is no file. Raises BadInput."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"waivers {path}", why=f"larger than {LARGEST // 1024} KiB")
        source = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"waivers {path}", why=clean(str(error))) from error
    return parse_waivers(source, path)


def append_waiver(path: Path, waiver: Waiver) -> None:
    """Append one waiver to a file, which is made where there is none. Raises BadInput."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with os.fdopen(fd, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(fd).st_size > LARGEST - 10 * LONGEST:
                raise BadInput(f"waivers {path}", why=f"it would be larger than {LARGEST // 1024} KiB")
            there = path.read_text("utf-8")
            apart = "" if not there else "\n" if there.endswith("\n") else "\n\n"
            new = apart + written(waiver)
            parse_waivers(there + new, path)
            file.write(new.encode())
            os.fsync(fd)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"waivers {path}", why=clean(str(error))) from error


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class _Reader:
    """Reads tables and knows where in the file each key stands."""

    def __init__(self, source: str, path: Path) -> None:
        self._lines = source.splitlines()
        self._path = path

    def waiver(self, number: int, entry: Mapping[str, Any]) -> Waiver:
        """The table `number`, from 0."""
        for key in entry:
            if key not in FORMS:
                raise self.error(number, key, "unknown key", f"one of {', '.join(FORMS)}")
        text = {key: self._text(number, entry, key) for key in FORMS if key != "until"}
        if not _CHECK.fullmatch(text["check"]):
            raise self.error(number, "check", "not an id", FORMS["check"])
        until = entry.get("until")
        if isinstance(until, str):
            until = as_date(until)
        if not isinstance(until, date) or isinstance(until, datetime):
            raise self.error(number, "until", "not a day" if "until" in entry else "missing", FORMS["until"])
        return Waiver(until=until, **text)

    def _text(self, number: int, entry: Mapping[str, Any], key: str) -> str:
        value = entry.get(key, _OPTIONAL.get(key))
        if value is None:
            raise self.error(number, key, "missing", FORMS[key])
        if not isinstance(value, str) or not value.strip():
            raise self.error(number, key, "wrong type or empty", FORMS[key])
        if clean(value) != value or len(value) > LONGEST:
            why = (
                f"longer than {LONGEST} characters" if len(value) > LONGEST else "not one line of plain text"
            )
            raise self.error(number, key, why, FORMS[key])
        return value

    def error(self, number: int, key: str, why: str, form: str) -> BadInput:
        """Words with file, line, key, cause and the expected form. `number` -1: outside every table."""
        where = f"{self._path}, line {self._line(number, key)}: {clean(key)}"
        return BadInput(where, why=why, hint=f"expected {form}")

    def _line(self, number: int, key: str) -> int:
        """The line of `key` in the table `number`, or of the table: a scan, since tomllib keeps none."""
        table, best = -1, 1
        for place, text in enumerate(self._lines, 1):
            if re.match(r"\s*\[\[\s*[\"']?waiver[\"']?\s*\]\]", text):
                table += 1
                best = place if table == number else best
            elif re.match(r"\s*\[", text):
                if number < 0 and re.match(rf"\s*\[+\s*[\"']?{re.escape(key)}\b", text):
                    return place
            elif table == number and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", text):
                return place
        return best


def as_date(text: str) -> date | None:
    """A day written as 2027-01-31, None for anything else."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None
