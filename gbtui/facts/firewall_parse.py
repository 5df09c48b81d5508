"""`iptables-save -c` → chains, order and quoting kept (guide items 31–37, 93). Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gbtui.facts.firewall_types import Chain, Rule
from gbtui.text import text

_TABLE = re.compile(r"\*(\S+)")
_CHAIN = re.compile(r":(\S+) (\S+)(?: \[([0-9]{1,20}):([0-9]{1,20})\])?")
_RULE = re.compile(r"(?:\[([0-9]{1,20}):([0-9]{1,20})\] )?-A (\S+)(?: (.*))?")
_BACKEND = re.compile(rb"^iptables v\S+ \((nf_tables|legacy)\)")

Key = tuple[str, str, str, str, str, int]
"""(source, family, table, chain, spec, how many equal ones stand before it): one rule between readings."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What one `iptables-save` printed. `warnings` are its own; `whole` says that no table was cut."""

    chains: tuple[Chain, ...] = ()
    malformed: int = 0
    warnings: tuple[str, ...] = ()
    whole: bool = True

    def names(self) -> frozenset[tuple[str, str]]:
        """(family, table) of every table in it."""
        return frozenset((chain.family, chain.table) for chain in self.chains)


class _Open:
    """A table while it is read: chain name → (policy, packets, bytes, rules)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.chains: dict[str, tuple[str, int | None, int | None, list[Rule]]] = {}

    def declare(self, name: str, policy: str, packets: str | None, size: str | None) -> None:
        own = policy == "-"  # a user's chain: no policy, and its counters mean nothing
        count = None if own or packets is None else int(packets)
        bytes_ = None if own or size is None else int(size)
        self.chains[name] = ("" if own else policy, count, bytes_, self._rules(name))

    def add(self, chain: str, rule: Rule) -> None:
        if chain not in self.chains:  # a file written by hand may leave the declaration out
            self.chains[chain] = ("", None, None, [])
        self._rules(chain).append(rule)

    def _rules(self, name: str) -> list[Rule]:
        return self.chains[name][3] if name in self.chains else []


def parse_save(data: bytes, where: str, family: str) -> Tables:
    """Any bytes: a line that iptables-save would not print costs itself and is counted.

    Counters may be left out (saved files have none). `family` is "ip" or "ip6".
    """
    chains: list[Chain] = []
    warnings: list[str] = []
    malformed = 0
    table: _Open | None = None
    for line in text(data).split("\n"):
        if not line or line.startswith("#"):
            if line.lower().startswith("# warning"):
                warnings.append(line.removeprefix("# "))
        elif match := _TABLE.fullmatch(line):
            chains += _closed(table, where, family)
            table = _Open(match[1])
        elif table is None:
            malformed += 1
        elif line == "COMMIT":
            chains += _closed(table, where, family)
            table = None
        elif match := _CHAIN.fullmatch(line):
            table.declare(match[1], match[2], match[3], match[4])
        elif match := _RULE.fullmatch(line):
            packets, size = match[1], match[2]
            rule = Rule(match[4] or "", int(packets) if packets else None, int(size) if size else None)
            table.add(match[3], rule)
        else:
            malformed += 1
    chains += _closed(table, where, family)
    return Tables(tuple(chains), malformed, tuple(warnings), table is None)


def parse_backend(data: bytes) -> str:
    """ "nf_tables" or "legacy" from `iptables --version`, "" where it does not say."""
    match = _BACKEND.match(data)
    return text(match[1]) if match else ""


def counters(chains: Iterable[Chain]) -> dict[Key, int]:
    """Packets of every counted rule, by a key that survives other rules coming and going."""
    return {key: rule.packets for _, key, rule in _keyed(chains) if rule.packets is not None}


def with_rates(chains: Iterable[Chain], before: Mapping[Key, int], seconds: float) -> tuple[Chain, ...]:
    """`chains` with packets per second since `before`; None where a counter is new or was reset."""
    rated: dict[int, list[Rule]] = {}
    kept = tuple(chains)
    for number, key, rule in _keyed(kept):
        then = before.get(key)
        known = then is not None and rule.packets is not None and rule.packets >= then and seconds > 0
        rate = (
            (rule.packets - then) / seconds
            if known and rule.packets is not None and then is not None
            else None
        )
        rated.setdefault(number, []).append(rule if rate is None else replace(rule, rate=rate))
    return tuple(replace(chain, rules=tuple(rated.get(n, ()))) for n, chain in enumerate(kept))


def _keyed(chains: Iterable[Chain]) -> Iterable[tuple[int, Key, Rule]]:
    for number, chain in enumerate(chains):
        seen: Counter[str] = Counter()
        for rule in chain.rules:
            key = (chain.source, chain.family, chain.table, chain.chain, rule.spec, seen[rule.spec])
            seen[rule.spec] += 1
            yield number, key, rule


def _closed(table: _Open | None, where: str, family: str) -> list[Chain]:
    if table is None:
        return []
    return [
        Chain(where, "iptables", family, table.name, name, policy, packets, size, tuple(rules))
        for name, (policy, packets, size, rules) in table.chains.items()
    ]
