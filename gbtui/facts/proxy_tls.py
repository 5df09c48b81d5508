"""Which names Caddy keeps certificates for, the certificates it has, and its attempts to get more. Pure.

Names come from its configuration, certificates from its storage, attempts from its journal (JSON lines
of the loggers `tls.*`, certmagic's words). Items 58-60.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gbtui import text
from gbtui.errors import Malformed
from gbtui.facts.x509 import Validity, validity

MOST = 2000
_NAME = re.compile(r"\[([A-Za-z0-9*._-]{1,253})\]")
_DOMAIN = re.compile(r"[a-z0-9*_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_LOADED = ("load complete", "serving initial configuration")
_GIVEN_UP = "context canceled"
"""The last word of a try that a reload has ended (Caddy 2.6.2, seen): it is none that goes on."""


@dataclass(frozen=True, slots=True)
class Managed:
    """`names` need a certificate that Caddy gets by itself. `sure` is False where it may well lack
    one: certificates that were loaded by hand, or that are got when somebody asks for them."""

    names: frozenset[str]
    sure: bool


def managed(data: bytes, what: str) -> Managed:
    """The names of a configuration that get certificates.

    Raises:
        Malformed: it is not a configuration of Caddy.
    """
    document = text.decode_json(data, what=what)
    if not isinstance(document, dict):
        raise Malformed(what, why="not a configuration of Caddy")
    apps = _mapping(document.get("apps"))
    tls = _mapping(apps.get("tls"))
    policies = _list(_mapping(tls.get("automation")).get("policies"))
    loaded = any(key != "automate" for key in _mapping(tls.get("certificates")))
    names: set[str] = set()
    for server in _mapping(_mapping(apps.get("http")).get("servers")).values():
        names |= _names(_mapping(server))
    on_demand = any(_mapping(policy).get("on_demand") for policy in policies)
    return Managed(frozenset(names), not (loaded or on_demand))


def _names(server: Mapping[str, Any]) -> set[str]:
    automatic = _mapping(server.get("automatic_https"))
    plain = all(str(one).endswith(":80") for one in _list(server.get("listen")))
    if plain or automatic.get("disable") is True:
        return set()
    left = {str(name) for key in ("skip", "skip_certificates") for name in _list(automatic.get(key))}
    return {name for name in map(str.lower, _hosts(server.get("routes"))) if _DOMAIN.fullmatch(name)} - left


def _hosts(value: Any) -> Iterator[str]:
    for route in _list(value):
        for match in _list(_mapping(route).get("match")):
            yield from (str(host) for host in _list(_mapping(match).get("host")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class Store:
    """Certificates by name in one storage; None where one was not understood."""

    root: str
    certificates: Mapping[str, Validity | None]

    def covers(self, name: str) -> Validity | str | None:
        """The certificate for a name, its own or its wildcard's; "" where there is none."""
        wildcard = f"*.{name.partition('.')[2]}"
        for key in (name, wildcard):
            if key in self.certificates:
                return self.certificates[key]
        return ""


def parse_stores(data: bytes) -> tuple[Store, ...]:
    """What `gbtui-caddy-leaves` printed: `root PATH`, then `file PATH` and its first PEM block, each."""
    stores: list[tuple[str, dict[str, Validity | None]]] = []
    name, block = "", list[bytes]()

    def take() -> None:
        if name and stores and len(stores[-1][1]) < MOST:
            try:
                stores[-1][1][name] = validity(b"\n".join(block))
            except Malformed:
                stores[-1][1].setdefault(name, None)

    for row in data.split(b"\n"):
        if row.startswith((b"root ", b"file ")):
            take()
            name, block = "", []
            path = text.line(row[5:], limit=1000)
            if row.startswith(b"root "):
                stores.append((path, {}))
            else:
                name = path.rpartition("/")[2].removesuffix(".crt").replace("wildcard_", "*").lower()
        else:
            block.append(row)
    take()
    return tuple(Store(root, found) for root, found in stores)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What Caddy's journal says of the certificate of one name: how often it failed, the last error.

    `lately`: since the configuration was last loaded.
    """

    name: str
    failures: int
    lately: int
    error: str


def parse_attempts(data: bytes) -> tuple[Attempt, ...]:
    """Names that Caddy tried to get a certificate for and could not, from lines of its journal."""
    found: dict[str, Attempt] = {}
    for row in data.split(b"\n"):
        try:
            record = text.decode_json(row, what="a line of Caddy's journal") if row.strip() else None
        except Malformed:
            continue
        if not isinstance(record, dict):
            continue
        if record.get("msg") in _LOADED:
            found = {name: Attempt(name, one.failures, 0, one.error) for name, one in found.items()}
            continue
        error = str(record.get("error", ""))
        if not error or _GIVEN_UP in error or not str(record.get("logger", "")).startswith("tls"):
            continue
        for name in _about(record, error):
            old = found.get(name, Attempt(name, 0, 0, ""))
            found[name] = Attempt(name, old.failures + 1, old.lately + 1, text.clean(error)[:200])
    return tuple(found[name] for name in sorted(found))[:MOST]


def _about(record: Mapping[str, Any], error: str) -> Iterable[str]:
    """The names a line is about: its own field, else those in brackets before the error."""
    named = [str(record[key]) for key in ("identifier", "server_name", "domain") if record.get(key)]
    named += [str(one) for one in _list(record.get("identifiers"))]
    every = named or _NAME.findall(error[:300])
    return dict.fromkeys(name.lower() for name in every if _DOMAIN.fullmatch(name.lower()))
