"""Firewall: chains as the kernel has them, and what is saved for the next boot (items 31–37, 66–68, 93)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in its chain's order. `spec` is the tool's own text, quoting kept, without counters."""

    spec: str
    packets: int | None
    bytes: int | None
    rate: float | None = None
    """Packets per second since the previous reading."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of `where` ("host" or an instance). `policy` is "" for chains without one.

    `source`: "iptables" (iptables-save is the truth for it) or "nft" (LXD's and fail2ban's own
    tables, which iptables does not show). `family` is nft's word (ip, ip6, inet). A set or map of
    nft stands as a chain named `@name` (as rules refer to it), its lines as rules.
    """

    where: str
    source: Literal["iptables", "nft"]
    family: str
    table: str
    chain: str
    policy: str
    packets: int | None
    bytes: int | None
    rules: tuple[Rule, ...]
    hook: str = ""
    """nft's words for where a base chain hangs: `type filter hook input priority filter`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something wrong at a place in the rules. `rule` is the 0-based index in the chain, or -1.

    kind: "drop-before-loopback" (a DROP or REJECT that reaches loopback's packets stands before
    loopback's ACCEPT, or there is no such ACCEPT) · "only-in-memory" · "only-in-file".
    """

    kind: Literal["drop-before-loopback", "only-in-memory", "only-in-file"]
    where: str
    table: str
    chain: str
    rule: int
    message: str
    family: str = "ip"


@dataclass(frozen=True, slots=True)
class Saved:
    """The saved rules (`/etc/iptables/rules.v4`) against the running ones.

    `state`: "same" · "differs" · "absent" · "unreadable". The tuples hold `-A CHAIN …` texts,
    prefixed by their table, of rules that only one side has (fail2ban's and LXD's left out).
    """

    path: str
    state: Literal["same", "differs", "absent", "unreadable"]
    only_in_memory: tuple[str, ...] = ()
    only_in_file: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Firewall:
    """The rules of one place. `backend` is "nf_tables", "legacy" or "" (unknown)."""

    where: str
    chains: tuple[Chain, ...]
    marks: tuple[Mark, ...]
    saved: Saved | None
    backend: str = ""
    malformed: int = 0
    note: str = ""
