"""What a command of a plan said, for people and for the journal."""

from __future__ import annotations

from gbtui import text
from gbtui.guard.mask import mask
from gbtui.hosts.base import Completed

END = 1000
"""Characters that are kept of the beginning, and of the end: what went wrong stands last."""
LOOKED_AT = 64 * 1024
"""Bytes of either end that are looked at: far more than a secret that the cut could take in half."""


def said(completed: Completed) -> str:
    """Both streams, stderr last: cleaned, secrets masked; of what is long its beginning and its end,
    with how much is left out between them."""
    both = b"\n".join(part.strip() for part in (completed.stdout, completed.stderr) if part.strip())
    if len(both) <= 2 * LOOKED_AT:
        whole = mask(text.text(both))
        if len(whole) <= 2 * END:
            return whole
        head, tail = whole[:END], whole[-END:]
    else:
        head, tail = mask(text.text(both[:LOOKED_AT]))[:END], mask(text.text(both[-LOOKED_AT:]))[-END:]
    head, tail = _whole_lines(head, tail)
    left_out = len(both) - len(head.encode()) - len(tail.encode())
    return f"{head}\n… about {left_out} bytes left out …\n{tail}"


def _whole_lines(head: str, tail: str) -> tuple[str, str]:
    """Without the halves of lines at the cut, where there are whole ones."""
    begun, _, _ = head.rpartition("\n")
    _, _, ended = tail.partition("\n")
    return begun or head, ended or tail
