"""Accepting a finding for a while: what the form asks for, and the waiver it makes. Pure."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from datetime import date, timedelta

from gbtui.checks.base import Finding
from gbtui.checks.waivers import Waiver
from gbtui.checks.waivers_file import FORMS, LONGEST, as_date
from gbtui.operations.base import Parameter
from gbtui.text import clean

USUAL_DAYS = 30
"""How long a finding is accepted where no day is given."""


def parameters(today: date, user: str) -> tuple[Parameter, ...]:
    """The lines of the form; name and end date may be left as they are."""

    def day(value: str) -> str:
        until = as_date(value)
        if until is None:
            return "not a day"
        return "it is over" if until < today else ""

    end = (today + timedelta(days=USUAL_DAYS)).isoformat()
    return (
        Parameter("reason", FORMS["reason"], _line),
        Parameter("until", FORMS["until"], day, end),
        Parameter("by", FORMS["by"], _line, user),
    )


def waiver_of(finding: Finding, values: Mapping[str, str], host: str, user: str, today: date) -> Waiver:
    """What the form's answers accept: this finding of this host, literally."""
    until = as_date(values.get("until", "")) or today + timedelta(days=USUAL_DAYS)
    return Waiver(
        check=finding.check.id,
        subject=glob.escape(finding.failing.subject),
        reason=values["reason"],
        by=values.get("by", user),
        until=until,
        host=glob.escape(host),
    )


def _line(value: str) -> str:
    if clean(value) != value:
        return "not one line of plain text"
    return "too long" if len(value) > LONGEST else ""
