"""Runbooks as documented JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gbtui.runbooks.types import Runbook

Document = dict[str, Any]


def listed(books: Iterable[Runbook]) -> Document:
    """`runbook --json`."""
    return {"schema": 1, "runbooks": [_head(book) for book in books]}


def whole(book: Runbook) -> Document:
    """`runbook NAME --json`."""
    steps = [
        {"id": step.id, "title": step.title, "kind": step.kind, "text": step.text, "expect": step.expect}
        for step in book.steps
    ]
    parameters = [{"name": one.name, "form": one.form, "role": one.role} for one in book.parameters]
    return {"schema": 1, **_head(book), "parameters": parameters, "steps": steps}


def _head(book: Runbook) -> Document:
    return {
        "id": book.id,
        "title": book.title,
        "symptoms": list(book.symptoms),
        "leads_from": list(book.findings),
        "drills": list(book.drills),
        "items": list(book.items),
    }
