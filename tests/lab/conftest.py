"""The lab's tests run only when asked for (GBTUI_LAB=1): they need minutes and a twin."""

import pytest

from .twin.fixtures import WANTED, Lab, fresh_lab, lab

__all__ = ["fresh_lab", "lab"]

collect_ignore_glob = [] if WANTED else ["test_*.py"]


@pytest.fixture(scope="module", autouse=True)
def _as_saved(lab: Lab) -> None:
    """Each file starts from the saved twin, whatever the one before left broken in it."""
    lab.reset()
