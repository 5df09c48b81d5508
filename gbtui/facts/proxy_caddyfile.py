"""A Caddyfile taken apart without being changed: tokens and blocks with their places in the bytes.

It follows Caddy's own lexer (caddyconfig/caddyfile/lexer.go) and parser (parse.go) as far as site
blocks need it: quotes, backquotes, heredocs, comments, escaped line ends, addresses over several
lines, snippets, imports. Placeholders such as {$NAME} stay as they are written. What this reading is
used for is proven by Caddy itself afterwards (`caddy adapt`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gbtui import text
from gbtui.errors import Malformed

WHAT = "the Caddyfile"
_BOM = b"\xef\xbb\xbf"
_RUNE = re.compile(
    rb"[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}|[\x80-\xff]"
)
#: What Go's unicode.IsSpace takes for a space, in UTF-8.
_SPACES = frozenset(chr(c).encode() for c in (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))
_SPACES |= frozenset(chr(c).encode() for c in (0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
_MARKER = re.compile(rb"[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"(?:[a-z0-9+.-]+://)?(\[[^\]]*\]|[^:/]*)(?::[^/]*)?(?:/.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word: its value without quotes, its bytes `[start, end)` with them, its 1-based line."""

    value: bytes
    start: int
    end: int
    line: int
    quoted: bool = False

    @property
    def opens(self) -> bool:
        return self.value == b"{" and not self.quoted

    @property
    def closes(self) -> bool:
        return self.value == b"}" and not self.quoted


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the outermost level; `tokens[first:last + 1]` are all of it.

    `opening` is the number of its "{" token: -1 where it has none (a file that is one site without
    braces, a top-level import). `keys` are the words before it, trailing commas included.
    """

    kind: Literal["options", "snippet", "route", "site", "import"]
    first: int
    last: int
    opening: int
    keys: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Caddyfile:
    """The bytes, their tokens, and the blocks the tokens make."""

    data: bytes
    tokens: tuple[Token, ...]
    blocks: tuple[Block, ...]

    def new_line(self, number: int) -> bool:
        """Whether a token is the first of its line, escaped line ends not counted."""
        if number == 0:
            return True
        before = self.tokens[number - 1]
        return before.line + before.value.count(b"\n") < self.tokens[number].line

    def sites(self) -> Iterator[Block]:
        """The blocks that serve something, in order."""
        return (block for block in self.blocks if block.kind == "site")

    def directives(self, block: Block) -> Iterator[tuple[int, int]]:
        """(first, last) token of each directive of a block's own level."""
        start, depth = -1, 0
        for number in range(block.opening + 1, block.last):
            token = self.tokens[number]
            if depth == 0 and self.new_line(number):
                if start >= 0:
                    yield start, number - 1
                start = number
            depth += token.opens - token.closes
        if start >= 0:
            yield start, block.last - 1


def parse(data: bytes) -> Caddyfile:
    """Take a Caddyfile apart.

    Raises:
        Malformed: braces or addresses are not as Caddy takes them; `why` names the line.
    """
    found = Caddyfile(data, tuple(tokens(data)), ())
    return Caddyfile(data, found.tokens, tuple(_blocks(found)))


def address(token: Token) -> bytes:
    """A key without the comma behind it."""
    return token.value.removesuffix(b",")


def host_of(key: bytes) -> str:
    """The host name of a site address (`https://a.example:8443/x` → `a.example`), lower case; "" for none."""
    match = _ADDRESS.fullmatch(text.line(key, limit=1000))
    return match[1].strip("[]").lower() if match else ""


# Blocks


def _blocks(file: Caddyfile) -> Iterator[Block]:
    number = 0
    while number < len(file.tokens):
        block = _block(file, number)
        yield block
        number = block.last + 1


def _block(file: Caddyfile, first: int) -> Block:
    tokens_ = file.tokens
    if tokens_[first].value == b"import":
        last = first
        while last + 1 < len(tokens_) and not file.new_line(last + 1):
            last += 1
        return Block("import", first, last, -1, ())
    opening = _after_addresses(file, first)
    keys = tokens_[first:opening]
    if opening == len(tokens_) or not tokens_[opening].opens:
        return Block("site", first, len(tokens_) - 1, -1, keys)
    return Block(_kind(file, keys, first), first, _closing(file, opening), opening, keys)


def _kind(
    file: Caddyfile, keys: tuple[Token, ...], first: int
) -> Literal["options", "snippet", "route", "site"]:
    if not keys:
        if first > 0:
            raise _wrong(file.tokens[first], "a block without an address that is not the first")
        return "options"
    name = keys[0].value
    if len(keys) == 1 and name.startswith((b"(", b"&(")) and name.endswith(b")"):
        return "snippet" if name.startswith(b"(") else "route"
    return "site"


