"""The parameters operations share: the same name, form and check everywhere."""

from __future__ import annotations

import re

from gbtui.operations.base import Parameter

#: LXD's own rule for instance names: a host name label that starts with a letter.
_INSTANCE = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def _instance(value: str) -> str:
    return "" if _INSTANCE.fullmatch(value) else "not a name LXD gives to instances"


CONTAINER = Parameter("container", "NAME of a container, such as acme-system", _instance)
PLACE = Parameter("container", "host, or NAME of a container such as acme-system", _instance)
"""A place that may also be the host itself."""
