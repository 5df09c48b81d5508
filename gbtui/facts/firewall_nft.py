"""`nft list ruleset` → the tables that iptables does not show: LXD's and fail2ban's own. Pure.

Text, not `nft -j`: the JSON loses what xt matches say.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import replace

from gbtui.facts.firewall_types import Chain, Rule
from gbtui.text import text

LONGEST = 2000
"""Characters kept of one rule or one set's elements."""

_MANAGED = re.compile(r"# Warning: table (\S+) (\S+) is managed by iptables-nft")
_HEAD = re.compile(r"table (\S+) (\S+) \{")
_QUOTED = re.compile(r'"[^"]*"?')
_COUNTER = re.compile(r'"[^"]*"|counter packets ([0-9]{1,20}) bytes ([0-9]{1,20})')
_POLICY = re.compile(r";\s*policy (\w+);")


def parse_nft(data: bytes, where: str, shown: Container[tuple[str, str]]) -> tuple[tuple[Chain, ...], int]:
    """Chains of every table but those in `shown` (family, table) and those nft says are iptables' own.

    A set or map becomes a chain `@name`, any other object one named `kind name`; their lines are its
    rules. What fits nowhere is counted.
    """
    reader = _Reader(where, shown)
    for line in text(data).split("\n"):
        reader.line(line.strip())
    return reader.end()


class _Reader:
    """Reads line by line; knows the table and the block it is in, and how deep in braces."""

    def __init__(self, where: str, shown: Container[tuple[str, str]]) -> None:
        self._where = where
        self._shown = shown
        self._managed: set[tuple[str, str]] = set()
        self._table: tuple[str, str] | None = None
        self._block: Chain | None = None
        self._rules: list[Rule] = []
        self._pending = ""
        self._depth = 0
        self._chains: list[Chain] = []
        self._malformed = 0

    def line(self, line: str) -> None:
        if not line or line.startswith("#"):
            if match := _MANAGED.match(line):
                self._managed.add((match[1], match[2]))
        elif self._table is None:
            self._open_table(line)
        elif self._block is None:
            self._in_table(line)
        elif line == "}" and not self._depth:
            self._close_block()
        else:
            self._in_block(line)

    def end(self) -> tuple[tuple[Chain, ...], int]:
        if self._block is not None:
            self._close_block()
        self._malformed += self._table is not None
        return tuple(self._chains), self._malformed

    def _open_table(self, line: str) -> None:
        if match := _HEAD.fullmatch(line):
            self._table = (match[1], match[2])
        else:
            self._malformed += 1

    def _in_table(self, line: str) -> None:
        if line == "}":
            self._table = None
        elif line.endswith(" {") and self._table is not None:
            kind, _, name = line.removesuffix(" {").rpartition(" ")
            shown_as = {"chain": name, "set": f"@{name}", "map": f"@{name}"}.get(kind, f"{kind} {name}")
            family, table = self._table
            self._block = Chain(self._where, "nft", family, table, shown_as, "", None, None, ())
            self._rules = []
        elif not line.startswith(("flags ", "comment ")):
            self._malformed += 1

    def _in_block(self, line: str) -> None:
        """A statement may go over several lines: it ends where its braces do."""
        self._depth = max(self._depth + _braces(line), 0)
        if len(self._pending) <= LONGEST:
            self._pending = f"{self._pending} {line}" if self._pending else line
        if self._depth:
            return
        statement, self._pending = self._pending, ""
        block = self._block
        if block is not None and statement.startswith("type ") and " hook " in statement and not self._rules:
            policy = _POLICY.search(statement)
            hook = statement.partition(";")[0]
            self._block = replace(block, hook=hook, policy=policy[1].upper() if policy else "")
        else:
            self._rules.append(_rule(statement))

    def _close_block(self) -> None:
        if self._pending:
            self._malformed += 1
        elsewhere = self._table is None or self._table in self._shown or self._table in self._managed
        if self._block is not None and not elsewhere:
            self._chains.append(replace(self._block, rules=tuple(self._rules)))
        self._block, self._rules, self._pending, self._depth = None, [], "", 0


def _rule(statement: str) -> Rule:
    """A rule without the figures of its counter, which stand beside it."""
    for match in _COUNTER.finditer(statement):
        if match[1] is not None:
            spec = f"{statement[: match.start()]}counter{statement[match.end() :]}"
            return Rule(_cut(spec), int(match[1]), int(match[2]))
    return Rule(_cut(statement), None, None)


def _braces(line: str) -> int:
    bare = _QUOTED.sub("", line)
    return bare.count("{") - bare.count("}")


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else value[:LONGEST] + "…"