def _after_addresses(file: Caddyfile, first: int) -> int:
    """The number of the token behind a block's addresses: "{", or the first of the next line."""
    expecting = False
    for number in range(first, len(file.tokens)):
        token = file.tokens[number]
        if token.opens:
            if expecting:
                raise _wrong(token, "another address is expected after the comma")
            return number
        if number > first and not expecting and file.new_line(number):
            return number
        if token.value.endswith(b"{") or b"," in address(token):
            raise _wrong(token, "a space is missing in its addresses")
        expecting = token.value.endswith(b",")
    if expecting:
        raise _wrong(file.tokens[-1], "it ends after a comma")
    return len(file.tokens)


def _closing(file: Caddyfile, opening: int) -> int:
    depth = 0
    for number in range(opening, len(file.tokens)):
        depth += file.tokens[number].opens - file.tokens[number].closes
        if depth == 0:
            return number
    raise _wrong(file.tokens[opening], "its brace is never closed")


def _wrong(token: Token, why: str) -> Malformed:
    return Malformed(WHAT, why=f"line {token.line}: {text.line(token.value, limit=60)!r}: {why}")


# Tokens


def tokens(data: bytes) -> list[Token]:
    """The words of a Caddyfile, in order, as Caddy's lexer finds them.

    Caddy before 2.7 has no heredocs, and later ones refuse a file with one that is never closed: what
    begins like one and does not end is a word.
    """
    try:
        return _lexed(data, heredocs=True)
    except Malformed:
        return _lexed(data, heredocs=False)


def _lexed(data: bytes, *, heredocs: bool) -> list[Token]:
    lexer = _Lexer(heredocs=heredocs)
    begin = len(_BOM) if data.startswith(_BOM) else 0
    for match in _RUNE.finditer(data, begin):
        lexer.feed(match.start(), match[0])
    lexer.end(len(data))
    return lexer.found


class _Lexer:
    """Caddy's `lexer.next`, one character at a time, with the places of the tokens kept."""

    def __init__(self, *, heredocs: bool) -> None:
        self.found: list[Token] = []
        self._heredocs = heredocs
        self._line = 1
        self._skipped = 0
        self._fresh()

    def _fresh(self) -> None:
        self._value = bytearray()
        self._start = -1
        self._token_line = self._line
        self._quote = b""
        self._marker = b""
        self._escaped = self._comment = self._plain_angles = False

    def _make(self, end: int) -> None:
        value = bytes(self._value)
        self.found.append(Token(value, self._start, end, self._token_line, bool(self._quote or self._marker)))
        self._fresh()

    def end(self, at: int) -> None:
        """No more characters."""
        if self._marker:
            raise Malformed(WHAT, why=f"line {self._token_line}: a heredoc is never closed")
        if self._value:
            self._make(at)

    def feed(self, at: int, rune: bytes) -> None:
        """The next character."""
        if self._heredoc(at, rune):
            return
        if rune == b"\\" and not self._escaped and self._quote != b"`":
            self._escaped = True
            if not self._value and not self._quote and not self._comment:
                self._start = at
        elif self._quote:
            self._in_quotes(at, rune)
        elif rune in _SPACES:
            self._space(at, rune)
        else:
            self._plain(at, rune)

    def _heredoc(self, at: int, rune: bytes) -> bool:
        """`<<MARKER`, lines, MARKER. Whether the character belonged to one."""
        if self._marker:
            self._value += rune
            self._skipped += rune == b"\n"
            if self._value.endswith(self._marker) and len(self._value) > len(self._marker):
                self._make(at + len(rune))
            return True
        if self._quote or self._plain_angles or not (self._heredocs and self._value.startswith(b"<<")):
            return False
        if rune == b" ":
            self._make(at)
        elif rune == b"\n":
            self._marker = bytes(self._value[2:])
            if not _MARKER.fullmatch(self._marker):
                raise Malformed(WHAT, why=f"line {self._token_line}: not a heredoc's marker")
            self._skipped += 1
            self._value.clear()
        elif rune != b"\r":
            self._value += rune
        return True

    def _in_quotes(self, at: int, rune: bytes) -> None:
        if self._quote == b'"' and self._escaped:
            if rune != b'"':
                self._value += b"\\"
            self._escaped = False
        elif rune == self._quote:
            self._make(at + 1)
            return
        if rune == b"\n":
            self._newline()
        self._value += rune

    def _space(self, at: int, rune: bytes) -> None:
        if rune == b"\r":
            return
        if rune == b"\n":
            if self._escaped:
                self._skipped += 1
                self._escaped = False
            else:
                self._newline()
            self._comment = False
        if self._value:
            self._make(at - (1 if self._escaped else 0))

    def _newline(self) -> None:
        self._line += 1 + self._skipped
        self._skipped = 0

    def _plain(self, at: int, rune: bytes) -> None:
        self._comment = self._comment or (rune == b"#" and not self._value)
        if self._comment:
            return
        if not self._value:
            self._token_line = self._line
            self._start = at if not self._escaped else self._start
            if rune in (b'"', b"`"):
                self._quote = rune
                return
        if self._escaped:
            if rune == b"<":
                self._plain_angles = True
            else:
                self._value += b"\\"
            self._escaped = False
        self._value += rune
