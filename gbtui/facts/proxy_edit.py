"""Small edits of a Caddyfile that leave every other byte as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.errors import Malformed, NotFound
from gbtui.facts.proxy_caddyfile import WHAT, Block, Caddyfile, Token, address, host_of, parse

_BLANK = b" \t\r"
Cut = tuple[int, int, bytes]
"""Bytes `[start, end)` and what stands there instead."""


def without_domain(data: bytes, domain: str) -> bytes:
    """`data` without the site blocks, or the addresses of shared ones, of `domain`.

    Raises:
        NotFound: no site has that name in its address.
        Malformed: not a Caddyfile, or the whole file is that one site without braces.
    """
    file = parse(data)
    cuts: list[Cut] = []
    for block in file.sites():
        gone = [host_of(address(key)) == domain for key in block.keys]
        if any(gone) and block.opening < 0:
            raise Malformed(WHAT, why=f"the whole file is the site {domain}, without braces")
        if all(gone):
            cuts.append(_whole(file, block))
        elif any(gone):
            cuts += _keys(block.keys, gone)
    if not cuts:
        raise NotFound(f"site {domain}", why="no site of the Caddyfile has it as its address")
    return _cut(data, cuts)


def lines_of(data: bytes, domain: str) -> tuple[int, ...]:
    """1-based lines that name `domain` outside comments."""
    wanted = domain.encode()
    return tuple(dict.fromkeys(token.line for token in parse(data).tokens if wanted in token.value.lower()))


def with_storage(data: bytes, root: str) -> bytes:
    """`data` with `storage file_system { root ROOT }` in its global options, and nothing else changed.

    Raises:
        Malformed: not a Caddyfile.
    """
    file = parse(data)
    wanted = b"storage file_system {\n\t\troot %s\n\t}" % root.encode()
    options = next((block for block in file.blocks if block.kind == "options"), None)
    if options is None:
        start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        return data[:start] + b"{\n\t" + wanted + b"\n}\n\n" + data[start:]
    found = [
        (file.tokens[first].start, file.tokens[last].end, wanted)
        for first, last in file.directives(options)
        if file.tokens[first].value == b"storage"
    ]
    if not found:
        behind = file.tokens[options.opening].end
        found = [(behind, behind, b"\n\t" + wanted)]
    return _cut(data, found)


def with_absolute_imports(data: bytes, folder: str) -> bytes:
    """`data` with imports of files relative to `folder` made absolute: for reading it from elsewhere.

    Raises:
        Malformed: not a Caddyfile.
    """
    file = parse(data)
    snippets = {block.keys[0].value[1:-1] for block in file.blocks if block.kind == "snippet"}
    cuts: list[Cut] = []
    for number, token in enumerate(file.tokens[:-1]):
        name = file.tokens[number + 1]
        if token.value != b"import" or token.quoted or not file.new_line(number) or file.new_line(number + 1):
            continue
        if name.value not in snippets and not name.value.startswith((b"/", b"{")):
            cuts.append((name.start, name.end, b'"%s/%s"' % (folder.encode(), name.value)))
    return _cut(data, cuts)


def _cut(data: bytes, cuts: Sequence[Cut]) -> bytes:
    parts, at = [], 0
    for start, end, instead in sorted(cuts):
        parts += [data[at:start], instead]
        at = end
    return b"".join([*parts, data[at:]])


def _whole(file: Caddyfile, block: Block) -> Cut:
    """A block with its own lines: its indentation and its line end go with it where nothing else is there."""
    data = file.data
    start, end = file.tokens[block.first].start, file.tokens[block.last].end
    line = data.rfind(b"\n", 0, start) + 1
    rest = data.find(b"\n", end)
    rest = len(data) if rest < 0 else rest + 1
    if not data[end:rest].strip():
        end = rest
        start = line if not data[line:start].strip(_BLANK) else start
    return start, end, b""


def _keys(keys: Sequence[Token], gone: Sequence[bool]) -> Iterator[Cut]:
    """Each address that goes, with what parts it from the next; at the end with the comma before it."""
    kept = max(number for number, goes in enumerate(gone) if not goes)
    for number in range(kept):
        if gone[number]:
            yield keys[number].start, keys[number + 1].start, b""
    if kept + 1 < len(keys):
        last = keys[kept]
        if last.quoted and last.value.endswith(b","):
            raise Malformed(WHAT, why=f"line {last.line}: a comma inside a quoted address")
        comma = last.value.endswith(b",")
        yield last.end - comma, keys[-1].end, b""
