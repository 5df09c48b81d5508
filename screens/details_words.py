"""Everything known about a row, as headed lines: exact figures, UTC times. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gbtui.facts.containers import Container
from gbtui.facts.snapshots import SnapshotRow
from gbtui.hosts.base import LxdEvent
from screens import findings_words
from widgets.findings_rows import FindingRow
from widgets.format import DASH, clock, exact_size, share, utc

Group = tuple[str, tuple[tuple[str, str], ...]]
"""A heading and its lines: name and value."""

CONFIG_VALUE = 200
"""Characters of one configuration value that are shown (cloud-init documents are long)."""


def of_row(row: Any, events: Iterable[LxdEvent] = ()) -> tuple[str, tuple[Group, ...]]:
    """Title and groups for a row of any pane."""
    if isinstance(row, Container):
        return row.name, container(row, events)
    if isinstance(row, SnapshotRow):
        return row.full_name, (("", snapshot(row)),)
    if isinstance(row, FindingRow):
        return findings_words.title(row), findings_words.groups(row)
    return type(row).__name__.lower(), (("", tuple(_fields(row))),)


def container(row: Container, events: Iterable[LxdEvent]) -> tuple[Group, ...]:
    """A container: state, network, devices, snapshots, configuration, what happened to it lately."""
    state = (
        ("role", row.role or DASH),
        ("tenant", row.tenant or DASH),
        ("state", row.state),
        ("started", utc(row.started)),
        ("created", utc(row.created)),
        ("description", row.description or DASH),
        ("privileged", "yes" if row.privileged else "no"),
        ("profiles", ", ".join(row.profiles) or DASH),
        ("cpu", f"{share(row.cpu)} of a core"),
        ("memory", f"{exact_size(row.memory)}, limit {exact_size(row.memory_limit)}"),
        ("disk", exact_size(row.disk)),
        ("processes", DASH if row.processes is None else str(row.processes)),
    )
    devices = [
        (f"proxy {p.name}", f"{p.listen} → {p.connect}{' nat' if p.nat else ''}{_origin(p.origin)}")
        for p in row.proxies
    ]
    devices += [
        (f"disk {d.name}", f"{d.path} ← {d.pool or d.source or DASH}{_origin(d.origin)}") for d in row.disks
    ]
    happened = [
        (f"{clock(event.at)}Z", f"{event.action}{f' by {event.requestor}' if event.requestor else ''}")
        for event in events
        if row.name in event.source.split("/")
    ]
    return (
        ("State", state),
        ("Network", tuple((name, f"{address} ({family})") for name, family, address in row.network)),
        ("Devices", tuple(devices)),
        ("Snapshots", tuple((s.name, utc(s.created)) for s in row.snapshots)),
        ("Recent events", tuple(reversed(happened)) or (("", "none since gbtui started"),)),
        ("Configuration", tuple((key, value[:CONFIG_VALUE]) for key, value in row.config)),
    )


def snapshot(row: SnapshotRow) -> tuple[tuple[str, str], ...]:
    """A snapshot with exact sizes and what is missing of it."""
    halves = {
        "": "both LXD's row and the dataset are there" if row.owner == "lxd" else DASH,
        "dataset": "LXD lists it, ZFS has no such dataset: it was destroyed behind LXD's back",
        "row": "named as LXD names them, but LXD has no row for it",
    }
    return (
        ("dataset", row.dataset),
        ("snapshot", row.name),
        ("owner", row.owner),
        ("used", exact_size(row.used)),
        ("referenced", exact_size(row.referenced)),
        ("created", utc(row.created)),
        ("holds", DASH if row.holds is None else str(row.holds)),
        ("instance", row.instance or DASH),
        ("missing", halves[row.missing]),
    )


def plain(groups: Iterable[Group]) -> str:
    """The same as text, for the clipboard."""
    return "\n".join(
        line
        for heading, lines in groups
        for line in ([heading] if heading else []) + [f"  {name}: {value}" for name, value in lines]
    )


def _origin(origin: str) -> str:
    return f"  (profile {origin})" if origin else ""


def _fields(row: Any) -> Iterable[tuple[str, str]]:
    """The fields of any other frozen row, a row inside it spread out."""
    if not dataclasses.is_dataclass(row):
        yield "", str(row)
        return
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if dataclasses.is_dataclass(value):
            yield from _fields(value)
        elif isinstance(value, datetime):
            yield field.name, utc(value)
        elif field.name == "at" and isinstance(value, float):
            yield field.name, f"{clock(value)}Z ({value:.3f})"
        elif field.name in ("bytes", "size") and isinstance(value, int):
            yield field.name, exact_size(value)
        elif isinstance(value, tuple):
            yield (
                field.name,
                f"{len(value)} entries" if value and dataclasses.is_dataclass(value[0]) else str(value),
            )
        else:
            yield field.name, DASH if value in (None, "") else str(value)
