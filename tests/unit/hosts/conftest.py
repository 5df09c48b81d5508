"""Fixtures for the tests of hosts."""

from __future__ import annotations

import secrets
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gbtui.config import HostConfig
from gbtui.hosts.local import LocalHost

# no test asserts a time, and a busy machine makes any of them late
settings.register_profile("gbtui", deadline=None)
settings.load_profile("gbtui")


@pytest.fixture
def marker() -> str:
    """A word that stands in no other process' argv."""
    return f"gbtui-marker-{secrets.token_hex(8)}"


@pytest.fixture
async def local() -> AsyncIterator[LocalHost]:
    host = LocalHost(HostConfig("local", "local"))
    await host.open()
    yield host
    await host.close()


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A private folder with a short path: a unix socket's must stay below 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
        yield Path(folder)
