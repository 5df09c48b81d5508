"""Units that exist as files on the simulated host: enabled, disabled, and what a oneshot one runs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Place, Unit
from gbtui.demo.unit_files import FOLDER, values


@dataclass(slots=True)
class FileUnit(Unit):
    """A unit that came with its file, and goes when it is disabled and stopped."""


def is_file(place: Place, name: str) -> bool:
    """Whether somebody has put a unit file of that name there."""
    return f"{FOLDER}/{name}" in place.files


def state(place: Place, name: str) -> str:
    """UnitFileState of a unit with a file: enabled, disabled, or static where nothing wants it."""
    if any(link in place.files for link in _links(place, name)):
        return "enabled"
    return "disabled" if _links(place, name) else "static"


def switch(call: Call, verb: str, names: list[str], *, now: bool) -> Answer:
    """`systemctl enable|disable [--now] UNIT…`, which also has systemd read the files again."""
    if not call.root:
        return failed(1, f"Failed to {verb} unit: Interactive authentication required.")
    place, lines = call.place, list[str]()
    for name in names:
        if not is_file(place, name) and name not in place.units:
            return failed(1, f"Failed to {verb} unit: Unit file {name} does not exist.")
        for link in _links(place, name):
            if verb == "enable" and link not in place.files:
                place.files[link] = File(place.files[f"{FOLDER}/{name}"].data, 0o777)
                lines.append(f"Created symlink '{link}' → '{FOLDER}/{name}'.")
            if verb == "disable" and place.files.pop(link, None) is not None:
                lines.append(f"Removed '{link}'.")
        if now:
            _turn(call, name, verb)
    return Answer(0, stderr="".join(f"{line}\n" for line in lines).encode())


def run(call: Call, name: str) -> Answer:
    """Start a unit with a file: a oneshot one runs to its end and is inactive again."""
    words = values(call.place, name, "ExecStart")
    if values(call.place, name, "Type") != ["oneshot"] or not words:
        _turn(call, name, "enable")
        return said()
    done = said()
    for line in words:
        if call.state.execute is not None:
            done = call.state.execute(replace(call, argv=tuple(shlex.split(line))))
        if done.status:
            return failed(1, f"Job for {name} failed because the control process exited with error code.")
    if "yes" in values(call.place, name, "RemainAfterExit"):
        _turn(call, name, "enable")
    return said(takes=done.takes)


def _turn(call: Call, name: str, verb: str) -> None:
    unit = call.place.units.get(name)
    if verb == "disable" and isinstance(unit, FileUnit):
        del call.place.units[name]
    elif verb == "disable" and unit is not None:
        unit.active = False
    elif unit is None:
        call.place.units[name] = FileUnit(name, since=call.state.clock.now())
    else:
        unit.active = True


def _links(place: Place, name: str) -> list[str]:
    targets = [target for line in values(place, name, "WantedBy") for target in line.split()]
    return [f"{FOLDER}/{target}.wants/{name}" for target in targets]
