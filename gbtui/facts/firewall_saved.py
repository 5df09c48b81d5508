"""What is saved for the next boot (`/etc/iptables/rules.v4`): made, and compared with what runs.

fail2ban and LXD put their rules in again by themselves: saved, they would come back as corpses
(bans nobody can lift, forwards to addresses that moved). They are left out on both sides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from gbtui.errors import BadInput, Malformed
from gbtui.facts.firewall_parse import Tables
from gbtui.facts.firewall_types import Chain, Mark, Saved
from gbtui.text import UNSAFE, line

_CHAIN = re.compile(rb":(\S+) (\S+)(?: \[[0-9]+:[0-9]+\])?")
_RULE = re.compile(rb"(?:\[[0-9]+:[0-9]+\] )?(-A (\S+)(?: .*)?)")
_QUOTED = re.compile(rb'(--comment )?"((?:[^"\\]|\\.)*)"')
_TARGET = re.compile(rb"(?:^| )-[jg] (\S+)")
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,27}")
_EMPTY_FILTER = b"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
_WHAT = "iptables-save output"


def is_others(chain: str, spec: str) -> bool:
    """Whether a rule is fail2ban's (in or to an `f2b-*` chain) or LXD's (by its comment)."""
    return _others(chain.encode(), spec.encode())


def saved_text(output: bytes) -> bytes:
    """What to write to the file: `output` of iptables-save without other programs' rules.

    Counters are zero, comment lines go, order and quoting stay, byte for byte.

    Raises:
        Malformed: a line is not iptables-save's, or the last table is cut: that must not be written.
    """
    kept: list[bytes] = []
    inside = False
    for row in output.split(b"\n"):
        if not row or row.startswith(b"#"):
            continue
        if row.startswith(b"*") and not inside:
            inside = True
            kept.append(row)
        elif row == b"COMMIT" and inside:
            inside = False
            kept.append(row)
        elif inside and (match := _CHAIN.fullmatch(row)):
            if not _f2b(match[1]):
                kept.append(b":%s %s [0:0]" % (match[1], match[2]))
        elif inside and (match := _RULE.fullmatch(row)):
            if not _others(match[2], match[1]):
                kept.append(match[1])
        else:
            raise Malformed(_WHAT, why=f"not a line of it: {line(row, limit=80)!r}")
    if inside:
        raise Malformed(_WHAT, why="the last table has no COMMIT: the output was cut")
    return b"".join(row + b"\n" for row in kept)


def with_rule_first(saved: bytes, chain: str, spec: str) -> bytes:
    """`saved_text` of `saved`, with `-A chain spec` first of its chain in `filter`.

    As it is when the rule is first already.

    Raises:
        BadInput: `chain` or `spec` cannot stand in such a file.
        Malformed: `saved` is not such a file, or has no such chain.
    """
    if not _NAME.fullmatch(chain) or UNSAFE.search(spec) or not spec.strip():
        raise BadInput("rule to save", why=f"{line(f'{chain} {spec}'.encode(), limit=80)!r} cannot be saved")
    text = saved_text(saved)
    rows = (text if b"*filter\n" in text else text + _EMPTY_FILTER).split(b"\n")
    start = rows.index(b"*filter")
    end = rows.index(b"COMMIT", start)
    declared = [match[1] for row in rows[start:end] if (match := _CHAIN.fullmatch(row))]
    if chain.encode() not in declared:
        raise Malformed("saved rules", why=f"no chain {chain} in table filter")
    # iptables-save groups rules in the order of the chains' declaration
    later = set(declared[declared.index(chain.encode()) :])
    wanted = b"-A %s %s" % (chain.encode(), spec.encode())
    at = end
    for number in range(start, end):
        match = _RULE.fullmatch(rows[number])
        if match and match[2] in later:
            at = number
            break
    if rows[at] != wanted:
        rows.insert(at, wanted)
    return b"\n".join(rows)


def compare(running: Tables, saved: Tables, path: str) -> tuple[Saved, list[Mark]]:
    """The running rules of one family against the saved ones, and a mark for each difference."""
    here, there = _by_name(running), _by_name(saved)
    memory: list[str] = []
    file: list[str] = []
    marks: list[Mark] = []
    reordered: list[str] = []
    for name in [*here, *(name for name in there if name not in here)]:
        table, chain = name
        mine, its = _specs(here.get(name)), _specs(there.get(name))
        for number, spec in _beyond(mine, its):
            memory.append(f"{table} {spec}")
            message = f"{spec}: not in {path}, gone at the next boot"
            marks.append(_mark("only-in-memory", here[name], number, message))
        for _, spec in _beyond(its, mine):
            file.append(f"{table} {spec}")
            message = f"{spec}: only in {path}, back at the next boot"
            marks.append(_mark("only-in-file", there[name], -1, message))
        texts, saved_texts = [spec for _, spec in mine], [spec for _, spec in its]
        if texts != saved_texts and sorted(texts) == sorted(saved_texts):
            reordered.append(f"{table} {chain}")
    why = f"order differs in {', '.join(reordered)}" if reordered else ""
    if saved.malformed or not saved.whole:
        why = "; ".join(filter(None, (why, f"{saved.malformed} lines of the file are not understood")))
    state: Literal["same", "differs"] = "differs" if memory or file or why else "same"
    return Saved(path, state, tuple(memory), tuple(file), why), marks


def _mark(kind: Literal["only-in-memory", "only-in-file"], chain: Chain, number: int, message: str) -> Mark:
    return Mark(kind, chain.where, chain.table, chain.chain, number, message, chain.family)


def _by_name(tables: Tables) -> dict[tuple[str, str], Chain]:
    return {(c.table, c.chain): c for c in tables.chains if not _f2b(c.chain.encode())}


def _specs(chain: Chain | None) -> list[tuple[int, str]]:
    """(number, text) of a chain's own rules; a policy other than ACCEPT counts as one (number -1)."""
    if chain is None:
        return []
    policy = [(-1, f"-P {chain.chain} {chain.policy}")] if chain.policy not in {"", "ACCEPT"} else []
    rules = [
        (number, f"-A {chain.chain} {rule.spec}".rstrip())
        for number, rule in enumerate(chain.rules)
        if not is_others(chain.chain, rule.spec)
    ]
    return policy + rules


def _beyond(mine: list[tuple[int, str]], its: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    left = Counter(spec for _, spec in its)
    for number, spec in mine:
        if left[spec]:
            left[spec] -= 1
        else:
            yield number, spec


def _f2b(chain: bytes) -> bool:
    return chain.startswith((b"f2b-", b"fail2ban-"))


def _others(chain: bytes, spec: bytes) -> bool:
    if _f2b(chain):
        return True
    for comment, words in _QUOTED.findall(spec):
        if comment and words.startswith(b"generated for LXD"):
            return True
    return any(_f2b(target) for target in _TARGET.findall(_QUOTED.sub(b"", spec)))
