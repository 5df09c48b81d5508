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

import pytest

from gbtui.profiles import Profile, load

from .world import World, make_host


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that wants a world runs once in each."""
    if "world" in metafunc.fixturenames:
        metafunc.parametrize("world", _kinds(), indirect=True)


def _kinds() -> list[str]:
    chosen = os.environ.get("GBTUI_CONTRACT", "")
    if chosen:
        return [chosen]
    return ["demo", "lab"] if os.environ.get("GBTUI_LAB") == "1" else ["demo"]


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A host that is open for the length of the test."""
    host = make_host(request.param)
    await host.open()
    try:
        yield World(host, request.param)
    finally:
        await host.close()


@pytest.fixture
def profile() -> Profile:
    """The guide's constants."""
    return load()
