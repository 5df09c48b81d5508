"""Keys in the order they were typed, each with all its effects before the next.

Over a slow link, or from a paste, many keys arrive in one read. Textual hands each to the widget
that has the focus now, though an earlier one is about to move the focus or to open a screen: the
`d` of `/drive` would act on the row. Here a key waits until the one before it has done everything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import ScreenStackError
from textual.command import CommandPalette
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.worker import WorkerError

if TYPE_CHECKING:
    from screens.app import CockpitApp

MOST = 1000
"""Keys that wait at most; what is typed beyond is dropped."""
ROUNDS, MOST_ROUNDS = 4, 12
"""A key's message may be handed on as another one three times (table, pane, screen, app)."""
PATIENCE = 1.0
"""Seconds after which a key counts as done, though something on its way still works."""


class Arrived(Message, bubble=True):
    """Sent after a key to the widget that got it: at the app once all before it was handled."""

    def __init__(self) -> None:
        super().__init__()
        self.at_the_top = asyncio.Event()


class Typed:
    """What was typed and waits for its turn. `held` until the cockpit is there."""

    def __init__(self, app: CockpitApp, *, held: bool) -> None:
        self._app = app
        self._held = held
        self._busy = False
        self._waiting: deque[Event] = deque()
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None

    @staticmethod
    def is_typing(event: Event) -> bool:
        """An event that has to wait for its turn: it came from the terminal, and nobody had it yet."""
        return isinstance(event, Key | Paste) and not event.is_forwarded

    async def take(self, event: Event) -> None:
        """Hand `event` over, now or when its turn comes. Called in the app's own task, as is `go_on`."""
        if len(self._waiting) < MOST:
            self._waiting.append(_as_meant(event))
        await self.go_on()

    async def go_on(self) -> None:
        """Hand over the next one, unless one is still at work."""
        while self._waiting and not self._busy and not self._held:
            event = self._waiting.popleft()
            if self._meant(event):
                self._busy = True
                await self._app.hand_over(event)
                self._task = asyncio.create_task(self._settle(), name="typed")

    async def release(self) -> None:
        """The cockpit is there: what was typed before is for it."""
        self._held = False
        await self.go_on()

    def forget(self) -> None:
        """Drop whatever was typed until now: it was meant for something else (a shell)."""
        self._waiting.clear()
        self._since = monotonic()

    def _meant(self, event: Event) -> bool:
        """Typed at what is on the screen now. A screen that asks gets nothing typed before it was seen."""
        seen_at: float | None = getattr(self._app.screen, "seen_at", 0.0)
        return seen_at is not None and event.time >= max(seen_at, self._since)

    async def _settle(self) -> None:
        with suppress(TimeoutError, ScreenStackError):  # no screen: by this key the cockpit was left
            async with asyncio.timeout(PATIENCE):
                await self._effects()
        self._busy = False
        if self._waiting:
            self._app.call_later(self.go_on)

    async def _effects(self) -> None:
        """Return when the key's messages were handled and nothing moves the focus any more."""
        app = self._app
        before: Any = None
        for done in range(1, MOST_ROUNDS + 1):
            await self._round()
            now = (app.screen, app.screen.focused)
            if done >= ROUNDS and now == before:
                return
            before = now

    async def _round(self) -> None:
        app = self._app
        target = app.screen.focused or app.screen
        arrived = Arrived()
        if target.post_message(arrived):
            while not arrived.at_the_top.is_set() and target.is_attached:
                with suppress(TimeoutError):  # look again: a widget that is removed passes nothing on
                    await asyncio.wait_for(arrived.at_the_top.wait(), 0.02)
        if isinstance(app.screen, CommandPalette):
            # Enter takes the best hit: of the whole name, not of the letters found so far.
            with suppress(WorkerError):
                await app.workers.wait_for_complete([w for w in app.workers if w.node is app.screen])


def _as_meant(event: Event) -> Event:
    """Enter typed before the terminal was in raw mode: the line discipline made it a line feed."""
    if not (isinstance(event, Key) and event.key == "ctrl+j"):
        return event
    enter = Key("enter", "\r")
    enter.time = event.time
    return enter
