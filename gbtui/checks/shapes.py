"""Checks and reports as documented JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gbtui.checks.base import Check, Finding, Remedy, Report
from gbtui.facts.shapes import rfc3339

Document = dict[str, Any]


def listed(checks: Iterable[Check]) -> Document:
    """`check --list`."""
    return {
        "schema": 1,
        "checks": [
            {
                "id": check.id,
                "items": list(check.items),
                "severity": str(check.severity),
                "sentence": check.sentence,
                "remedy": check.remedy,
                "departs": check.departs,
            }
            for check in checks
        ],
    }


def report(host: str, found: Report) -> Document:
    """`check`."""
    return {
        "schema": 1,
        "host": host,
        "taken_at": rfc3339(found.taken_at),
        "seconds": round(found.seconds, 3),
        "findings": [finding(one) for one in found.findings],
        "unknown": [
            {"check": one.check.id, "items": list(one.check.items), "where": one.place, "why": one.why}
            for one in found.unknown
        ],
        "waived": [finding(one) | {"waiver": why} for one, why in found.waived],
    }


def finding(one: Finding) -> Document:
    """One finding."""
    return {
        "check": one.check.id,
        "items": list(one.check.items),
        "severity": str(one.severity),
        "subject": one.failing.subject,
        "message": one.failing.message,
        "evidence": list(one.failing.evidence),
        "since": rfc3339(one.since),
        "remedy": _remedy(one.failing.remedy),
        "waiver_expired": one.lapsed or None,
    }


def _remedy(one: Remedy | None) -> Document | None:
    if one is None:
        return None
    if one.operation:
        return {"operation": one.operation, "parameters": dict(one.parameters)}
    return {"words": one.words}
