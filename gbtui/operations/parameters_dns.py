"""The parameter of the operations on CoreDNS."""

from __future__ import annotations

import re

from gbtui.operations.base import Parameter

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ZONE = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def _zone(value: str) -> str:
    return "" if len(value) <= 253 and _ZONE.fullmatch(value) else "not the name of a zone"


ZONE_NAME = Parameter("zone", "NAME of a zone, such as example.com, in small letters", _zone)
