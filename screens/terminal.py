"""What Textual reads from the environment when it is imported: set here, before that happens.

`TEXTUAL_FPS` and `TEXTUAL_ANIMATIONS` are read once, at import of `textual.constants`. Fifteen
frames a second halve what a followed log sends over SSH (measured: 505 → 261 KB/s), and an
animated scroll delays the row under the cursor by a second. Whoever set a variable keeps it.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

REMOTE_FPS = "15"


def settle(environment: MutableMapping[str, str] = os.environ) -> None:
    """Choose frame rate and animations, unless the user has chosen."""
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if environment.get("SSH_CONNECTION"):
        environment.setdefault("TEXTUAL_FPS", REMOTE_FPS)
