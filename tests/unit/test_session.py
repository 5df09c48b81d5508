"""A session looks again as soon as something may have changed: an event, a mended link, an operation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import NotFound
from gbtui.facts.feed import Feed
from gbtui.guard.journal import Journal
from gbtui.hosts import Link
from gbtui.profiles import load
from gbtui.session import Session
from tests.unit.guard.rig import Answers


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    session = Session(DemoHost(), load(), Journal(tmp_path), user="test", tenant="acme")
    await session.open()
    yield session
    await session.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def readings(feed: Feed[object]) -> list[datetime | None]:
    """Grows with every reading of `feed`."""
    seen: list[datetime | None] = []
    feed.listen(lambda: seen.append(feed.reading.taken_at))
    return seen


async def test_a_mended_link_is_looked_through_at_once(session: Session) -> None:
    seen = readings(session.snapshots)  # type: ignore[arg-type]  # Feed is invariant, the test looks at times only
    session.snapshots.watch()
    await until(lambda: len(seen) == 1)
    for heard in session.host.on_link:
        heard(Link(connected=True, since=datetime.now(UTC)))
    await until(lambda: len(seen) == 2)


async def test_an_event_of_lxd_refreshes_the_containers(session: Session) -> None:
    seen = readings(session.containers)  # type: ignore[arg-type]  # as above
    session.containers.interval = 3600
    session.containers.watch()
    await until(lambda: len(seen) == 1)
    host = session.host
    assert isinstance(host, DemoHost)
    host.inject("container-stop")
    await until(lambda: any(c.name == "acme-webmail" and not c.running for c in session.known()))
    assert [event.source for event in session.events if "webmail" in event.source]


async def test_a_role_is_found_by_looking_and_missed_in_words(session: Session) -> None:
    assert await session.find_instance("proxy") == "acme-proxy"
    with pytest.raises(NotFound, match="acme-proxy"):
        await session.find_instance("nonsense")


async def test_an_operation_that_is_not_there_changes_nothing(session: Session) -> None:
    plan = await session.plan("firewall.accept-loopback", {"container": "acme-system"})
    assert plan.noop
    assert session.journal.entries() == ()


async def test_the_facts_an_operation_changes_are_read_again_after_it(session: Session) -> None:
    session.snapshots.interval = 3600
    seen = readings(session.snapshots)  # type: ignore[arg-type]  # as above
    session.snapshots.watch()
    await until(lambda: len(seen) == 1)
    plan = await session.plan("snapshots.take", {"dataset": "default/containers/acme-dns"})
    acknowledged = tuple(verdict.guard for verdict in plan.warnings)
    outcome = await session.apply(plan, Answers(acknowledged=acknowledged), lambda event: None)
    assert outcome.result == "done", outcome.message
    await until(lambda: len(seen) == 2)
    value = session.snapshots.reading.value
    assert value is not None
    assert plan.title.removeprefix("Take ") in {row.full_name for row in value.snapshots}


# What was known of a host that has been changed is not used any more


async def found(session: Session) -> set[str]:
    """The ids that the next round of the checks tells; what is uncertain has failed before by then."""
    reading = await session.checks().once()
    assert reading.value is not None, reading.error
    return {one.check.id for one in reading.value.findings}


@pytest.fixture
async def open_keys(session: Session) -> Session:
    """A host whose key file is open to all, and that is known."""
    assert isinstance(session.host, DemoHost)
    session.host.inject("vault-keys-open")
    assert await found(session) == {"vault.keys-private"}
    return session


async def test_a_finding_is_gone_in_the_first_look_after_its_remedy(open_keys: Session) -> None:
    plan = await open_keys.plan("vault.protect-init", {"container": "acme-system"})
    acknowledged = tuple(verdict.guard for verdict in plan.warnings)
    outcome = await open_keys.apply(plan, Answers(acknowledged=acknowledged), lambda event: None)
    assert outcome.result == "done", outcome.message
    assert await found(open_keys) == set()


async def test_nor_is_anything_used_after_an_operation_by_another_route(open_keys: Session) -> None:
    plan = await open_keys.plan("vault.protect-init", {"container": "acme-system"})
    acknowledged = tuple(verdict.guard for verdict in plan.warnings)
    outcome = await open_keys.engine.apply(plan, Answers(acknowledged=acknowledged))
    assert outcome.result == "done", outcome.message
    assert await found(open_keys) == set()


async def test_what_a_hand_put_right_shows_when_somebody_looks_again(open_keys: Session) -> None:
    assert isinstance(open_keys.host, DemoHost)
    open_keys.host.undo("vault-keys-open")
    assert await found(open_keys) == {"vault.keys-private"}, "what changes by hand is not asked every time"
    open_keys.look_again()
    assert await found(open_keys) == set()
