"""The containers pane: every instance, what it uses and what it offers to the world."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import ClassVar

from gbtui.facts.containers import Container, Containers
from widgets import format as figures
from widgets.columns import Column
from widgets.painting import Cell
from widgets.pane import Pane
from widgets.pane_title import Verdict
from widgets.roles import Parts, Role, glyph

_STATES: dict[str, tuple[Role, str]] = {
    "Running": ("ok", "run"),
    "Stopped": ("dim", "stopped"),
    "Frozen": ("warn", "frozen"),
    "Error": ("error", "error"),
}


def state_cell(container: Container) -> Parts:
    """The state as glyph and word; what is neither known nor at rest is on its way: unknown."""
    role, word = _STATES.get(container.state, ("unknown", container.state.lower()))
    return (glyph(role, word),)


def ports(container: Container) -> str:
    """The ports its proxy devices listen on, lowest first, in the shortest form: `80 443 53/udp`."""
    found: set[tuple[int, str]] = set()
    for proxy in container.proxies:
        match = re.fullmatch(r"(\w+):.*:(\d{1,5})([\d,-]*)", proxy.listen)
        if match is None:
            found.add((1 << 16, proxy.listen))
        else:
            kind = "" if match[1] == "tcp" else f"/{match[1]}"
            found.add((int(match[2]), f"{match[2]}{match[3]}{kind}"))
    return " ".join(shown for _, shown in sorted(found)) or figures.DASH


def mounts(container: Container) -> str:
    """The paths something other than the root disk is mounted at."""
    return " ".join(disk.path for disk in container.disks if disk.path != "/") or figures.DASH


class ContainersPane(Pane[Containers]):
    """Every instance of the host, or of one tenant."""

    subject: ClassVar[str] = "containers"
    number: ClassVar[int] = 1
    title: ClassVar[str] = "containers"
    empty: ClassVar[str] = "no containers here"

    def columns(self) -> Sequence[Column[Container]]:
        def name(c: Container) -> Cell:
            return ((c.name, ""), (" ⚑" if c.privileged else "", "warn"))

        def memory(c: Container) -> Cell:
            return figures.size(c.memory) if c.running else figures.DASH

        def uptime(c: Container) -> str:
            return figures.age(c.started, self.now) if c.running else figures.DASH

        return (
            Column("name", "NAME", name, min_width=16, sort_key=lambda c: c.name),
            Column("state", "STATE", state_cell, 9, sort_key=lambda c: c.state, rank=95),
            Column("ipv4", "IPV4", lambda c: " ".join(c.ipv4) or figures.DASH, 13, rank=80),
            Column(
                "cpu",
                "CPU",
                lambda c: figures.share(c.cpu),
                5,
                sort_key=lambda c: c.cpu,
                first_descending=True,
                align="right",
                rank=70,
            ),
            Column(
                "memory",
                "MEM",
                memory,
                5,
                sort_key=lambda c: c.memory,
                first_descending=True,
                align="right",
                rank=75,
            ),
            Column(
                "disk",
                "DISK",
                lambda c: figures.size(c.disk),
                5,
                sort_key=lambda c: c.disk,
                first_descending=True,
                align="right",
                rank=40,
            ),
            Column(
                "snapshots",
                "SNAP",
                lambda c: str(len(c.snapshots)),
                4,
                sort_key=lambda c: len(c.snapshots),
                first_descending=True,
                align="right",
                rank=30,
            ),
            Column(
                "uptime",
                "UP",
                uptime,
                5,
                sort_key=lambda c: c.started,
                first_descending=True,
                align="right",
                rank=50,
                aging=True,
            ),
            Column("ports", "PORTS", ports, 16, rank=65),
            Column("mounts", "MOUNTS", mounts, 18, rank=20),
        )

    def rows_of(self, value: Containers) -> Sequence[Container]:
        return value.containers

    def row_key(self, row: Container) -> Hashable:
        return row.name

    def flash_on(self, row: Container) -> object:
        return (row.state, row.ipv4, row.privileged, row.proxies, row.disks)

    def verdict(self, value: Containers) -> Verdict:
        broken = [c.name for c in value.containers if c.state == "Error"]
        if broken:
            return Verdict("error", f"{broken[0]} in error")
        at_rest = [c for c in value.containers if c.state == "Stopped"]
        return Verdict("warn", f"{len(at_rest)} stopped") if at_rest else Verdict()

    def notes(self, value: Containers) -> list[tuple[Role, str]]:
        return (
            [("warn", f"{figures.counted(value.malformed, 'instance')} could not be read")]
            if value.malformed
            else []
        )
