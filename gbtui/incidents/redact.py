"""What must not leave with an export: secrets, query strings, and on request the addresses of clients."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from gbtui.guard.mask import mask
from gbtui.incidents.types import Entry, Incident

_QUERY = re.compile(r"(?<=[\w/.%~-])\?[^\s\"'<>`|]+")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{0,4}|\d{1,3}(?:\.\d{1,3}){3}))"
    r"(?![\w:]|\.\d)",
    re.IGNORECASE,
)
#: The host's own world: loopback, unspecified, private and link-local. Whoever is elsewhere is a client.
_OWN = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/32", "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::/128", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip


class Redactor:
    """Texts without what must not leave. With `addresses` a client becomes `client-1`, always the same."""

    def __init__(self, *, addresses: bool = False) -> None:
        self._addresses = addresses
        self._clients: dict[IPv4Address | IPv6Address, str] = {}

    def text(self, words: str) -> str:
        """`words` redacted."""
        said = _QUERY.sub("?…", mask(words))
        return _ADDRESS.sub(self._client, said) if self._addresses else said

    def _client(self, match: re.Match[str]) -> str:
        try:
            address = ip_address(match[0])
        except ValueError:
            return match[0]
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in _OWN):
            return match[0]
        return self._clients.setdefault(address, f"client-{len(self._clients) + 1}")

    def incident(self, one: Incident) -> Incident:
        """All of its entries redacted."""
        return replace(one, entries=tuple(self._entry(entry) for entry in one.entries))

    def _entry(self, one: Entry) -> Entry:
        lines = tuple(self.text(line) for line in one.lines)
        key, subject, title = (self.text(text) for text in (one.key, one.subject, one.title))
        return replace(one, key=key, subject=subject, title=title, lines=lines)
