"""The parameters of the snapshots' operations, and sizes and ages in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import humanize

from gbtui.operations.base import Parameter

MOST = 100
"""How many snapshots one plan may destroy: more could not be read before saying yes."""
LONGEST = 255
_PART = r"[A-Za-z0-9][A-Za-z0-9_.:-]*"
DATASET_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_SNAPSHOT = r"[A-Za-z0-9_.:-]+"
_FULL = re.compile(rf"{DATASET_NAME.pattern}@{_SNAPSHOT}")
_OWN = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?/[A-Za-z0-9_.:-]+")
_KEEP = re.compile(r"[1-9][0-9]{0,3}d")
DAY = 86400


def _snapshots(value: str) -> str:
    names = value.split(",")
    if len(names) > MOST:
        return f"more than {MOST} in one plan"
    return next((why for name in names if (why := _wrong(name))), "")


def _wrong(name: str) -> str:
    if not name:
        return "an empty name"
    if len(name) > LONGEST:
        return "longer than ZFS allows"
    if "%" in name:
        return "a range takes whatever lies between when it runs: name each one"
    if name.startswith("-"):
        return "an option, not a name"
    if _FULL.fullmatch(name) or _OWN.fullmatch(name):
        return ""
    if "@" not in name and DATASET_NAME.fullmatch(name):
        return "no @: that would be a whole dataset"
    return "not a name of one snapshot"


def _dataset(value: str) -> str:
    if not value or len(value) > LONGEST or not DATASET_NAME.fullmatch(value):
        return "not a name of a dataset" + (" (a snapshot has an @)" if "@" in value else "")
    return ""


def _keep(value: str) -> str:
    return "" if _KEEP.fullmatch(value) else "not a number of days"


_FORM = "DATASET@NAME or INSTANCE/NAME, several with commas between"
SNAPSHOTS = Parameter("snapshots", _FORM, _snapshots)
SOME_SNAPSHOTS = Parameter("snapshots", f"{_FORM}; left out: every one found", _snapshots, default="")
DATASET = Parameter("dataset", "DATASET such as default/containers/acme-system", _dataset)
ONE_DATASET = Parameter("dataset", f"{DATASET.form}; left out: all", _dataset, default="")
KEEP = Parameter("keep", "DAYS such as 7d", _keep, default="7d")


def listed(value: str) -> tuple[str, ...]:
    """The names of a checked list, each once, in order."""
    return tuple(dict.fromkeys(name for name in value.split(",") if name))


def days(value: str) -> int:
    """A checked `keep` in days."""
    return int(value.removesuffix("d"))


def size(value: int) -> str:
    """Bytes as the snapshots' pane and `gbtui show` write them: 26.3M."""
    return humanize.naturalsize(value, gnu=True)


def counted(number: int, what: str = "snapshot") -> str:
    """`1 snapshot`, `3 snapshots`."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def some(names: Sequence[str], most: int = 5) -> str:
    """Names with commas, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
