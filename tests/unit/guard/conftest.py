"""The rig: this machine with stand-ins for systemd's timers, LXD's client and sudo on PATH."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.guard.rig import Rig, build, end_timers


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    build(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    made = Rig(tmp_path)
    made.start()
    yield made
    end_timers(tmp_path)
