"""The one door from a host's bytes to text.

Everything a host says is hostile until it passed here: a user agent may carry ESC sequences that
write the operator's clipboard, C1 controls, or bidi marks that reorder a line. `text` and
`decode_json` are the only places in the library that turn bytes into `str`
(`tests/unit/test_one_door.py` proves it), so whatever is a `str` is safe to show.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gbtui.errors import Malformed

#: C0 and C1 controls, DEL, soft hyphen, zero-width, bidi, separators, tags, surrogates.
#: TAB and LF are in the class as well: `text` keeps them apart on request.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_UNSAFE_IN_LINES = re.compile(UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
REPLACEMENT = "\ufffd"


def clean(value: str) -> str:
    """`value` as one line in which every unsafe character is U+FFFD."""
    return UNSAFE.sub(REPLACEMENT, value) if UNSAFE.search(value) else value


def text(data: bytes, *, limit: int | None = None) -> str:
    """`data` as text: UTF-8 with replacement; LF and TAB stay, CR LF becomes LF, the rest is cleaned.

    `limit` bounds the number of bytes looked at; what is cut is marked with an ellipsis.
    """
    cut = limit is not None and len(data) > limit
    decoded = (data[:limit] if cut else data).decode("utf-8", "replace").replace("\r\n", "\n")
    safe = _UNSAFE_IN_LINES.sub(REPLACEMENT, decoded)
    return safe + "…" if cut else safe


def line(data: bytes, *, limit: int = 400) -> str:
    """`data` as one bounded line: for messages and evidence."""
    return clean(text(data.strip(), limit=limit))


def clean_tree(value: Any) -> Any:
    """Decoded JSON with every string in it, keys included, cleaned (line feeds and tabs stay)."""
    if isinstance(value, str):
        return _UNSAFE_IN_LINES.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [clean_tree(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_tree(item) for key, item in value.items()}
    return value


def decode_json(data: bytes, *, what: str) -> Any:
    """Decode one JSON document from a host, cleaned.

    Raises:
        Malformed: it is not JSON; `what` names the source.
    """
    try:
        return clean_tree(json.loads(data.decode("utf-8", "replace")))
    except (ValueError, RecursionError) as error:
        raise Malformed(
            what, why=f"not JSON: {clean(str(error))}; it begins {line(data, limit=80)!r}"
        ) from error
