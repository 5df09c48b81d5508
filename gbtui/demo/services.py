"""What answers inside the containers: Valkey, health URLs, PostgreSQL.

Nothing here is a flag: whether a port answers follows from the unit behind it and from what INPUT
does to a packet on loopback.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gbtui.demo import caddy, database, release
from gbtui.demo.call import FOREVER, Answer, Call, failed, said
from gbtui.demo.rules import Packet
from gbtui.demo.state import Place, Unit

CACHE_PORT = 6379
VERSION = "6.3.0-demo"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP port of a container: the unit behind it and the paths that answer 200."""

    port: int
    unit: str
    paths: tuple[str, ...]


ENDPOINTS = {
    "acme-proxy": (Endpoint(2019, "proxy.service", ("/config/",)), Endpoint(80, "proxy.service", ("/",))),
    "acme-system": (
        Endpoint(5858, "system.service", ("/health", "/api/health")),
        Endpoint(5859, "ui.service", ("/health", "/")),
    ),
    "acme-alm": (Endpoint(3000, "alm.service", ("/", "/api/healthz")),),
    "acme-drive": (Endpoint(9000, "drive.service", ("/minio/health/live", "/minio/health/ready")),),
    "acme-table-editor": (Endpoint(8080, "table-editor.service", ("/", "/api/v1/health")),),
    "acme-webmail": (Endpoint(80, "webmail.service", ("/",)),),
}


def reach(place: Place, port: int, *, count: float = 1.0) -> str:
    """What happens to a connection from the place to itself: ACCEPT, DROP or REJECT."""
    return place.rules["ip"].judge(Packet("lo", "tcp", port, "127.0.0.1"), count=count)


def cache_answers(place: Place) -> bool:
    """Whether Valkey in this place answers on loopback."""
    unit = place.units.get("valkey-server.service")
    return unit is not None and unit.active and reach(place, CACHE_PORT, count=2) == "ACCEPT"


def listens(place: Place, port: int, *, local: bool) -> bool:
    """Whether somebody accepts connections on `port`: Valkey and PostgreSQL's forward on loopback alone."""
    units = {one.port: one.unit for one in ENDPOINTS.get(place.name, ())}
    units |= {CACHE_PORT: "valkey-server.service"} if local else {}
    units |= {5432: "tables-forward.service" if local else "postgresql.service"}
    unit = place.units.get(units.get(port, ""))
    return unit is not None and unit.active


def valkey_cli(call: Call) -> Answer:
    """`valkey-cli [-h H] [-p P] ping|type KEY|--scan --pattern P`: hangs where packets are dropped."""
    words = [word for word in call.arguments if not word.startswith("-") and not word[:1].isdigit()]
    unit = call.place.units.get("valkey-server.service")
    verdict = reach(call.place, CACHE_PORT, count=5)
    if verdict == "DROP":
        return Answer(takes=FOREVER)
    if unit is None or not unit.active or verdict == "REJECT":
        return failed(1, f"Could not connect to Valkey at 127.0.0.1:{CACHE_PORT}: Connection refused")
    if "--pattern" in call.arguments:
        return database.scan(call.place, call.arguments[call.arguments.index("--pattern") + 1])
    if [word.lower() for word in words[:1]] == ["type"] and len(words) > 1:
        return database.kind(call.place, words[1])
    match [word.lower() for word in words if word != "localhost"]:
        case ["ping"]:
            return said("PONG")
        case ["dbsize"]:
            return said("4211")
        case ["--scan", *_] | []:
            return said("")
    return said(f"ERR unknown command '{words[0]}', with args beginning with: ")


def pg_isready(call: Call) -> Answer:
    """`pg_isready [-h HOST] [-p PORT]`."""
    unit = call.place.units.get("postgresql.service") or call.place.units.get("tables-forward.service")
    where = "localhost:5432" if "-h" in call.arguments else "/var/run/postgresql:5432"
    if unit is None or not unit.active:
        return Answer(2, f"{where} - no response\n".encode())
    return said(f"{where} - accepting connections")


def curl(call: Call) -> Answer:
    """`curl [-f] [-s] [-S] [-m SECONDS] [-o FILE] [-w FORMAT] URL`, to a port of its own place."""
    options, url = _options(call.arguments)
    if not url:
        return failed(2, "curl: try 'curl --help' or 'curl --manual' for more information")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    limit = float(options.get("-m", "0") or 0)
    if reach(call.place, port) == "DROP":
        words = f"curl: (28) Connection timed out after {int(limit * 1000)} milliseconds"
        return Answer(28, b"", f"{words}\n".encode(), takes=limit or FOREVER)
    found = next((one for one in ENDPOINTS.get(call.place.name, ()) if one.port == port), None)
    unit = call.place.units.get(found.unit) if found else None
    stray = port in call.place.strays
    if found is None or unit is None or (not _serves(call, unit) and not stray):
        words = f"Failed to connect to {parts.hostname} port {port} after 0 ms: Could not connect to server"
        return failed(7, f"curl: (7) {words}")
    status, body = _page(found, unit, parts.path or "/")
    if port == caddy.ADMIN and status == 200:
        body = (caddy.running(call.place) or b"null\n").decode()
    if status >= 400 and "-f" in options:
        return failed(22, f"curl: (22) The requested URL returned error: {status}")
    shown = "" if "-o" in options else body
    shown += options.get("-w", "").replace("%{http_code}", str(status)).replace("\\n", "\n")
    return Answer(0, shown.encode())


def _serves(call: Call, unit: Unit) -> bool:
    """Whether its port answers: up for long enough, and not ending again and again."""
    return unit.active and not unit.flaps and unit.ready <= call.state.clock.now()


def will_answer(place: Place, url: str) -> tuple[int, float] | None:
    """Status of `url` inside, and since when it answers or will; None where nothing is going to."""
    parts = urlsplit(url)
    found = next((one for one in ENDPOINTS.get(place.name, ()) if one.port == parts.port), None)
    unit = place.units.get(found.unit) if found else None
    if found is None or unit is None or not unit.active or unit.flaps or reach(place, found.port) != "ACCEPT":
        return None
    return _page(found, unit, parts.path)[0], unit.ready


def _page(endpoint: Endpoint, unit: Unit, path: str) -> tuple[int, str]:
    if path not in endpoint.paths:
        return 404, "not found\n"
    if unit.name == "system.service":
        state = "ok" if unit.cache_reached else "degraded"
        facts = {"status": state, "service": "botserver", "version": VERSION, "commit": release.commit(unit)}
        return (200 if unit.cache_reached else 503), json.dumps(facts)
    return 200, json.dumps({"status": "ok", "service": unit.name.removesuffix(".service")})


def _options(words: tuple[str, ...]) -> tuple[dict[str, str], str]:
    options, url, rest = dict[str, str](), "", list(words)
    long = {"--max-time": "-m", "--fail": "-f", "--output": "-o", "--write-out": "-w"}
    while rest:
        word = long.get(rest[0], rest[0])
        rest.pop(0)
        bundle = re.fullmatch(r"-([A-Za-z]+)", word)
        if bundle is None:
            url = word
            continue
        for letter in bundle[1]:
            valued = letter in "mowHX" and rest
            options[f"-{letter}"] = rest.pop(0) if valued else ""
    return options, url
