"""CoreDNS's Corefile and zone files, read without changing a byte of them (guide 69, 70).

A Corefile is server blocks of `KEY… {`, directives with or without a block of their own, and `}`.
What is not laid out like that is not understood, and never half understood: Malformed.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from gbtui import text
from gbtui.errors import Malformed

ANY_TYPE = "*"
_KEY = re.compile(r"(?:[a-z+]+://)?([^:/\s]+?)\.?(?::\d+)?,?$")


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive of a server block: `line` is its first line (0-based), `end` behind its last."""

    name: str
    arguments: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    line: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """One server block. `line` is the first of its keys, `open` the one with its brace, `end` its last."""

    keys: tuple[str, ...]
    directives: tuple[Directive, ...]
    line: int
    open: int
    end: int

    def serves(self, zone: str) -> bool:
        """Whether `zone` is one of its keys, port or not."""
        return any(_zone(key) == zone for key in self.keys)

    def all(self, name: str) -> tuple[Directive, ...]:
        """Its directives of that name."""
        return tuple(one for one in self.directives if one.name == name)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an acl: `types` and `nets` hold "*" for all of them."""

    action: str
    types: tuple[str, ...]
    nets: tuple[str, ...]


def parse_corefile(data: bytes) -> tuple[Block, ...]:
    """Every server block and snippet, in order.

    Raises:
        Malformed: braces that do not match, or a layout that is not understood; with the line.
    """
    blocks: list[Block] = []
    lines = [_words(line, number) for number, line in enumerate(text.text(data).split("\n"))]
    at = 0
    while at < len(lines):
        if lines[at]:
            block, at = _block(lines, at)
            blocks.append(block)
        else:
            at += 1
    return tuple(blocks)


def _block(lines: Sequence[tuple[str, ...]], at: int) -> tuple[Block, int]:
    first, keys = at, list[str]()
    while at < len(lines) and "{" not in lines[at]:
        if "}" in lines[at]:
            raise _bad(at, "a brace that closes nothing")
        keys += lines[at]
        at += 1
    if at == len(lines):
        raise _bad(first, "no server block")
    keys += _opened(lines, at)
    opened, directives = at, list[Directive]()
    at += 1
    while at < len(lines):
        if lines[at] == ("}",):
            return Block(tuple(keys), tuple(directives), first, opened, at), at + 1
        if lines[at]:
            directive, at = _directive(lines, at)
            directives.append(directive)
        else:
            at += 1
    raise _bad(first, "a block that never ends")


def _directive(lines: Sequence[tuple[str, ...]], at: int) -> tuple[Directive, int]:
    first, words = at, lines[at]
    if "}" in words:
        raise _bad(at, "a brace in the middle of a line")
    if "{" not in words:
        return Directive(words[0], words[1:], (), at, at + 1), at + 1
    name, *arguments = _opened(lines, at) or ("",)
    if not name:
        raise _bad(at, "a block without a name")
    body, depth = list[tuple[str, ...]](), 1
    at += 1
    while at < len(lines):
        if lines[at] == ("}",):
            depth -= 1
            if not depth:
                return Directive(name, tuple(arguments), tuple(body), first, at + 1), at + 1
        elif "{" in lines[at]:
            _opened(lines, at)
            depth += 1
        elif "}" in lines[at]:
            raise _bad(at, "a brace in the middle of a line")
        if lines[at]:
            body.append(lines[at])
        at += 1
    raise _bad(first, "a block that never ends")


def _opened(lines: Sequence[tuple[str, ...]], at: int) -> tuple[str, ...]:
    *words, last = lines[at]
    if last != "{" or "{" in words or "}" in words:
        raise _bad(at, "a brace in the middle of a line")
    return tuple(words)


def _words(line: str, number: int) -> tuple[str, ...]:
    """The words of a line, without its comment; a quote must end on its line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.quotes, lexer.escape, lexer.commenters = True, '"', "", ""
    found: list[str] = []
    try:
        for word in lexer:
            if word.startswith("#"):
                break
            found.append(word)
    except ValueError:
        if "#" not in line:
            raise _bad(number, "a quote that does not end on its line") from None
    return tuple(found)


def _bad(number: int, why: str) -> Malformed:
    return Malformed("Corefile", why=f"line {number + 1}: {why}")


def _zone(key: str) -> str:
    match = _KEY.fullmatch(key.lower())
    return match[1] if match else key


def acl_rules(directives: Sequence[Directive]) -> tuple[Rule, ...] | None:
    """The rules of a block's acls, in order; None where one of them is not understood."""
    rules: list[Rule] = []
    for directive in directives:
        for action, *rest in directive.body:
            rule = _rule(action, rest)
            if rule is None:
                return None
            rules.append(rule)
    return tuple(rules)


def _rule(action: str, words: Sequence[str]) -> Rule | None:
    parts: dict[str, list[str]] = {"type": [], "net": []}
    into: list[str] | None = None
    for word in words:
        if word in parts:
            into = parts[word]
        elif into is None:
            return None
        else:
            into.append(word)
    if action not in ("allow", "block", "filter", "drop") or any(not _net(net) for net in parts["net"]):
        return None
    types = tuple(word.upper() for word in parts["type"]) or (ANY_TYPE,)
    return Rule(action, types, tuple(parts["net"]) or (ANY_TYPE,))


def _net(word: str) -> bool:
    try:
        return word == ANY_TYPE or bool(ipaddress.ip_network(word, strict=False))
    except ValueError:
        return False


def decides(rules: Sequence[Rule], qtype: str, source: str) -> str:
    """The action that meets a query for `qtype` from `source`: the first that fits, else "allow"."""
    address = ipaddress.ip_address(source)
    for rule in rules:
        typed = ANY_TYPE in rule.types or qtype in rule.types
        if typed and any(net == ANY_TYPE or _holds(net, address) for net in rule.nets):
            return rule.action
    return "allow"


def _holds(net: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address in ipaddress.ip_network(net, strict=False)


def with_acl(data: bytes, block: Block, rules: Sequence[str]) -> bytes:
    """`data` with an acl of these lines in `block`, in place of its own; every other byte as it was."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+", data)
    indent = _indent(lines, block)
    new = [f"{indent}acl {{\n", *(f"{indent * 2}{rule}\n" for rule in rules), f"{indent}}}\n"]
    written = [line.encode() for line in new]
    old = block.all("acl")
    for directive in reversed(old):
        lines[directive.line : directive.end] = written if directive is old[0] else []
    if not old:
        lines[block.open + 1 : block.open + 1] = written
    return b"".join(lines)


def _indent(lines: Sequence[bytes], block: Block) -> str:
    if block.directives:
        line = text.text(lines[block.directives[0].line])
        return line[: len(line) - len(line.lstrip(" \t"))] or "    "
    return "    "
