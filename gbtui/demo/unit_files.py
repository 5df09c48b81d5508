"""Unit files and drop-ins on the simulated host: what a unit's next start gets."""

from __future__ import annotations

import shlex
from hashlib import sha256

from gbtui.demo.state import Place, Unit
from gbtui.text import text

FOLDER = "/etc/systemd/system"


def drop_ins(place: Place, name: str) -> list[str]:
    """Paths of a unit's drop-ins, in the order in which they count."""
    folder = f"{FOLDER}/{name}.d/"
    return sorted(path for path in place.files if path.startswith(folder) and path.endswith(".conf"))


def values(place: Place, name: str, key: str) -> list[str]:
    """All of a key's values in the unit's file and its drop-ins; an empty one forgets those before."""
    found: list[str] = []
    for path in (f"{FOLDER}/{name}", *drop_ins(place, name)):
        file = place.files.get(path)
        for line in text(file.data).splitlines() if file else []:
            given, sep, value = line.partition("=")
            if given.strip() == key and sep:
                found = [*found, value.strip()] if value.strip() else []
    return found


def reload(place: Place) -> None:
    """`systemctl daemon-reload`: units know their files as they are now."""
    for unit in place.units.values():
        words = [word for value in values(place, unit.name, "Environment") for word in shlex.split(value)]
        unit.configured = dict(word.split("=", 1) for word in words if "=" in word)


def pid(unit: Unit) -> int:
    """The main process of a unit that runs: another one after every start."""
    return 400 + 3 * len(unit.name) + 97 * unit.starts


def restarts(unit: Unit, now: float) -> int:
    """How often systemd has restarted it by itself since somebody started it."""
    return unit.restarts + (int((now - unit.since) / 2.1) if unit.flaps else 0)


def invocation(unit: Unit, now: float) -> str:
    """systemd's id of this start."""
    if not unit.active and not unit.since:
        return ""
    return sha256(f"{unit.name}/{unit.starts}/{restarts(unit, now)}".encode()).hexdigest()[:32]
