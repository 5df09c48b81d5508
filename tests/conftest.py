"""What holds for every test: Hypothesis has no deadline (a busy machine is no bug), and state is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def _state_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals, findings and walks of a test are its own: none are found, and none are left."""
    monkeypatch.setenv("GBTUI_STATE", str(tmp_path / "state-of-nobody"))
