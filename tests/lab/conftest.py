"""The lab's tests run only when asked for (GBTUI_LAB=1): they need minutes and a twin."""

from collections.abc import Iterator

import pytest

from .twin.fixtures import WANTED, Lab, fresh_lab, lab

__all__ = ["fresh_lab", "lab"]

collect_ignore_glob = [] if WANTED else ["test_*.py"]


@pytest.fixture(scope="module", autouse=True)
def _as_saved(lab: Lab) -> None:
    """Each file starts from the saved twin, whatever the one before left broken in it."""
    lab.reset()
    lab.as_saved = True


@pytest.fixture(autouse=True)
def _used(lab: Lab) -> Iterator[None]:
    """From the first test of a file on, it may not be as it was saved."""
    yield
    lab.as_saved = False
