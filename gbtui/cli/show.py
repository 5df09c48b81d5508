"""`gbtui show SUBJECT`: one look at a fact, as a table or as documented JSON."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from gbtui.cli import tables
from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, emit
from gbtui.errors import BadInput, GbtuiError
from gbtui.facts import shapes
from gbtui.facts.feed import Feed
from gbtui.facts.firewall import Firewall
from gbtui.session import Session

Shown = tuple[dict[str, Any], Callable[[], None]]


async def show(options: argparse.Namespace) -> int:
    """Read one subject and print it. Returns the exit status."""
    async with opened(options) as session:
        document, words = await SUBJECTS[options.subject](session, options)
        if options.json:
            emit(document)
        else:
            words()
        return DONE


T = TypeVar("T")


async def _value(feed: Feed[T]) -> T:
    reading = await feed.once()
    if reading.error is not None:
        raise reading.error
    if reading.value is None:  # a feed without an error has a value
        raise GbtuiError(f"{feed.name}: nothing was read")
    return reading.value


async def _containers(session: Session, options: argparse.Namespace) -> Shown:
    fact = await _value(session.containers)
    return shapes.containers(session.host.name, datetime.now(UTC), fact), lambda: tables.containers(fact)


async def _snapshots(session: Session, options: argparse.Namespace) -> Shown:
    fact = await _value(session.snapshots)
    return shapes.snapshots(session.host.name, datetime.now(UTC), fact), lambda: tables.snapshots(fact)


async def _firewall(session: Session, options: argparse.Namespace) -> Shown:
    places = await _places(session, options.where)
    facts: list[Firewall] = await asyncio.gather(*(_value(session.firewall(place)) for place in places))
    return shapes.firewall(session.host.name, datetime.now(UTC), facts), lambda: tables.firewalls(facts)


async def _places(session: Session, where: str | None) -> list[str]:
    """The host and every running container, or the one named."""
    containers = await _value(session.containers)
    running = [c.name for c in containers.containers if c.running]
    if where is None:
        return ["host", *running]
    if where != "host" and where not in running:
        raise BadInput(f"--where {where}", why="no such running instance", hint=f"host, {', '.join(running)}")
    return [where]


async def _log(session: Session, options: argparse.Namespace) -> Shown:
    if not 1 <= options.lines <= 50_000:
        raise BadInput(f"--lines {options.lines}", why="out of range", hint="1 to 50000")
    fact = await (await session.log_reader()).read(options.lines)
    return shapes.log(session.host.name, datetime.now(UTC), fact), lambda: tables.log(fact)


async def _bans(session: Session, options: argparse.Namespace) -> Shown:
    fact = await _value(session.bans)
    return shapes.bans(session.host.name, datetime.now(UTC), fact), lambda: tables.bans(fact)


SUBJECTS: dict[str, Callable[[Session, argparse.Namespace], Awaitable[Shown]]] = {
    "containers": _containers,
    "snapshots": _snapshots,
    "firewall": _firewall,
    "log": _log,
    "bans": _bans,
}
