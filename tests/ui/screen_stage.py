"""The cockpit over the demo host, driven by keys, and what it then says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.message import Message
from textual.notifications import Notify
from textual.pilot import Pilot

from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.hosts import Host
from gbtui.profiles import load
from gbtui.session import Session
from screens.app import CockpitApp

NARROW, WIDE = (80, 24), (160, 50)
PATIENCE = 30.0
"""Seconds after which a condition that is awaited counts as never met."""

HURRY = 5
"""The host's minute to confirm a change is still twelve seconds."""

AppPilot = Pilot[int]


class HurriedClock:
    """The machine's own time, `HURRY` times as fast: a restart that takes five seconds takes one."""

    def __init__(self) -> None:
        self._began = time.time()

    def now(self) -> float:
        return self._began + (time.time() - self._began) * HURRY

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / HURRY)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def demo(*faults: str) -> DemoHost:
    """A demo host that does not keep a test waiting."""
    return DemoHost(faults=faults, clock=HurriedClock())


def session(
    journal: Path, host: Host | None = None, *, faults: Sequence[str] = (), read_only: str = ""
) -> Session:
    """An unopened session of tenant acme, by default on a demo host with `faults`."""
    return Session(
        host or demo(*faults),
        load(),
        Journal(journal),
        user="alice@laptop",
        tenant="acme",
        read_only=read_only,
    )


class Remembering(CockpitApp):
    """The cockpit, which remembers its messages: they leave the corner before a slow test looks there."""

    def __init__(self, of: Session) -> None:
        super().__init__(of)
        self.said: list[str] = []

    def post_message(self, message: Message) -> bool:
        if isinstance(message, Notify):
            self.said.append(f"{message.notification.title} {message.notification.message}")
        return super().post_message(message)


@asynccontextmanager
async def cockpit(
    of: Session, size: tuple[int, int] = WIDE, *, ready: bool = True, patience: float = PATIENCE
) -> AsyncIterator[tuple[CockpitApp, AppPilot]]:
    """The running app; with `ready`, after the firewall of the system container was read."""
    app = Remembering(of)
    async with app.run_test(size=size, notifications=True) as pilot:
        if ready:
            await until(pilot, lambda: app.root.feeds["firewall"].reading.value is not None, patience)
        yield app, pilot


async def until(pilot: AppPilot, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for a condition; fails when it is not met in time."""
    async with asyncio.timeout(patience):
        while not condition():
            await pilot.pause(0.01)


def screen_text(app: CockpitApp) -> str:
    """Everything on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def see(app: CockpitApp, pilot: AppPilot, *words: str, patience: float = PATIENCE) -> str:
    """Wait until all `words` are on the screen, and keys are taken there; returns the screen."""

    def seen() -> bool:
        takes_keys = getattr(app.screen, "seen_at", 0.0) is not None
        return takes_keys and all(word in screen_text(app) for word in words)

    await until(pilot, seen, patience)
    return screen_text(app)


def toasts(app: CockpitApp) -> str:
    """The messages in the corner: those of a cockpit of here all the time since it began."""
    if isinstance(app, Remembering):
        return "\n".join(app.said)
    return "\n".join(f"{n.title} {n.message}" for n in app._notifications)
