"""The runbooks there are: those that come with gbtui, and the operator's own folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from gbtui.config import config_path
from gbtui.errors import BadInput
from gbtui.runbooks.reader import read
from gbtui.runbooks.types import Runbook
from gbtui.text import clean


def own_folder() -> Path:
    """Where an operator's own runbooks lie: `runbooks/` beside the configuration."""
    return config_path().parent / "runbooks"


def paths(folder: Path | None = None) -> tuple[Path, ...]:
    """Every runbook's file: gbtui's own, then the operator's."""
    shipped = Path(str(files(__package__)))
    mine = folder or own_folder()
    return (*sorted(shipped.glob("*.md")), *(sorted(mine.glob("*.md")) if mine.is_dir() else ()))


def runbooks(folder: Path | None = None) -> tuple[tuple[Runbook, ...], tuple[BadInput, ...]]:
    """All that can be read, by id (an operator's own stands for gbtui's of the same id), and what cannot."""
    found: dict[str, Runbook] = {}
    wrong = []
    for path in paths(folder):
        try:
            book = read(path)
        except BadInput as error:
            wrong.append(error)
        else:
            found[book.id] = book
    return tuple(found[id_] for id_ in sorted(found)), tuple(wrong)


def find(id_: str, folder: Path | None = None) -> Runbook:
    """The runbook of that id.

    Raises:
        BadInput: there is none; the words name those there are.
    """
    books, _ = runbooks(folder)
    book = next((one for one in books if one.id == id_), None)
    if book is None:
        known = ", ".join(one.id for one in books) or "none"
        raise BadInput(f"runbook {clean(id_)!r}", why="there is none of that name", hint=f"one of: {known}")
    return book
