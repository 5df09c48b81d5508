"""The cockpit's first page as plain text, where there is no terminal to open it in."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

from gbtui.checks.catalog import CHECKS
from gbtui.cli import tables
from gbtui.cli.check import show_report, status_of
from gbtui.cli.opening import build_session
from gbtui.cli.output import say, warn
from gbtui.cli.telling import tell_pending
from gbtui.errors import GbtuiError
from gbtui.facts.feed import Feed
from gbtui.session import Session


async def page(options: argparse.Namespace) -> int:
    """Print what is wrong first, then the containers. Exit status as for `check`:
    0 nothing wrong · 1 something is · 2 not everything could be looked at."""
    session = build_session(options)
    kind = " (demo host: nothing here is real)" if session.host.kind == "demo" else ""
    say(f"gbtui · {session.host.name}{kind}")
    try:
        await session.open(events=False)
        await tell_pending(session, acts=False)
        return await _print(session)
    except GbtuiError as error:
        warn(f"gbtui: {error}")
        return 2
    finally:
        await session.close()
        say("open it live in a terminal: gbtui" + (" --demo" if session.host.kind == "demo" else ""))


async def _print(session: Session) -> int:
    feeds: tuple[Feed[Any], ...] = (session.containers, session.snapshots)
    report, *_ = await asyncio.gather(session.inspector(CHECKS).once(), *(feed.once() for feed in feeds))
    await session.bans.once()
    show_report(report)
    if session.waivers.error is not None:
        say(f"? {session.waivers.error}")
    for title, shown in _sections(session):
        say()
        say(title)
        shown()
    return status_of(report)


def _sections(session: Session) -> list[tuple[str, Callable[[], None]]]:
    sections: list[tuple[str, Callable[[], None]]] = []
    if containers := session.containers.reading.value:
        sections.append(("containers", lambda: tables.containers(containers)))
    if snapshots := session.snapshots.reading.value:
        sections.append(("snapshots", lambda: tables.snapshots(snapshots, most=10)))
    if bans := session.bans.reading.value:
        sections.append(("bans", lambda: tables.bans(bans)))
    return sections
