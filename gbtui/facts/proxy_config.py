"""Caddy's configuration as JSON (`caddy adapt`, the admin API's `/config/`): which names it serves.

The document holds secrets (tokens, password hashes): nothing of it is kept but names, listeners,
upstreams, the storage root and hashes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gbtui import text
from gbtui.errors import Malformed

ADMIN = "localhost:2019"
"""Where Caddy's admin API listens when nothing is said."""
_HOSTS = re.compile(rb'"host":\[([^\]]*)\]')
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Vhost:
    """A name Caddy answers for; where a route matches any host, `name` is its listener (`:80`).

    `listen` are the listeners, `upstreams` what it forwards to, `digest` a hash of all its routes.
    """

    name: str
    listen: tuple[str, ...]
    upstreams: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """A whole configuration. `storage` is (module, root), None where it is not set; `admin` is the
    admin API's listener, "" where it is off.

    `hosts` are all names in matchers, as a look at the printed document finds them. `sha256` is the
    hash of that document (keys sorted, no white space), `rest` the same without `storage`.
    """

    vhosts: tuple[Vhost, ...]
    hosts: tuple[str, ...]
    storage: tuple[str, str] | None
    sha256: str
    rest: str
    admin: str = ADMIN

    @property
    def names(self) -> frozenset[str]:
        return frozenset(vhost.name for vhost in self.vhosts)


@dataclass(frozen=True, slots=True)
class Difference:
    """Names by what becomes of them, each in order."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def words(self) -> str:
        """`+1 −0 ~2 vhosts: + a.example, ~ b.example`."""
        counts = f"+{len(self.added)} −{len(self.removed)} ~{len(self.changed)} vhosts"
        signed = [("+", self.added), ("−", self.removed), ("~", self.changed)]
        named = [f"{sign} {name}" for sign, names in signed for name in names]
        return f"{counts}: {', '.join(named)}" if named else counts


def parse_config(data: bytes, what: str) -> ProxyConfig:
    """Read one document.

    Raises:
        Malformed: it is not a configuration of Caddy; `what` names the source.
    """
    document = text.decode_json(data, what=what)
    if not isinstance(document, dict):
        raise Malformed(what, why="not a configuration of Caddy")
    try:
        return _config(document)
    except RecursionError as error:
        raise Malformed(what, why="nested too deep") from error


def _config(document: Mapping[str, Any]) -> ProxyConfig:
    routes: dict[str, list[tuple[str, Any]]] = {}
    for listen, route in _routes(document):
        for name in _names(route) or (listen,):
            routes.setdefault(name, []).append((listen, route))
    rest = {key: value for key, value in document.items() if key != "storage"}
    return ProxyConfig(
        vhosts=tuple(_vhost(name, routes[name]) for name in sorted(routes)),
        hosts=_hosts(canonical(document)),
        storage=_storage(document.get("storage")),
        sha256=digest(document),
        rest=digest(rest),
        admin=_admin(document.get("admin")),
    )


def difference(old: ProxyConfig, new: ProxyConfig) -> Difference:
    """What happens to each name between two configurations."""
    before, after = ({vhost.name: vhost for vhost in config.vhosts} for config in (old, new))
    both = [name for name in sorted(before) if name in after]
    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(name for name in both if before[name] != after[name]),
    )


def canonical(document: Any) -> bytes:
    """A document as Caddy's admin API prints it (Go's encoding/json over sorted maps), without line end."""
    plain = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "".join(_ESCAPES.get(character, character) for character in plain).encode()


def digest(document: Any) -> str:
    """Hex SHA-256 of `canonical`."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _hosts(printed: bytes) -> tuple[str, ...]:
    found = (host.strip(b'"') for group in _HOSTS.findall(printed) for host in group.split(b","))
    return tuple(sorted({text.line(host.lower()) for host in found} - {""}))


def _admin(value: Any) -> str:
    admin = _mapping(value)
    return "" if admin.get("disabled") is True else str(admin.get("listen") or ADMIN)


def _storage(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, dict):
        return None
    return str(value.get("module", "")), str(value.get("root", ""))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _routes(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(listeners, route) of every outermost route."""
    servers = _mapping(_mapping(_mapping(document.get("apps")).get("http")).get("servers"))
    for server in servers.values():
        listen = " ".join(str(one) for one in _list(_mapping(server).get("listen")))
        for route in _list(_mapping(server).get("routes")):
            yield listen, route


def _names(route: Any) -> tuple[str, ...]:
    """Names a route and the routes in it match, without repetition; none where it takes any host."""
    found: dict[str, None] = {}
    for match in _list(_mapping(route).get("match")):
        found.update(dict.fromkeys(str(host).lower() for host in _list(_mapping(match).get("host"))))
    for handler in _list(_mapping(route).get("handle")):
        for inner in _list(_mapping(handler).get("routes")):
            found.update(dict.fromkeys(_names(inner)))
    return tuple(found)


def _upstreams(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "dial" in value:
            yield str(value["dial"])
        for inner in value.values():
            yield from _upstreams(inner)
    for inner in _list(value):
        yield from _upstreams(inner)


def _vhost(name: str, routes: list[tuple[str, Any]]) -> Vhost:
    handled = [[listen, _ungrouped(_mapping(route).get("handle"))] for listen, route in routes]
    return Vhost(
        name=name,
        listen=tuple(dict.fromkeys(listen for listen, _ in routes)),
        upstreams=tuple(dict.fromkeys(_upstreams([route for _, route in routes]))),
        digest=digest(handled),
    )


def _ungrouped(value: Any) -> Any:
    """Without the numbers that `caddy adapt` gives to groups of routes: they shift with every other site."""
    if isinstance(value, dict):
        return {key: _ungrouped(inner) for key, inner in value.items() if key != "group"}
    return [_ungrouped(inner) for inner in value] if isinstance(value, list) else value
