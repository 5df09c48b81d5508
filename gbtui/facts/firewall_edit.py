"""Saved rules with a rule more or less, and the batch that makes the running rules those saved. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from gbtui.errors import Malformed
from gbtui.facts.firewall_parse import Tables
from gbtui.facts.firewall_saved import is_others, saved_text
from gbtui.facts.firewall_types import Chain

_EMPTY = ("*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", "COMMIT")
_THEIRS = (" f2b-", " fail2ban-", "generated for LXD")
_COUNTED = re.compile(rb"\[[0-9]+:[0-9]+\] ")


def with_rule_last(output: bytes, chain: str, spec: str) -> bytes:
    """`saved_text` of `output`, with `-A chain spec` last of its chain in `filter`; once, not twice.

    Raises:
        Malformed: `output` is not iptables-save's, or has no such chain.
    """
    text = saved_text(output)
    rows = text.split(b"\n") if b"*filter\n" in text else [*text.split(b"\n")[:-1], *_bytes(_EMPTY), b""]
    start = rows.index(b"*filter")
    end = rows.index(b"COMMIT", start)
    declared = [row[1:].split(b" ")[0] for row in rows[start:end] if row.startswith(b":")]
    name, wanted = chain.encode(), f"-A {chain} {spec}".encode()
    if name not in declared:
        raise Malformed("saved rules", why=f"no chain {chain} in table filter")
    if wanted in rows[start:end]:
        return text
    before = set(declared[: declared.index(name) + 1])  # iptables-save groups rules by chain, in this order
    at = start
    for number in range(start, end):
        words = rows[number].split(b" ", 2)
        if rows[number].startswith(b":") or (words[0] == b"-A" and words[1] in before):
            at = number
    return b"\n".join([*rows[: at + 1], wanted, *rows[at + 1 :]])


def without_rule(file: bytes, table: str, chain: str, spec: str) -> bytes:
    """A saved file without the rules of `table` that read `-A chain spec`; the rest byte for byte."""
    wanted, inside, kept = f"-A {chain} {spec}".encode(), b"", []
    for row in file.split(b"\n"):
        inside = row[1:] if row.startswith(b"*") else inside
        if inside == table.encode() and _COUNTED.sub(b"", row, count=1).rstrip() == wanted:
            continue
        kept.append(row)
    return b"\n".join(kept)


def batch(wanted: Tables, running: Tables) -> str:
    """What iptables-restore --noflush takes, in one go per table, to make `running` into `wanted`.

    Only tables that `wanted` has are touched. fail2ban's chains are not touched at all, and the rules
    that lead to them, as LXD's own, stand first again in their chains. Chains of our own that `wanted`
    does not have go.
    """
    lines: list[str] = []
    for table in dict.fromkeys(chain.table for chain in wanted.chains):
        want = [c for c in wanted.chains if c.table == table and not is_others(c.chain, "")]
        have = {c.chain: c for c in running.chains if c.table == table and not is_others(c.chain, "")}
        gone = [c for name, c in have.items() if not c.policy and name not in {w.chain for w in want}]
        lines.append(f"*{table}")
        lines += [f":{chain.chain} {chain.policy or '-'} [0:0]" for chain in want]
        lines += [f"-F {chain.chain}" for chain in (*want, *gone)]
        lines += [f"-X {chain.chain}" for chain in gone]
        for chain in want:
            theirs = others_of(have[chain.chain]) if chain.chain in have else ()
            lines += [f"-A {chain.chain} {spec}".rstrip() for spec in _ordered(chain, theirs)]
        lines.append("COMMIT")
    return "".join(f"{line}\n" for line in lines)


def _ordered(chain: Chain, theirs: tuple[str, ...]) -> list[str]:
    """The chain's own rules and `theirs`: these first, but where the chain has them in places of its own."""
    if sorted(others_of(chain)) == sorted(theirs):
        return [rule.spec for rule in chain.rules]
    return [*theirs, *(rule.spec for rule in chain.rules if not is_others(chain.chain, rule.spec))]


def back(running: Tables, saved: Tables) -> Tables:
    """`running`, of the tables that `saved` has; a table that nobody had used yet, as it is when new."""
    names = dict.fromkeys(chain.table for chain in saved.chains)
    used = {chain.table for chain in running.chains}
    fresh = [
        replace(chain, policy="ACCEPT", rules=())
        for chain in saved.chains
        if chain.table not in used and chain.policy
    ]
    return replace(running, chains=(*(c for c in running.chains if c.table in names), *fresh))


def own_lines(tables: Tables, table: str) -> list[str]:
    """What `gbtui-own` hashes of one table: as iptables -S prints it, in the order of the chains' names."""
    chains = sorted((c for c in tables.chains if c.table == table), key=lambda chain: chain.chain)
    lines = []
    for chain in chains:
        lines.append(f"-P {chain.chain} {chain.policy}" if chain.policy else f"-N {chain.chain}")
        lines += [f"-A {chain.chain} {rule.spec}".rstrip() for rule in chain.rules]
    return [line for line in lines if not any(mark in line for mark in _THEIRS)]


def others_of(chain: Chain) -> tuple[str, ...]:
    """The rules of a chain that are fail2ban's or LXD's, as they stand."""
    return tuple(rule.spec for rule in chain.rules if is_others(chain.chain, rule.spec))


def _bytes(rows: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(row.encode() for row in rows)
