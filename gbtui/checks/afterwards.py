"""After an operation the host is judged anew: what was known of it is of how it was before."""

from __future__ import annotations

from collections.abc import Callable

from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome


class Afterwards:
    """The engine's `Witness` that calls `changed` after every operation, whatever route it came."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    async def begins(self, plan: Plan, id: str, word: str) -> None:  # noqa: A002 - the port's name
        """Nothing was done yet."""

    async def ended(self, plan: Plan, outcome: Outcome) -> None:
        self._changed()
