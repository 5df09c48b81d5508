"""A runbook's Markdown taken apart: its title, the parts below each `##`, and their TOML fences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gbtui.errors import BadInput


@dataclass(frozen=True, slots=True)
class Fence:
    """A TOML fence: its text, and the number of its first line in the file."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, the Markdown below it without its TOML fences, and those. `line` is the heading's."""

    title: str
    text: str
    fences: tuple[Fence, ...]
    line: int


def parts(source: str, path: Path) -> tuple[Part, tuple[Part, ...]]:
    """The part of the `#` title, and those of every `##`.

    Raises:
        BadInput: there is no title, or something stands before it.
    """
    lines = source.splitlines(keepends=True)
    tokens = MarkdownIt("commonmark").parse(source)
    headings = list(_headings(tokens))
    if not headings or headings[0][0] != "h1" or any(tag == "h1" for tag, *_ in headings[1:]):
        raise BadInput(f"{path}, line 1", why="there has to be one title", hint="expected `# Title` first")
    starts = [line for _, _, line in headings]
    ends = [*starts[1:], len(lines) + 1]
    found = [
        _part(title, start, end, lines, tokens) for (_, title, start), end in zip(headings, ends, strict=True)
    ]
    return found[0], tuple(found[1:])


def _headings(tokens: list[Token]) -> Iterator[tuple[str, str, int]]:
    """(tag, text, line) of every heading of the first two levels, at the top of the document."""
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in {"h1", "h2"} and token.level == 0 and token.map:
            yield token.tag, tokens[number + 1].content, token.map[0] + 1


def _part(title: str, start: int, end: int, lines: list[str], tokens: list[Token]) -> Part:
    fences, cut = [], set()
    for token in tokens:
        if token.type == "fence" and token.info.strip() == "toml" and token.map and token.level == 0:
            first, last = token.map[0] + 1, token.map[1]
            if start < first < end:
                fences.append(Fence(token.content, first + 1))
                cut |= set(range(first, last + 1))
    kept = [lines[n - 1] for n in range(start + 1, min(end, len(lines) + 1)) if n not in cut]
    return Part(title, "".join(kept).strip(), tuple(fences), start)


def flowed(text: str) -> tuple[str, ...]:
    """Markdown as lines for any width: a paragraph is one line; lists and indented lines keep theirs."""
    found: list[str] = []
    for line in text.splitlines():
        own = not line.strip() or line[:1] in " \t-*>#|" or line[:1].isdecimal()
        if own or not found or not found[-1].strip() or found[-1][:1] in " \t|":
            found.append(line.rstrip())
        else:
            found[-1] = f"{found[-1]} {line.strip()}"
    return tuple(found)
