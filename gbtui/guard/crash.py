"""Test support: die, as by SIGKILL, at one named transition of an operation.

`GBTUI_CRASH_AT=step-begin:1` kills this process the moment step 1 (0-based) is journaled as begun.
Labels are `PHASE` or `PHASE:STEP` for every phase of `gbtui.guard.port.Event`, plus `step-ran:N` and
`undo-ran:N`: the change has been made and is not journaled yet. The lab's crash tests start
`gbtui apply` with it; nothing else reads the variable.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "GBTUI_CRASH_AT"


def at(label: str) -> None:
    """Called by the engine at every transition; kills the process where the variable says so."""
    if os.environ.get(VARIABLE) == label:
        os.kill(os.getpid(), signal.SIGKILL)
