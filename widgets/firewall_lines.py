"""A place's rules as the lines of a table: chains, their rules in order, and what is wrong there. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from gbtui.facts.firewall import Chain, Firewall, Mark, Rule, Saved
from widgets.format import counted
from widgets.roles import Role

ChainKey = tuple[str, str, str, str]
"""source, family, table, chain."""


@dataclass(frozen=True, slots=True)
class ChainLine:
    """The head of a chain."""

    chain: Chain
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule; `number` counts from 1 as iptables does. `occurrence` tells equal rules apart."""

    chain: ChainKey
    where: str
    number: int
    rule: Rule
    marks: tuple[Mark, ...] = ()
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A line about the place as a whole: a difference to the saved rules, a mark without a rule."""

    where: str
    role: Role
    text: str
    kind: Literal["saved", "mark"] = "saved"


Line = ChainLine | RuleLine | NoteLine


def chain_key(chain: Chain) -> ChainKey:
    return (chain.source, chain.family, chain.table, chain.chain)


def lines_of(firewall: Firewall) -> tuple[Line, ...]:
    """Every chain with its rules in the kernel's order; differences to the saved rules at the end."""
    lines: list[Line] = []
    placed: set[Mark] = set()
    for chain in firewall.chains:
        marks = tuple(m for m in firewall.marks if _belongs(m, chain))
        placed.update(marks)
        lines.append(ChainLine(chain, tuple(m for m in marks if m.rule < 0)))
        seen: Counter[str] = Counter()
        for index, rule in enumerate(chain.rules):
            own = tuple(m for m in marks if m.rule == index)
            lines.append(RuleLine(chain_key(chain), chain.where, index + 1, rule, own, seen[rule.spec]))
            seen[rule.spec] += 1
    lines += [
        NoteLine(m.where, mark_role(m), m.message, "mark")
        for m in firewall.marks
        if m not in placed and not (firewall.saved and m.kind in {"only-in-memory", "only-in-file"})
    ]
    if firewall.saved is not None:
        lines += _saved_lines(firewall.where, firewall.saved)
    return tuple(lines)


def mark_role(mark: Mark) -> Role:
    """How bad a mark is: a cut-off loopback is an outage, a difference is a surprise at the next boot."""
    return "error" if mark.kind == "drop-before-loopback" else "warn"


def _belongs(mark: Mark, chain: Chain) -> bool:
    same = (mark.where, mark.family, mark.table, mark.chain) == (
        chain.where,
        chain.family,
        chain.table,
        chain.chain,
    )
    return same and chain.source == "iptables" and mark.rule < len(chain.rules)


def _saved_lines(where: str, saved: Saved) -> list[Line]:
    name = saved.path.rpartition("/")[2]
    if saved.state == "absent":
        # On the host others keep the rules (ufw); in a container nothing else brings them back.
        role: Role = "dim" if where == "host" else "unknown"
        return [NoteLine(where, role, f"{name} is not there: it brings no rules back after a reboot")]
    if saved.state == "unreadable":
        return [NoteLine(where, "unknown", f"{name} cannot be read: {saved.why}")]
    if saved.state == "same":
        return []
    said: list[str] = []
    for rules, words in ((saved.only_in_memory, "only in memory"), (saved.only_in_file, "only in file")):
        if rules:
            number = str(len(rules)) if said else counted(len(rules), "rule")
            said.append(f"{number} {words}")
    head: list[Line] = [NoteLine(where, "warn", f"{name} differs: {', '.join(said) or 'another order'}")]
    head += [NoteLine(where, "warn", f"only in memory  {rule}") for rule in saved.only_in_memory]
    head += [NoteLine(where, "warn", f"only in {name}  {rule}") for rule in saved.only_in_file]
    return head


def spec_in(line: RuleLine) -> str:
    """The rule's own text, without the `-A CHAIN` that the chain's line already says."""
    return line.rule.spec.removeprefix(f"-A {line.chain[3]} ")
