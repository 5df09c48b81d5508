"""What `caddy adapt` makes of the Caddyfiles the demo host has: sites, snippets, a few directives.

It reads line by line, and knows no more than the guide's kind of file needs; what it does not know
it refuses in Caddy's words. (gbtui's own reading of a Caddyfile is another one, on purpose.)
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|`([^`]*)`|(#.*)|(\S+)', re.DOTALL)
_SILENT = {"log", "encode", "header", "root", "file_server", "request_body"}
_OPTIONS = {"admin", "email", "debug", "skip_install_trust", "auto_https", "log", "servers", "grace_period"}


class Refusal(Exception):
    """What Caddy says instead of a configuration, `LINE: WORDS`."""


@dataclass
class Line:
    """A directive: its words, the lines of its block, where it stands."""

    words: list[str]
    number: int
    block: list[Line] = field(default_factory=list)
    braces: bool = False


def adapt(data: bytes) -> dict[str, Any]:
    """The configuration of a Caddyfile. Raises Refusal."""
    rows = deque(_rows(data.decode("utf-8", "replace")))
    lines: list[Line] = []
    while rows:
        lines.append(_line(rows))
    snippets = {line.words[0][1:-1]: line.block for line in lines if line.words and line.words[0][0] == "("}
    document: dict[str, Any] = {}
    servers: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if not line.words:
            _options(line, document)
        elif line.words[0][0] != "(":
            _site(line, snippets, servers)
    if servers:
        every = sorted(servers.items(), key=lambda item: -len(item[1]))
        apps = {f"srv{i}": {"listen": [port], "routes": routes} for i, (port, routes) in enumerate(every)}
        document["apps"] = {"http": {"servers": apps}}
    return document


def _rows(text: str) -> list[tuple[int, list[str]]]:
    rows, joined = [], ""
    for number, raw in enumerate(text.split("\n"), 1):
        joined += raw
        words = [
            next(part for part in match.groups() if part is not None)
            for match in _WORD.finditer(joined)
            if match[3] is None
        ]
        if joined.endswith(",") and words:
            joined += " "
            continue
        joined = ""
        if words:
            rows.append((number, words))
    return rows


def _line(rows: deque[tuple[int, list[str]]]) -> Line:
    number, words = rows.popleft()
    if words == ["}"]:
        raise Refusal(f"{number}: unexpected '}}'")
    line = Line(words, number)
    if words[-1] != "{":
        return line
    line.words, line.braces = words[:-1], True
    last = (number, words)
    while rows and rows[0][1] != ["}"]:
        last = rows[0]
        line.block.append(_line(rows))
    if not rows:
        raise Refusal(f"{last[0]} - Syntax error: Unexpected token '{last[1][-1]}', expecting '}}'")
    rows.popleft()
    return line


def _options(line: Line, document: dict[str, Any]) -> None:
    for option in line.block:
        match option.words:
            case ["storage", "file_system", root]:
                document["storage"] = {"module": "file_system", "root": root}
            case ["storage", module]:
                roots = [one.words[1] for one in option.block if one.words[:1] == ["root"]]
                document["storage"] = {"module": module, **({"root": roots[0]} if roots else {})}
            case ["admin", listen]:
                document["admin"] = {"disabled": True} if listen == "off" else {"listen": listen}
            case [name, *_] if name not in _OPTIONS:
                raise Refusal(f"{option.number}: unrecognized global option: {name}")


def _site(line: Line, snippets: dict[str, list[Line]], servers: dict[str, list[dict[str, Any]]]) -> None:
    if not line.braces:
        raise Refusal(f"{line.number}: unrecognized directive: {line.words[0]}")
    hosts: dict[str, list[str]] = {}
    for word in line.words:
        key = word.removesuffix(",")
        parts = urlsplit(key if "://" in key else f"https://{key}")
        port = parts.port or (80 if parts.scheme == "http" else 443)
        hosts.setdefault(f":{port}", []).append(parts.hostname or "")
    for listen, names in hosts.items():
        routes = _routes(line.block, snippets)
        route: dict[str, Any] = {"handle": [{"handler": "subroute", "routes": routes}], "terminal": True}
        if any(names):
            route["match"] = [{"host": [name for name in names if name]}]
        servers.setdefault(listen, []).append(route)


def _routes(block: list[Line], snippets: dict[str, list[Line]]) -> list[dict[str, Any]]:
    routes, matchers = [], dict[str, dict[str, Any]]()
    for line in block:
        name, *rest = line.words
        if name == "import":
            if rest[:1] and rest[0] not in snippets:
                raise Refusal(f"{line.number}: File to import not found: {rest[0]}")
            routes += _routes(snippets[rest[0]], snippets)
        elif name.startswith("@"):
            matchers[name] = {"host": rest[1:]}
        elif name not in _SILENT and name != "tls":
            handler = _handler(line, snippets)
            match = [matchers[rest[0]]] if rest and rest[0] in matchers else []
            routes.append({"handle": [handler], **({"match": match} if match else {})})
    return routes


def _handler(line: Line, snippets: dict[str, list[Line]]) -> dict[str, Any]:
    name, *rest = line.words
    rest = [word for word in rest if not word.startswith(("@", "/"))]
    if name == "reverse_proxy":
        dials = [urlsplit(word).netloc or word for word in rest]
        return {"handler": "reverse_proxy", "upstreams": [{"dial": dial} for dial in dials]}
    if name == "respond":
        return {"handler": "static_response", "body": " ".join(rest)}
    if name == "redir":
        return {"handler": "static_response", "headers": {"Location": rest[:1]}, "status_code": 302}
    if name in ("handle", "route", "handle_path"):
        return {"handler": "subroute", "routes": _routes(line.block, snippets)}
    raise Refusal(f"{line.number}: unrecognized directive: {name}")
