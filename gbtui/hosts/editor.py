"""A text of a host in the operator's own editor: kept in a file of its own until it is settled.

The file lies in the state directory, not in /tmp: whoever loses the link, or power, finds it there.
Its bytes are the host's, untouched; only the operator's own editor ever reads them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from gbtui.errors import BadInput, Denied, Failed, MissingTool

FALLBACKS = ("sensible-editor", "nano", "vi")
FOLDER = "edited"
"""Of the state directory; each text has a folder (0700) of its own in it, for an editor's swap files."""
BEFORE = ".before"
"""Behind the name of a text: what the editor was given."""


def editor(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """argv of the operator's editor: `$VISUAL`, `$EDITOR` (with arguments, never through a shell), or
    the first that is installed.

    Raises:
        BadInput: a variable that cannot be taken apart.
        MissingTool: what it names is not there, or nothing is.
    """
    env = os.environ if environ is None else environ
    path = env.get("PATH")
    for name in ("VISUAL", "EDITOR"):
        try:
            words = tuple(shlex.split(env.get(name, "")))
        except ValueError as error:
            hint = "a program and its arguments, such as 'vim -n'"
            raise BadInput(f"${name}", why=str(error).lower(), hint=hint) from error
        if words and shutil.which(words[0], path=path) is None:
            hint = f"install it, or set ${name} to another"
            raise MissingTool(f"${name}", why=f"{PurePath(words[0]).name} is not installed here", hint=hint)
        if words:
            return words
    for word in FALLBACKS:
        if shutil.which(word, path=path) is not None:
            return (word,)
    raise MissingTool(
        "an editor", why=f"none of {', '.join(FALLBACKS)} is installed", hint="set EDITOR to yours"
    )


def begun_with(path: Path, most: int) -> bytes | None:
    """What the editor was given for a text that was kept; None for any other file. Blocking."""
    if path.parent.parent.name != FOLDER:
        return None
    return _left(path.with_name(f"{path.name}{BEFORE}"), most)


@dataclass(frozen=True, slots=True)
class Draft:
    """`base`, as the host had it, on its way through an editor in the file `path` (0600).

    `base` lies beside it as well: a text that is gone on with later is still held to it.
    """

    path: Path
    base: bytes

    @classmethod
    def begin(cls, state: Path, name: str, base: bytes) -> Draft:
        """Write `base` to a file `name` in a new folder of the state directory.

        Raises:
            Denied: it cannot be written there.
        """
        folder = state / FOLDER
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            own = Path(tempfile.mkdtemp(prefix=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-", dir=folder))
            path = own / name
            for place in (path, own / f"{name}{BEFORE}"):
                with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(base)
        except OSError as error:
            hint = "point GBTUI_STATE at a directory you can write"
            raise Denied(f"a file to edit in {folder}", why=error.strerror or "", hint=hint) from error
        return cls(path, base)

    def read(self, status: int, most: int) -> bytes | None:
        """What the editor left, None where it left the text as it was.

        `status` is the editor's, `most` the bytes that are accepted. A text that is not one to go on
        with is kept where somebody worked on it, and else removed.

        Raises:
            Failed: the editor did; or what it left is empty, too large, or not there.
        """
        data = _left(self.path, most)
        if data is None:
            self.drop()
            raise Failed("the editor", why="it left no file", hint="nothing is changed")
        with suppress(OSError):  # an editor that writes a new file may have given it another mode
            self.path.chmod(0o600)
        if not data.strip():
            self.drop()
            raise Failed("the editor", why="it left an empty file", hint="nothing is changed")
        if data == self.base:
            self.drop()
        if status:
            raise Failed("the editor", why=f"it ended with status {status}", hint=self._hint(data))
        if len(data) > most:
            raise Failed("the edited text", why=f"more than {most} bytes", hint=self._hint(data))
        return None if data == self.base else data

    def drop(self) -> None:
        """It is settled: away with it, and with what the editor left beside it."""
        shutil.rmtree(self.path.parent, ignore_errors=True)

    @property
    def kept(self) -> str:
        """Where it is, in words."""
        return f"the edited text is kept in {self.path}"

    def _hint(self, data: bytes) -> str:
        return "nothing is changed" if data == self.base else f"nothing is changed; {self.kept}"


def _left(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError:
        return None
