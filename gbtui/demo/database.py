"""botserver's database and the keys in its cache on the simulated host, as far as runbooks ask for them."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Place
from gbtui.text import text

LOG = "/opt/gbo/logs/error.log"
BOTS = {
    "announcer": "0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001",
    "support": "0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0002",
}
USERS = ("0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99",)


def psql(call: Call) -> Answer:
    """`psql … -v NAME=VALUE` with one SELECT as its input: an id by a bot's name, or whose an id is."""
    unit = call.place.units.get("tables-forward.service")
    if unit is None or not unit.active:
        return failed(2, 'psql: error: connection to server at "localhost", port 5432 failed: refused')
    words = call.arguments
    pairs = (words[at + 1].split("=", 1) for at, word in enumerate(words[:-1]) if word == "-v")
    given = {pair[0]: pair[-1] for pair in pairs}
    asked = text(call.stdin)
    if ":'name'" in asked:
        return said(BOTS.get(given.get("name", ""), ""))
    if ":'id'" in asked:
        id_ = given.get("id", "")
        rows = [f"bot {name}" for name, own in BOTS.items() if own == id_]
        return said("\n".join([*rows, *(["user"] if id_ in USERS else [])]))
    return failed(1, "ERROR:  this query is not simulated")


def keys(place: Place) -> list[str]:
    """The keys that botserver's log says it has stored, in the cache ever since."""
    log = place.files.get(LOG)
    found = re.findall(r"Redis key: (suggestions:\S+)", text(log.data) if log else "")
    return sorted(set(found))


def scan(place: Place, pattern: str) -> Answer:
    """`valkey-cli --scan --pattern PATTERN`."""
    return said("\n".join(key for key in keys(place) if fnmatch(key, pattern)))


def kind(place: Place, key: str) -> Answer:
    """`valkey-cli type KEY`: a set since 2026-04, a list before."""
    return said("set" if key in keys(place) else "none")
