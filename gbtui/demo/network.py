"""Addresses, routes and connections of the simulated host: `ip -j`, `ss`, `who`, `printenv`."""

from __future__ import annotations

import json
from typing import Any

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import HOST
from gbtui.demo.tenant import OUTER

GATEWAY = "203.0.113.1"
OPERATOR = "198.51.100.2"
"""Where the operator's own session comes from."""

_Links = tuple[tuple[str, str, tuple[tuple[str, str, int], ...]], ...]
_HOST_LINKS: _Links = (
    ("lo", "", (("inet", "127.0.0.1", 8), ("inet6", "::1", 128))),
    ("eth0", "", (("inet", OUTER, 24), ("inet6", "2001:db8:a::10", 64))),
    ("lxdbr0", "bridge", (("inet", "10.77.0.1", 24),)),
)


def ip(call: Call) -> Answer:
    """`ip [-6] -j [-d] addr show` and `ip [-6] -j route show default`."""
    words = [word for word in call.arguments if not word.startswith("-")]
    six = "-6" in call.arguments
    match words:
        case [("addr" | "address" | "a"), *_]:
            return said(json.dumps(_links(call), separators=(",", ":")))
        case [("route" | "r"), "show", "default"] if call.place.name == HOST:
            gateway = "2001:db8:a::1" if six else GATEWAY
            return said(json.dumps([_route(gateway)], separators=(",", ":")))
        case [("route" | "r"), *_]:
            return said(json.dumps([_route("10.77.0.1")] if not six else [], separators=(",", ":")))
    return failed(255, f'Object "{words[0] if words else ""}" is unknown, try "ip help".')


def _route(gateway: str) -> dict[str, Any]:
    return {"dst": "default", "gateway": gateway, "dev": "eth0", "protocol": "static", "flags": []}


def _links(call: Call) -> list[dict[str, Any]]:
    links = _HOST_LINKS
    if call.place.name != HOST:
        at = call.state.instances[call.place.name].ipv4
        links = (_HOST_LINKS[0], ("eth0", "", (("inet", at, 24),)))
    found = []
    for index, (name, kind, addresses) in enumerate(links, 1):
        entry: dict[str, Any] = {"ifindex": index, "ifname": name, "operstate": "UP"}
        if kind and "-d" in call.arguments:
            entry["linkinfo"] = {"info_kind": kind, "info_data": {}}
        entry["addr_info"] = [
            {"family": family, "local": local, "prefixlen": length, "scope": "global"}
            for family, local, length in addresses
        ]
        found.append(entry)
    return found


def connections(call: Call) -> Answer:
    """`ss -Htnp state established`: the operator's session, and a client of the proxy."""
    ssh = f'0 0 {OUTER}:22 {OPERATOR}:51422 users:(("sshd-session",pid=3120,fd=4))'
    web = f'0 0 {OUTER}:443 198.51.100.7:40112 users:(("lxd",pid=1404,fd=31))'
    rows = [ssh, web] if call.place.name == HOST else []
    if not call.root:
        rows = [row.split(" users:")[0] for row in rows]
    return said("\n".join(rows))


def who(call: Call) -> Answer:
    """`who`: the operator."""
    return said(f"ops      pts/0        2026-11-23 02:58 ({OPERATOR})" if call.place.name == HOST else "")


def printenv(call: Call) -> Answer:
    """`printenv NAME…`: this host is inside gbtui, nobody came by SSH."""
    return Answer(1)
