"""One suite, several hosts: the simulated one always, the production twin when it is asked for.

    (nothing)               demo
    GBTUI_LAB=1             demo, and the twin over SSH
    GBTUI_CONTRACT=local    this machine itself: run inside the twin
    GBTUI_CONTRACT=ssh      the address in GBTUI_CONTRACT_SSH (ssh://user@host:port), with
                            GBTUI_CONTRACT_KEY and GBTUI_CONTRACT_KNOWN_HOSTS

A fake that answers differently from the twin is a bug in the fake.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gbtui.hosts.base import Host
from gbtui.profiles import Profile, load

from .world import World, make_host

HERE = Path(__file__).parent
FULL = os.environ.get("GBTUI_LAB_FULL") == "1"
MANY = ("commands", "containers", "firewall")
"""Modules of which the gate asks the twin only every fourth case; `make lab-full` asks them all."""
SHARE = 4


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that wants a world runs once in each."""
    if "world" in metafunc.fixturenames:
        metafunc.parametrize("world", _kinds(), indirect=True)


def _kinds() -> list[str]:
    chosen = os.environ.get("GBTUI_CONTRACT", "")
    if chosen:
        return [chosen]
    return ["demo", "lab"] if os.environ.get("GBTUI_LAB") == "1" else ["demo"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all: a real host is reached once, not once a test."""
    for item in items:
        if item.path.parent == HERE and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    on_twin = [item for item in items if "[lab" in item.name and item.path.stem.rpartition("_")[2] in MANY]
    for number, item in enumerate(on_twin):
        if not FULL and number % SHARE:
            item.add_marker(pytest.mark.skip(reason="make lab-full runs it"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reached() -> AsyncIterator[dict[str, Host]]:
    """Real hosts that are open, by kind."""
    hosts: dict[str, Host] = {}
    yield hosts
    for host in hosts.values():
        await host.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(request: pytest.FixtureRequest, reached: dict[str, Host]) -> World:
    """A fresh simulated host, or the real one that is shared."""
    kind: str = request.param
    if kind == "demo":
        return World(make_host(kind), kind)
    if kind in reached and not reached[kind].link.connected:
        await reached.pop(kind).close()  # one lost link must not fail every test after it
    if kind not in reached:
        reached[kind] = make_host(kind)
        await reached[kind].open()
    return World(reached[kind], kind)


@pytest.fixture
def profile() -> Profile:
    """The guide's constants."""
    return load()
