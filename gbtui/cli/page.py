"""The cockpit's first page as plain text, where there is no terminal to open it in."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable

from gbtui.cli import tables
from gbtui.cli.opening import build_session
from gbtui.cli.output import DONE, FAILED, say, warn
from gbtui.errors import GbtuiError
from gbtui.facts.feed import Feed
from gbtui.facts.firewall import Firewall
from gbtui.session import Session


async def page(options: argparse.Namespace) -> int:
    """Print what is wrong first, then the containers. Exit status as for `check`:
    0 nothing wrong · 1 something is · 2 not everything could be looked at."""
    session = build_session(options)
    kind = " (demo host: nothing here is real)" if session.host.kind == "demo" else ""
    say(f"gbtui · {session.host.name}{kind}")
    try:
        await session.open(events=False)
        return await _print(session)
    except GbtuiError as error:
        warn(f"gbtui: {error}")
        return 2
    finally:
        await session.close()
        say("open it live in a terminal: gbtui" + (" --demo" if session.host.kind == "demo" else ""))


async def _print(session: Session) -> int:
    await session.containers.once()
    places = ["host", *(c.name for c in session.known() if c.running)]
    feeds: list[Feed[Firewall]] = [session.firewall(place) for place in places]
    firewalls = await asyncio.gather(*(feed.once() for feed in feeds))
    await asyncio.gather(session.snapshots.once(), session.bans.once())
    wrong = 0
    for reading in firewalls:
        for mark in reading.value.marks if reading.value else ():
            wrong += 1
            say(f"✖ {mark.where} {mark.chain}: {mark.message}")
    for container in session.known():
        if not container.running:
            wrong += 1
            say(f"✖ {container.name} is {container.state}")
    unread = [r.error for r in firewalls if r.error]
    unread += [
        f.reading.error for f in (session.containers, session.snapshots, session.bans) if f.reading.error
    ]
    for error in unread:
        say(f"? {error}")
    if not wrong and not unread:
        say("● nothing wrong found")
    for title, shown in _sections(session):
        say()
        say(title)
        shown()
    return 2 if unread else FAILED if wrong else DONE


def _sections(session: Session) -> list[tuple[str, Callable[[], None]]]:
    sections: list[tuple[str, Callable[[], None]]] = []
    if containers := session.containers.reading.value:
        sections.append(("containers", lambda: tables.containers(containers)))
    if snapshots := session.snapshots.reading.value:
        sections.append(("snapshots", lambda: tables.snapshots(snapshots, most=10)))
    if bans := session.bans.reading.value:
        sections.append(("bans", lambda: tables.bans(bans)))
    return sections
