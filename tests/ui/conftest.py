"""For all of tests/ui: garbage is not looked for among what was imported."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Every app started leaves much behind, and each look for it went over all of Textual too: a sixth
    of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
