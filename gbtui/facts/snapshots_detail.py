"""What one looks at before snapshots are destroyed: identity, holds, clones, and what it would free.

`clones` takes long on thousands of snapshots, so it is asked of the chosen ones only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.errors import Malformed
from gbtui.facts.snapshots_parse import number
from gbtui.hosts.base import MIB, Command
from gbtui.text import line, text


@dataclass(frozen=True, slots=True)
class Detail:
    """One snapshot: `guid` tells it from another that took its name, `holds` counts holds."""

    name: str
    guid: str
    holds: int
    clones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A dry run: which snapshots would go, and how many bytes come free when all of them do."""

    names: tuple[str, ...]
    reclaim: int


def detail_argv(names: Sequence[str]) -> tuple[str, ...]:
    """`zfs list` of these snapshots only; exit status 1 when one is missing."""
    return ("zfs", "list", "-Hp", "-t", "snapshot", "-o", "name,guid,userrefs,clones", "--", *names)


def estimate_command(dataset: str, names: Sequence[str]) -> Command:
    """The dry run of one dataset. `-n` checks clones and not holds; missing names vanish in silence."""
    return Command(
        ("zfs", "destroy", "-nvp", "--", f"{dataset}@{','.join(names)}"), timeout=60.0, limit=8 * MIB
    )


def parse_details(data: bytes) -> dict[str, Detail]:
    """Output of `detail_argv` by full name.

    Raises:
        Malformed: a line is not of the four columns: nothing is destroyed on half a picture.
    """
    found: dict[str, Detail] = {}
    for entry in text(data).splitlines():
        try:
            name, guid, holds, clones = entry.split("\t")
            if not (guid.isascii() and guid.isdigit()) or not name.partition("@")[2]:
                raise ValueError(entry)
            named = tuple(one for one in clones.split(",") if one not in ("", "-"))
            found[name] = Detail(name, guid, number(holds) or 0, named)
        except ValueError:
            raise Malformed("details of snapshots", why=f"not four columns: {entry[:200]!r}") from None
    return found


def parse_estimate(data: bytes) -> Estimate:
    """Output of `zfs destroy -nvp`.

    Raises:
        Malformed: a line is neither `destroy` nor `reclaim`, or there is no figure.
    """
    names: list[str] = []
    reclaim: int | None = None
    try:
        for entry in text(data).splitlines():
            word, value = entry.split("\t")
            if word == "destroy":
                names.append(value)
            elif word == "reclaim":
                reclaim = number(value)
            else:
                raise ValueError(entry)
    except ValueError:
        raise Malformed("dry run of zfs destroy", why=f"it says {line(data)!r}") from None
    if reclaim is None:
        raise Malformed("dry run of zfs destroy", why="it gives no figure")
    return Estimate(tuple(names), reclaim)


def parse_holds(data: bytes) -> dict[str, tuple[str, ...]]:
    """Output of `zfs holds -H`: the tags by snapshot. Lines of another shape are passed over."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in text(data).splitlines():
        name, tag, *_ = [*entry.split("\t"), ""]
        if tag:
            found[name] = (*found.get(name, ()), tag)
    return found
