"""An export in a file of the operator's own."""

from __future__ import annotations

import os
from pathlib import Path

from gbtui.errors import BadInput
from gbtui.text import clean


def write_new(path: Path, text: str) -> None:
    """A new file that only its owner reads.

    Raises:
        BadInput: one is there already, or none can be made.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = clean(error.strerror or str(error))
        raise BadInput(f"write {clean(str(path))}", why=why, hint="name another file") from error
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
