"""The texts that `make docs` writes are what the code says now."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
spec = spec_from_file_location("make_docs", DOCS / "make_docs.py")
assert spec is not None
assert spec.loader is not None
make_docs = module_from_spec(spec)
spec.loader.exec_module(make_docs)


@pytest.mark.parametrize("name", make_docs.TEXTS)
def test_generated_texts_are_current(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert (DOCS / name).read_text("utf-8") == make_docs.TEXTS[name](), "run `make docs`"


@pytest.mark.parametrize("name", ["cockpit.svg", "cockpit-narrow.svg", "plan.svg"])
def test_the_readme_shows_pictures_that_are_there(name: str) -> None:
    assert (DOCS / name).read_text("utf-8").startswith("<svg")
