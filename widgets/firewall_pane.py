"""The firewall pane: the rules of one place in the kernel's order, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType

from gbtui.facts.firewall import Chain, Firewall
from gbtui.facts.reading import Reading
from widgets import format as figures
from widgets.columns import Column
from widgets.firewall_lines import (
    ChainLine,
    Line,
    NoteLine,
    RuleLine,
    chain_key,
    lines_of,
    mark_role,
    spec_in,
)
from widgets.painting import Cell
from widgets.pane import Pane
from widgets.pane_messages import PaneMessage
from widgets.pane_title import Verdict
from widgets.pieces import Piece, piece
from widgets.roles import GLYPHS, Part, Role


class PlaceWanted(PaneMessage, namespace="firewall_pane"):
    """Another place's rules are wanted: the host's or a container's."""


class FirewallPane(Pane[Firewall]):
    """Chains of one place. They are not sorted: their order is what they mean."""

    subject: ClassVar[str] = "firewall"
    number: ClassVar[int] = 3
    title: ClassVar[str] = "firewall"
    empty: ClassVar[str] = "no chains here"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "place", "choose place", id="pane.place")]

    PlaceWanted: TypeAlias = PlaceWanted

    place = ""
    """Whose rules were asked for: in the title until they are there."""

    def columns(self) -> Sequence[Column[Line]]:
        return (
            Column("rule", "CHAIN / RULE", _rule, min_width=30),
            Column("packets", "PKTS", _packets, 7, align="right", rank=60),
            Column("rate", "RATE", _rate, 8, align="right", rank=50),
        )

    def rows_of(self, value: Firewall) -> Sequence[Line]:
        return lines_of(value)

    def row_key(self, row: Line) -> Hashable:
        if isinstance(row, ChainLine):
            return ("chain", row.chain.where, chain_key(row.chain))
        if isinstance(row, RuleLine):
            return ("rule", row.where, row.chain, row.rule.spec, row.occurrence)
        return (row.kind, row.where, row.text)

    def flash_on(self, row: Line) -> object:
        return (row.number, row.marks) if isinstance(row, RuleLine) else None

    def choose(self, place: str) -> None:
        """Another place's rules come next: the last one's must not stand under its name."""
        self.place = place
        self.show(Reading())

    def show(self, reading: Reading[Firewall]) -> None:
        if reading.value is None and self._drawn is not None:
            self._drawn = None
            self.table.set_rows(())
        super().show(reading)

    def _beside_name(self) -> str:
        value = self.reading.value
        return f"{value.where if value else self.place} ▾"

    def _count(self) -> str:
        value = self.reading.value
        return figures.count(sum(len(chain.rules) for chain in value.chains)) if value else ""

    def summary(self, value: Firewall | None) -> list[Piece]:
        if value is None:
            return []
        shown = [
            piece(figures.counted(sum(len(chain.rules) for chain in value.chains), "rule"), "dim", rank=40)
        ]
        return [*shown, piece(value.backend, "dim", rank=20)] if value.backend else shown

    def verdict(self, value: Firewall) -> Verdict:
        cut = [mark for mark in value.marks if mark_role(mark) == "error"]
        if cut:
            return Verdict("error", "loopback cut off")
        if value.saved is not None and value.saved.state == "differs":
            return Verdict("warn", "saved rules differ")
        if value.saved is not None and value.saved.state == "absent" and value.where != "host":
            return Verdict("unknown", "rules not saved")
        return Verdict("warn", "marked") if value.marks else Verdict()

    def notes(self, value: Firewall) -> list[tuple[Role, str]]:
        said: list[tuple[Role, str]] = [("unknown", value.note)] if value.note else []
        cut = [mark.message for mark in value.marks if mark_role(mark) == "error"]
        said += [("error", message) for message in dict.fromkeys(cut)]
        if value.malformed:
            said.append(
                ("warn", f"{figures.counted(value.malformed, 'line')} of the rules could not be read")
            )
        return said

    def copy_text(self, row: Line) -> str:
        return row.rule.spec if isinstance(row, RuleLine) else super().copy_text(row)

    def action_place(self) -> None:
        self.post_message(PlaceWanted(self))


def _name(chain: Chain) -> str:
    if chain.source == "nft":
        return f"nft {chain.family} {chain.table} {chain.chain}"
    table = "" if chain.table == "filter" else f"{chain.table} "
    family = "" if chain.family in {"", "ip"} else f"{chain.family} "
    return f"{family}{table}{chain.chain}"


def _rule(line: Line) -> Cell:
    if isinstance(line, NoteLine):
        sign = GLYPHS[line.role] if line.kind == "mark" or line.role in {"unknown", "dim"} else "≠"
        return ((f"{sign} {line.text}", line.role),)
    role: Role = mark_role(line.marks[0]) if line.marks else ""
    if isinstance(line, ChainLine):
        parts: list[Part] = [(_name(line.chain), "title")]
        if line.chain.policy:
            parts.append((f"  policy {line.chain.policy}", "dim"))
        return (*parts, (f"  {GLYPHS[role]} {line.marks[0].message}", role)) if line.marks else tuple(parts)
    sign = GLYPHS[role] if role == "error" else "≠" if role else " "
    return ((f"{sign} ", role), (f"{line.number:>2} ", role or "dim"), (spec_in(line), role))


def _packets(line: Line) -> Cell:
    if isinstance(line, NoteLine):
        return ""
    if isinstance(line, ChainLine):
        packets = line.chain.packets
        return ((figures.count(packets), "dim"),) if packets is not None and line.chain.policy else ""
    return "" if line.rule.packets is None else figures.count(line.rule.packets)


def _rate(line: Line) -> Cell:
    return figures.rate(line.rule.rate) if isinstance(line, RuleLine) else ""
